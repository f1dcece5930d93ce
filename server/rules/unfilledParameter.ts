// A model is filled by a `load_weights` that is not strict, or by `update`, and a parameter gets nothing: it keeps the random
// numbers that its layer was made with, and nothing raises (mlx/nn/layers/base.py, MLX 0.32.4). A program may mean that, as
// for a head that is to be trained; so it is said only where its like is filled, by the number of another layer or in the
// same layer, where no file holds its name, and where all files of the checkpoint were loaded.

import type { Run } from '../interp/index'
import type { ModuleLoad } from '../interp/arrays/parameters'
import { placeKey } from '../interp/run/machine'
import type { Source } from '../interp/values/value'
import { groupBy } from '../util/groupBy'
import { defineRule, type Facts } from './rule'
import { becauseTensor, count, foldNames, rangeOf } from './show'

export const unfilledParameter = defineRule({
  id: 'unfilled-parameter',
  severity: 'warning',
  title: 'A parameter keeps the numbers that it was made with',
  *check({ runs, models }) {
    const found = runs
      .filter(run => run.bound === undefined || run.met.has(run.bound) || !run.askedBound)
      .flatMap(run =>
        [...groupBy(run.moduleLoads, load => load.model).values()].map(loads => ({
          last: loads[loads.length - 1] as ModuleLoad,
          left: unfilled(run, loads, models),
        })),
      )
    for (const group of groupBy(found, ({ last }) => placeKey(last.call)).values()) {
      const [first] = group
      // Several checkpoints may be meant: what is said must hold for each.
      if (!first || group.some(({ left }) => left.length === 0)) continue
      const { last, left } = first
      const names = left.map(({ name }) => name)
      const { source } = left[0] ?? {}
      yield {
        path: last.call.program.path,
        range: rangeOf(last.call),
        message: `the model is given nothing for ${count(names.length, 'parameter')}, ${foldNames(names)}, though it is for their like; nothing raises, and they keep the numbers that their layers were made with`,
        tensors: [],
        because: source ? [becauseTensor(source, `${source.tensor.name} is there for its like`)] : [],
      }
    }
  },
})

interface Unfilled {
  readonly name: string
  /** What its like is filled with. */
  readonly source: Source
}

/** Layers whose parameters begin as random numbers, but for the biases of convolutions; those of norms begin as ones and zeros. */
const random = /^(Quantized)?(Linear|Embedding)$|^Conv/
const layers = /^(Quantized)?(Linear|Embedding)$|^Conv|Norm$/

/** A name without the numbers of layers. */
const patternOf = (name: string): string => name.replace(/\.\d+(?=\.)/g, '.#')

function unfilled(run: Run, loads: readonly ModuleLoad[], models: Facts['models']): readonly Unfilled[] {
  const [first] = loads
  if (!first || loads.some(load => load.strict !== false || load.uncertain || !load.given)) return []
  if (first.call.program.language !== 'python' || first.parameters.open) return []
  const given = new Map<string, Source | undefined>()
  for (const load of loads)
    for (const [name, value] of load.given ?? [])
      given.set(name, value.kind === 'array' ? value.variants[0]?.stored?.sources[0] : undefined)
  const loaded = new Set(run.loads.map(load => load.shard))
  const sources = [...given.values()].flatMap(source => source ?? [])
  if (sources.some(({ model }) => model.shards.some(shard => !loaded.has(shard)))) return []
  const like = new Map([...given].map(([name, source]) => [patternOf(name), source]))
  return first.layers().flatMap(({ path, layer, name: kind, parameters }) => {
    if (!layers.test(kind)) return []
    return parameters.flatMap(one => {
      const name = `${path}.${one}`
      const pattern = patternOf(name)
      const sibling = parameters.find(other => given.has(`${path}.${other}`))
      const isRandom = random.test(kind) && !(kind.startsWith('Conv') && one === 'bias')
      const isLike = pattern !== name && like.has(pattern)
      // A constant is what the constructor was told of it.
      const held = layer.attributes.get(one)
      const isFilled = given.has(name) || (held !== undefined && held.kind !== 'const')
      if (isFilled || !(isLike || (isRandom && sibling !== undefined))) return []
      // What the program makes itself, such as numbers to begin a training with, says nothing of a checkpoint.
      const source = isLike ? like.get(pattern) : given.get(`${path}.${sibling}`)
      if (models.some(model => model.shards.some(shard => shard.tensors.find(name)))) return []
      return source ? [{ name, source }] : []
    })
  })
}
