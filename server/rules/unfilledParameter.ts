// A model is filled by a `load_weights` that is not strict, or by `update`, and a parameter gets nothing: it keeps the random
// numbers that its layer was made with, and nothing raises (mlx/nn/layers/base.py, MLX 0.32.4). A program may mean that, as
// for a head that is to be trained; so it is said only where its like is filled, by the number of another layer or in the
// same layer, where no file holds its name, and where all files of the checkpoint were loaded. A load of which no name is a
// parameter of the model fills nothing at all.

import type { Run } from '../interp/index'
import type { ModuleLoad } from '../interp/arrays/parameters'
import { placeKey } from '../interp/run/machine'
import type { Source } from '../interp/values/value'
import { groupBy } from '../util/groupBy'
import { defineRule, type Draft, type Facts } from './rule'
import { becauseTensor, count, foldNames, rangeOf } from './show'

export const unfilledParameter = defineRule({
  id: 'unfilled-parameter',
  severity: 'warning',
  title: 'A parameter keeps the numbers that it was made with',
  *check({ runs, models }) {
    const found = runs
      .filter(run => run.bound === undefined || run.met.has(run.bound) || !run.askedBound)
      .flatMap(run => {
        // One function may fill several models, each of which is told from the others by its turn.
        const turns = new Map<string, number>()
        return [...groupBy(run.moduleLoads, load => load.model).values()].map(loads => {
          const last = loads[loads.length - 1] as ModuleLoad
          const place = placeKey(last.call)
          const turn = turns.get(place) ?? 0
          turns.set(place, turn + 1)
          return { last, key: `${place} ${turn}`, left: unfilled(run, loads, models), lost: loads.flatMap(lostIn) }
        })
      })
    for (const group of groupBy(found, ({ key }) => key).values()) {
      const [first] = group
      if (!first) continue
      const { last, left, lost } = first
      const [nothing] = lost
      if (nothing && group.every(one => one.lost.length > 0)) yield lostDraft(nothing)
      // Several checkpoints may be meant: what is said must hold for each.
      if (group.some(one => one.left.length === 0)) continue
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

interface Lost {
  readonly load: ModuleLoad
  readonly given: ReadonlyMap<string, Source>
}

/** A load that is not strict, and no name of which the model has. */
function lostIn(load: ModuleLoad): readonly Lost[] {
  const { given, parameters, strict, uncertain, call } = load
  if (!given || given.size === 0 || strict !== false || uncertain || parameters.open) return []
  if (call.program.language !== 'python') return []
  const stored = new Map<string, Source>()
  for (const [name, value] of given) {
    const source = value.kind === 'array' ? value.variants[0]?.stored?.sources[0] : undefined
    if (!source || parameters.shapes.has(name)) return []
    stored.set(name, source)
  }
  return [{ load, given: stored }]
}

function lostDraft({ load, given }: Lost): Draft {
  const names = [...given.keys()]
  const [source] = given.values()
  const [wanted] = load.parameters.shapes.keys()
  const has = wanted === undefined ? 'it has none' : `its parameters are called ${wanted} and the like`
  return {
    path: load.call.program.path,
    range: rangeOf(load.call),
    message: `none of the ${count(names.length, 'tensor')} given is a parameter of the model, ${foldNames(names)}; ${has}; nothing raises, and it keeps the numbers that it was made with`,
    tensors: [...given.values()].map(({ tensor }) => tensor.name),
    because: source ? [becauseTensor(source, `${source.tensor.name} is given and left out`)] : [],
  }
}

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
