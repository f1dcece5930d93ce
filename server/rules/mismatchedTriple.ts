// Weight and scales that cannot be one MLX weight in any orientation: tensors of different modules, or a weight that is
// not packed at all. Said at the call that gets them; of a model that says it is MLX's and that no program was seen to load,
// at its shard. Tensors of another format that can be named are left to foreignFormat.ts.

import type { Model } from '../checkpoint/facts'
import type { Delivery } from '../interp/deliveries'
import { quantizationBlocks } from '../quant/config'
import { isForeign } from '../quant/formats/format'
import { formatsOfModule } from '../quant/formats/formatsOf'
import { inOrder, quantizedKinds } from '../quant/quantizedModules'
import { judgeTriple, type Verdict } from '../quant/triple'
import { groupBy } from '../util/groupBy'
import { columnSlice } from './columnSlice'
import { sitesWhere } from './delivered'
import { foreignFormat, isPacked } from './foreign'
import { modelsNothingLoads } from './players'
import { defineRule, type Draft, type Facts } from './rule'
import { count, fileStart, foldNames, rangeOf, showTensor } from './show'
import { swapFix } from './swapFix'
import { because, tensorNames } from './transposedTriple'

export const mismatchedTriple = defineRule({
  id: 'mismatched-triple',
  severity: 'error',
  title: 'Weight and scales are not one MLX weight',
  *check(facts) {
    yield* stored(facts)
    for (const { place, deliveries: group } of sitesWhere(facts, isMisfit)) {
      const first = group[0]
      if (!first) continue
      const why = !isPacked(first)
        ? `MLX wants a weight of U32 words`
        : first.verdict.kind === 'misfit'
          ? `MLX cannot take them as one weight: ${first.verdict.why}`
          : ''
      yield {
        path: place.program.path,
        range: rangeOf(place),
        message: `weight is ${showTensor(first.weight)} and scales ${showTensor(first.scales)}; ${why}; ${count(new Set(group.map(d => d.module)).size, 'module')}, ${foldNames(group.map(d => d.module))}`,
        tensors: [...new Set(group.flatMap(tensorNames))],
        because: because(group),
        fixes: group.every(isExchanged) ? swapFix(first.handles.weight, first.handles.scales, 'weight and scales') : [],
      }
    }
  },
})

const isMisfit = (d: Delivery): boolean =>
  (d.verdict.kind === 'misfit' || !isPacked(d)) && !foreignFormat(d) && !columnSlice(d) && !isTakenAnyway(d)

/** A product without biases looks at the last two axes only (MLX 0.32.4, measured); whoever decodes is refused. */
function isTakenAnyway({ sink, weight, scales, biases }: Delivery): boolean {
  if (sink.op !== 'quantized_matmul' || biases || weight.shape.length === scales.shape.length) return false
  const [w, s] = [weight, scales].map(({ shape }) => shape.slice(-2))
  return (
    w !== undefined &&
    s !== undefined &&
    judgeTriple({ weight: w, scales: s, biases: undefined, float: true }).kind === 'fits'
  )
}

/** Weight and scales of one module in each other's place, told by their names. */
const isExchanged = ({ module, weight, scales }: Delivery): boolean =>
  weight.tensor.name === `${module}.scales` && scales.tensor.name === `${module}.weight`

/** In models that no program was seen to load; where one might, because a load was not followed, nothing is said. */
function* stored(facts: Facts): Iterable<Draft> {
  for (const model of modelsNothingLoads(facts)) {
    const claims = isMlxQuantized(model)
    const reasons = new Map(
      quantizedKinds(model).flatMap(kind => {
        const why = whyNot(kind.verdict)
        return why === undefined ? [] : kind.modules().map(module => [module, why] as const)
      }),
    )
    const wrong = inOrder(model, [...reasons.keys()]).flatMap(module => {
      const why = reasons.get(module)
      const isMlx = claims || module.weight.shard.metadata.get('format') === 'mlx'
      return why !== undefined && isMlx ? [{ module, why }] : []
    })
    const own = wrong.filter(
      ({ module }) => !formatsOfModule(model, module.path).some(f => isForeign(f.recognition.format)),
    )
    for (const [shard, group] of groupBy(own, ({ module }) => module.weight.shard)) {
      const first = group[0]
      if (!first) continue
      const { weight, scales } = first.module
      yield {
        path: shard.path,
        range: fileStart,
        message: `${weight.tensor.name} is ${showTensor(weight.tensor)} with scales ${showTensor(scales.tensor)}; MLX cannot take them as one weight: ${first.why}; ${count(group.length, 'module')}, ${foldNames(group.map(({ module }) => module.path))}; mlx-lm refuses them`,
        tensors: group.flatMap(({ module }) =>
          [module.weight, module.scales, module.biases].flatMap(t => (t ? [t.tensor.name] : [])),
        ),
      }
    }
  }
}

const isMlxQuantized = (model: Model) =>
  model.configs.some(file => quantizationBlocks(file).some(({ key }) => key === 'quantization'))

/** Why the three are no weight of MLX's; a weight that is only turned is for storedTransposed.ts. */
function whyNot(verdict: Verdict): string | undefined {
  switch (verdict.kind) {
    case 'fits':
      return undefined
    case 'misfit':
      return verdict.why
    case 'sliced':
      // Turned and sliced at once is no likely story.
      if (verdict.turned) return 'no bits and group size of MLX fit, in either orientation'
      return `the weight has ${verdict.weightRows} rows and the scales ${verdict.scalesRows}: one was sliced without the other`
    case 'turned':
      return verdict.turned.weight ? undefined : 'the weight lies as it should, what belongs to it is transposed'
  }
}
