// A weight that is packed already is quantized once more: MLX refuses, since only floats can be quantized; MLX for Node
// packs the packed words, silently (`@frost-beta/mlx` 0.0.7).

import { placeKey } from '../interp/machine'
import { groupBy } from '../util/groupBy'
import { defineRule } from './rule'
import { becauseTensor, count, foldNames, rangeOf, showTensor } from './show'

export const packedQuantizedAgain = defineRule({
  id: 'packed-quantized-again',
  severity: 'error',
  title: 'A packed weight is quantized again',
  *check({ runs }) {
    const packed = runs.flatMap(run =>
      run.quantizations.flatMap(q =>
        q.array.variants.flatMap(v => (v.dtype === 'U32' && v.stored ? [{ call: q.call, stored: v.stored }] : [])),
      ),
    )
    for (const group of groupBy(packed, p => placeKey(p.call)).values()) {
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
        message: `${first.stored.tensor.name} is ${showTensor(first.stored.tensor)}, packed already; quantize wants a float weight, and ${silently}; ${count(names.length, 'tensor')}, ${foldNames(names)}`,
        tensors: names,
        because: [
          becauseTensor(first.stored, `${first.stored.tensor.name} is stored ${showTensor(first.stored.tensor)}`),
        ],
      }
    }
  },
})
