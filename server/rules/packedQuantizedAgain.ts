// A weight that is packed already is quantized once more: MLX refuses, since only floats can be quantized; MLX for Node
// packs the packed words, silently (`@frost-beta/mlx` 0.0.7). The same holds for the codes of another format.

import type { Model } from '../checkpoint/facts'
import { splitName } from '../checkpoint/modules'
import { placeKey } from '../interp/run/machine'
import type { Place } from '../interp/values/value'
import { isForeign, showRecognition } from '../quant/formats/format'
import { formatOfTensor } from '../quant/formats/formatsOf'
import type { StoredTensor } from '../quant/quantizedModules'
import { groupBy } from '../util/groupBy'
import { defineRule, type Facts } from './rule'
import { becauseTensor, count, foldNames, rangeOf, showTensor } from './show'

export const packedQuantizedAgain = defineRule({
  id: 'packed-quantized-again',
  severity: 'error',
  title: 'A packed weight is quantized again',
  *check(facts) {
    for (const group of groupBy(packedAgain(facts), p => placeKey(p.call)).values()) {
      const first = group[0]
      if (!first) continue
      const names = [...new Set(group.map(p => p.stored.tensor.name))]
      const silently =
        first.call.program.language === 'python'
          ? 'MLX refuses it'
          : 'MLX for Node packs the packed words again, without an error'
      yield {
        path: first.call.program.path,
        range: rangeOf(first.call),
        message: `${first.stored.tensor.name} is ${showTensor(first.stored.tensor)}, packed already${first.format}; quantize wants a float weight, and ${silently}; ${count(names.length, 'tensor')}, ${foldNames(names)}`,
        tensors: names,
        because: [
          becauseTensor(first.stored, `${first.stored.tensor.name} is stored ${showTensor(first.stored.tensor)}`),
        ],
      }
    }
  },
})

interface PackedAgain {
  readonly call: Place
  readonly stored: StoredTensor
  /** Words for the format that the codes are of. */
  readonly format: string
}

/** Every packed tensor that arrives at a `quantize`, with the call. */
export const packedAgain = ({ models, runs }: Facts): readonly PackedAgain[] =>
  runs.flatMap(run =>
    run.quantizations.flatMap(q =>
      q.array.variants.flatMap(v =>
        (v.stored?.sources ?? []).flatMap(stored => {
          const format = v.dtype === stored.tensor.dtype ? codesOf(models, stored) : undefined
          return format !== undefined ? [{ call: q.call, stored, format }] : []
        }),
      ),
    ),
  )

/** Whether a tensor holds codes: MLX's, or those of a format that is then named; undefined where it does not. */
function codesOf(models: readonly Model[], { shard, tensor }: StoredTensor): string | undefined {
  if (tensor.dtype === 'U32') return ''
  if (/^(F16|BF16|F32|F64)$/.test(tensor.dtype)) return undefined
  const model = models.find(each => each.shards.includes(shard))
  const found = model && formatOfTensor(model, shard, tensor.name)
  return found && isForeign(found.format) && splitName(tensor.name).parameter === found.main
    ? ` as ${showRecognition(found)}`
    : undefined
}
