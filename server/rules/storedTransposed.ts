// Quantized tensors stored transposed in a checkpoint that no program of the workspace was seen to load: MLX's own
// loaders take them as they are and refuse. Where a program loads them, its call sites are judged instead; where one
// might, because a load was not followed, nothing is said.

import type { Model } from '../checkpoint/facts'
import { showPairs } from '../quant/affine'
import { inOrder, quantizedKinds, type QuantizedModule, verdictOf } from '../quant/quantizedModules'
import { turn, type Verdict } from '../quant/triple'
import { groupBy } from '../util/groupBy'
import { modelsNothingLoads } from './players'
import { defineRule } from './rule'
import { count, fileStart, foldNames, showShape, showTensor } from './show'

type TurnedModule = { readonly module: QuantizedModule; readonly verdict: Verdict & { readonly kind: 'turned' } }

export const storedTransposed = defineRule({
  id: 'stored-transposed',
  severity: 'error',
  title: 'Quantized tensors are stored transposed',
  *check(facts) {
    for (const model of modelsNothingLoads(facts)) {
      const shards = groupBy(turnedModules(model), t => t.module.weight.shard)
      for (const [shard, group] of shards) {
        const first = group[0]
        if (!first) continue
        const { weight, scales } = first.module
        yield {
          path: shard.path,
          range: fileStart,
          message:
            `${weight.tensor.name} is ${showTensor(weight.tensor)} with scales ${showTensor(scales.tensor)}; MLX wants ${showShape(turn(weight.tensor.shape))} with ${showShape(turn(scales.tensor.shape))} (${showPairs(first.verdict.pairs)}); ` +
            `${count(group.length, 'module')} stored transposed, ${foldNames(group.map(g => g.module.path))}; mlx-lm refuses them: the script that wrote the shard transposed packed tensors`,
          tensors: group.flatMap(({ module }) =>
            [module.weight, module.scales, module.biases].flatMap(t => (t ? [t.tensor.name] : [])),
          ),
        }
      }
    }
  },
})

function turnedModules(model: Model): TurnedModule[] {
  const kinds = quantizedKinds(model).filter(({ verdict }) => verdict.kind === 'turned')
  const modules = inOrder(
    model,
    kinds.flatMap(kind => kind.modules()),
  )
  return modules.flatMap(module => {
    const verdict = verdictOf(module)
    return verdict.kind === 'turned' && verdict.turned.weight ? [{ module, verdict }] : []
  })
}
