// Modules that every layer of a model has, and that are not stored: dropped by a script, or under another name. Told from the
// type of the model, for checkpoints that hold nearly all of it and that nothing in the workspace loads; one that holds less
// is a part of a model, a draft or an adapter.

import type { JsonFile, Model } from '../checkpoint/facts'
import { moduleKinds } from '../checkpoint/moduleKinds'
import { type Anatomy, anatomyOf } from '../quant/anatomy'
import { familyOf, languageModelOf } from '../quant/families'
import { layerParts } from '../quant/layerParts'
import { isLanguageModel } from '../quant/modelClass'
import { otherTypeOf } from '../quant/otherTypes'
import { lacksOf } from '../quant/unevenLayers'
import { groupBy } from '../util/groupBy'
import { isComplete } from './configHarm'
import { indexed, isStale } from './indexPlaces'
import { modelsToBuild } from './players'
import { defineRule, type Draft } from './rule'
import { count, fileStart, foldNames } from './show'

export const missingParameter = defineRule({
  id: 'missing-parameter',
  severity: 'error',
  title: 'A module that every layer of the model has is not stored',
  *check(facts) {
    for (const { model, file } of modelsToBuild(facts)) {
      const [shard] = model.shards
      if (!shard || !isComplete(model) || lacksFiles(model)) continue
      yield* unknown(model, file, shard.path)
      if (!isLanguageModel(file)) continue
      // Layers of another type are told as such.
      if (otherTypeOf(model, file)) continue
      const known = languageModelOf(file)
      const parts = known && layerParts(known.name)
      const anatomy = parts && anatomyOf(model)
      // Without a prefix it is the inside of a model, or a draft that is made to run beside one.
      if (!parts || !anatomy?.prefix) continue
      const uneven = unevenBiases(model, anatomy, parts)
      if (uneven.length > 0)
        yield {
          path: shard.path,
          range: fileStart,
          message: `${foldNames(uneven)} ${uneven.length === 1 ? 'is' : 'are'} stored, and not for the same module of the other layers (${count(anatomy.layers.size, 'layer')}); a ${known.type} has the bias in all layers or in none, so mlx-lm stops with "Missing parameters" or with "Received parameters not in model"`,
          tensors: uneven,
        }
      const lacking = missing(model, anatomy, parts)
      if (lacking.length === 0) continue
      yield {
        path: shard.path,
        range: fileStart,
        message: `${foldNames(lacking)} ${lacking.length === 1 ? 'is' : 'are'} not stored, though every layer of a ${known.type} has ${lacking.length === 1 ? 'it' : 'them'}${otherNames(model, anatomy, parts)}; ${count(lacking.length, 'module')}; mlx-lm stops with "Missing parameters", transformers fills ${lacking.length === 1 ? 'it' : 'them'} at random`,
        tensors: [],
      }
    }
  },
})

/** What one layer of a model of another type lacks. A type whose layers are counted is told of them by its config. */
function* unknown(model: Model, file: JsonFile, path: string): Iterable<Draft> {
  const known = languageModelOf(file)
  if (known && layerParts(known.name)) return
  for (const { name, isLayer, layers } of lacksOf(model, file))
    if (!isLayer || !familyOf(file))
      yield {
        path,
        range: fileStart,
        severity: 'warning',
        message: isLayer
          ? `no tensor of ${name} is stored, though config.json counts it and the other layers are there (${layers} of ${layers + 1}); a strict load stops, transformers fills it at random`
          : `${name} is not stored, though the other layers have it and the layers are alike in all else (${layers} of ${layers + 1}); a strict load stops, transformers fills it at random`,
        tensors: [],
      }
}

/** Files that the index names are for another rule. */
const lacksFiles = (model: Model): boolean => indexed([model]).some(({ fit }) => isStale(fit) || fit.absent.length > 0)

/** At least so much of what a model has must be there for the rest to be missed. */
const share = 0.75

function missing(model: Model, { prefix, layers, embedding }: Anatomy, parts: readonly string[]): readonly string[] {
  const counts = countsOf(model)
  const start = `${prefix}layers.`
  // Layers that predict further tokens stand behind the last, and are counted with them.
  const odd = parts.filter(part => (counts.get(`${start}#.${part}`) ?? 0) < layers.size)
  const top = embedding
    ? [`${prefix}norm`].filter(path => !counts.has(path))
    : [`${prefix}embed_tokens`, `${prefix}norm`].filter(path => !counts.has(path))
  if (odd.length === 0 && top.length === 0) return []
  const stored = new Set<string>()
  const patterns = new Set(odd.map(part => `${start}#.${part}`))
  for (const kind of moduleKinds(model))
    if (patterns.has(kind.pattern) && isStored(kind.members)) for (const path of kind.paths()) stored.add(path)
  const lacking = [
    ...top,
    ...[...layers.keys()]
      .flatMap(number => odd.map(part => `${start}${number}.${part}`))
      .filter(path => !stored.has(path)),
  ]
  return lacking.length <= (1 - share) * (layers.size * parts.length + 2) ? lacking : []
}

/** Biases that some layers have and others lack: a flag of the config gives them to all or to none. */
function unevenBiases(model: Model, { prefix, layers }: Anatomy, parts: readonly string[]): readonly string[] {
  const start = `${prefix}layers.#.`
  const biased = moduleKinds(model).filter(
    ({ pattern, members }) =>
      members.has('bias') && pattern.startsWith(start) && parts.includes(pattern.slice(start.length)),
  )
  return [...groupBy(biased, ({ pattern }) => pattern).values()].flatMap(kinds => {
    const many = kinds.reduce((n, kind) => n + kind.count, 0)
    return many < layers.size ? kinds.flatMap(kind => [...kind.paths()]).map(path => `${path}.bias`) : []
  })
}

/** How many modules there are of each pattern. */
function countsOf(model: Model): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { pattern, members, count } of moduleKinds(model))
    if (isStored(members)) counts.set(pattern, (counts.get(pattern) ?? 0) + count)
  return counts
}

/** Whether a module is there: what is left beside a weight does not make one. */
const isStored = (members: ReadonlyMap<string, unknown>): boolean =>
  [...members.keys()].some(parameter => !/^(bias|biases|scales|global_scale)$/.test(parameter))

/** Modules of some layers that the model does not have under their names, beside those that are missed. */
function otherNames(model: Model, { prefix }: Anatomy, parts: readonly string[]): string {
  const start = `${prefix}layers.#.`
  const known = new Set(parts)
  const parents = new Set(
    parts.flatMap(part => (part.includes('.') ? [part.slice(0, part.lastIndexOf('.') + 1)] : [''])),
  )
  const others = moduleKinds(model).flatMap(({ pattern }) => {
    if (!pattern.startsWith(start)) return []
    const below = pattern.slice(start.length)
    const parent = below.slice(0, below.lastIndexOf('.') + 1)
    return parents.has(parent) && !known.has(below) && !/norm|bias|rotary|sinks/.test(below) ? [below] : []
  })
  const names = [...new Set(others)]
  return names.length > 0 && names.length < 4 ? ` (stored are ${names.join(', ')})` : ''
}
