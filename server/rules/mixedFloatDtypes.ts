// Scales in one half-precision dtype beside norms in the other. MLX has no common type for float16 and bfloat16 but float32,
// so every product of the two is computed and kept in float32: right, and slower. Nothing is refused.

import type { Model } from '../checkpoint/facts'
import { anatomyOf } from '../quant/anatomy'
import { inOrder, quantizedKinds, type QuantizedModule } from '../quant/quantizedModules'
import { defineRule, eachModel } from './rule'
import { becauseTensor, count, fileStart, foldNames } from './show'

const other: Readonly<Record<string, string>> = { F16: 'BF16', BF16: 'F16' }

export const mixedFloatDtypes = defineRule({
  id: 'mixed-float-dtypes',
  severity: 'information',
  title: 'Scales and norms are of two half-precision dtypes',
  check: eachModel(function* (model) {
    const norm = normOf(model)
    const wanted = norm && other[norm.tensor.dtype]
    if (!norm || wanted === undefined) return
    const kinds = quantizedKinds(model).filter(({ scales }) => scales.dtype === wanted)
    const odd = inOrder(
      model,
      kinds.flatMap(kind => kind.modules()),
    )
    const [first] = odd
    if (!first) return
    const { shard, tensor } = first.scales
    yield {
      path: shard.path,
      range: fileStart,
      message: `${tensor.name} is ${wanted} and ${norm.tensor.name} ${norm.tensor.dtype}; ${count(odd.length, 'module')}, ${showModules(odd)}; every loader takes them, and MLX computes what mixes float16 and bfloat16 in float32, which is slower`,
      tensors: odd.map(({ scales }) => scales.tensor.name),
      because: [becauseTensor(norm, `${norm.tensor.name} is ${norm.tensor.dtype}`)],
    }
  }),
})

/** Names beyond these are not folded, which would cost more than it tells. */
const showModules = (odd: readonly QuantizedModule[]) => foldNames(odd.slice(0, 500).map(({ path }) => path))

/** The norm that the first layer begins with, else the last norm. */
function normOf(model: Model) {
  const anatomy = anatomyOf(model)
  const [layer] = anatomy?.layers.values() ?? []
  return (layer?.get('input_layernorm') ?? anatomy?.norm)?.stored
}
