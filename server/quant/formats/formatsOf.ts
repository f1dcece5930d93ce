// What a model is stored in: its weights in groups by format, kept for each model. Work is for families of modules
// (families.ts), not for modules, and names are made only when they are asked for.

import type { JsonFile, Model, Shard } from '../../checkpoint/facts'
import { modulesOf, splitName } from '../../checkpoint/modules'
import { folderOf } from '../../checkpoint/paths'
import { familiesOf, joinName, ownerOf, type Family } from './families'
import { isForeign, showRecognition, type Members, type Recognition, type StoredMember } from './format'
import { hintsOf, type Hints } from './hints'
import { recognise } from './index'
import { memberName, weightsOf } from './weightsOf'

/** Weights of one format, with the same bits and grouping. */
export interface FormatGroup {
  /** Of the first weight; undefined for weights that no format claims. */
  readonly recognition: Recognition | undefined
  /** A shard that holds one of them. */
  readonly shard: Shard
  /** Members of the first weight. */
  readonly members: Members
  /** How many weights; a weight that several ranks hold a slice of counts once. */
  readonly count: number
  /** Paths with `#` for numbers, in the order in which they are met. */
  readonly patterns: readonly string[]
  /** Paths of the weights: modules, or `experts.gate_up_proj` where a module has several. Each once. */
  weights(): readonly string[]
  /** Full names of the tensors that hold the codes. */
  tensors(): readonly string[]
  /** One of them. */
  readonly sample: string
}

const kept = new WeakMap<Model, readonly FormatGroup[]>()

/** Every format of a model with its weights, in the order in which they are met; unquantized ones are a group as well. */
export function formatsOf(model: Model): readonly FormatGroup[] {
  let known = kept.get(model)
  if (!known) kept.set(model, (known = build(model)))
  return known
}

/** The groups that MLX cannot take as they are. */
export function foreignGroups(model: Model): readonly (FormatGroup & { readonly recognition: Recognition })[] {
  return formatsOf(model).flatMap(each =>
    each.recognition && isForeign(each.recognition.format) ? [{ ...each, recognition: each.recognition }] : [],
  )
}

/** The config that speaks of a shard: that of its own folder, else the model's. */
export function hintsFor(model: Model, shard: Shard): Hints {
  const folder = folderOf(shard.path)
  const own: JsonFile | undefined = model.configs.find(file => folderOf(file.path) === folder)
  return hintsOf(own ?? model.configs[0], model.quantFile)
}

/** Whose format a stored tensor belongs to, judged with all members of its weight; undefined where none claims it. */
export function formatOfTensor(model: Model, shard: Shard, tensorName: string): Recognition | undefined {
  const { module } = splitName(tensorName)
  for (const path of new Set([ownerOf(module), module])) {
    const parameters = parametersIn(model, shard, path)
    const name = tensorName.slice(path === '' ? 0 : path.length + 1)
    const weight = parameters && weightsOf(parameters).find(({ stem, members }) => members.has(memberName(name, stem)))
    if (!weight) continue
    const found = recognise({ members: weight.members, hints: hintsFor(model, shard), metadata: shard.metadata })
    if (found) return found
  }
  return undefined
}

/** Recognitions of the weights of a module, from the first folder that holds it. */
export function formatsOfModule(model: Model, module: string): readonly { stem: string; recognition: Recognition }[] {
  const shard = modulesOf(model).get(module)?.[0]?.shard
  const parameters = shard && parametersIn(model, shard, module)
  if (!parameters) return []
  return weightsOf(parameters).flatMap(({ stem, members }) => {
    const recognition = recognise({ members, hints: hintsFor(model, shard), metadata: shard.metadata })
    return recognition ? [{ stem, recognition }] : []
  })
}

/** Parameters of a module in the folder of a shard; a later tensor of the same name counts. */
function parametersIn(model: Model, shard: Shard, module: string): Members | undefined {
  const folder = folderOf(shard.path)
  const modules = modulesOf(model)
  const membersIn = (path: string) => (modules.get(path) ?? []).filter(each => folderOf(each.shard.path) === folder)
  const parameters = new Map<string, StoredMember>()
  const add = (path: string, prefix: string): void => {
    for (const { parameter, shard: home, index } of membersIn(path))
      parameters.set(`${prefix}${parameter}`, home.tensors.familyAt(index))
  }
  add(module, '')
  if (parameters.has('indices'))
    for (const table of ['centroids', 'res_centroids', 'outlier_centroids']) add(`${module}.${table}`, `${table}.`)
  return parameters.size > 0 ? parameters : undefined
}

/** Modules that are alike, and which of their weights is meant. */
interface Part {
  readonly family: Family
  readonly stem: string
  /** The parameter that holds the codes. */
  readonly parameter: string
}

function build(model: Model): readonly FormatGroup[] {
  const groups = new Map<string, Pick<FormatGroup, 'recognition' | 'shard' | 'members'> & { parts: Part[] }>()
  for (const family of familiesOf(model)) {
    const { parameters, shard } = family
    for (const { stem, members } of weightsOf(parameters)) {
      const recognition = recognise({ members, hints: hintsFor(model, shard), metadata: shard.metadata })
      const key = recognition ? showRecognition(recognition) : ''
      const own = [...parameters.keys()].filter(name => members.has(memberName(name, stem)))
      const main = own.find(name => memberName(name, stem) === recognition?.main) ?? own[0] ?? 'weight'
      const part: Part = { family, stem, parameter: main }
      const same = groups.get(key)
      if (same) same.parts.push(part)
      else groups.set(key, { recognition, shard, members, parts: [part] })
    }
  }
  const isSplit = new Set(model.shards.map(shard => folderOf(shard.path))).size > 1
  return [...groups.values()].map(({ parts, ...each }) => groupOf(each, parts, isSplit))
}

function groupOf(
  each: Pick<FormatGroup, 'recognition' | 'shard' | 'members'>,
  parts: readonly Part[],
  isSplit: boolean,
): FormatGroup {
  // A rank holds a slice of every module; its name counts once.
  const once = (names: readonly string[]) => (isSplit ? [...new Set(names)] : names)
  let weights: readonly string[] | undefined
  const getWeights = () =>
    (weights ??= once(
      parts.flatMap(({ family, stem }) =>
        stem === '' ? family.modules() : family.modules().map(module => joinName(module, stem)),
      ),
    ))
  return {
    ...each,
    patterns: [...new Set(parts.map(({ family, stem }) => joinName(family.pattern, stem)))],
    count: isSplit ? getWeights().length : parts.reduce((sum, { family }) => sum + family.count, 0),
    weights: getWeights,
    sample: parts[0]?.family.sample(parts[0].parameter) ?? '',
    tensors: () => once(parts.flatMap(({ family, parameter }) => family.names(parameter))),
  }
}
