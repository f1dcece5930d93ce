// What a model is stored in: its weights in groups by format, kept for each model. Modules that lie in one shard are
// judged by families; only those whose members are spread over several are looked at one by one.

import type { JsonFile, Model, Shard } from '../../checkpoint/facts'
import { modulesOf, modulesOfShard, splitName, type Member } from '../../checkpoint/modules'
import { folderOf } from '../../checkpoint/paths'
import { groupBy } from '../../util/groupBy'
import { familiesOf, parametersOf, withCentroids } from './families'
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
  /** Paths of the weights: modules, or `experts.gate_up_proj` where a module has several. Each once. */
  weights(): readonly string[]
  /** Full names of the tensors that hold the codes. */
  tensors(): readonly string[]
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
  return hintsOf(own ?? model.configs[0])
}

/** Whose format a stored tensor belongs to, judged with all members of its weight; undefined where none claims it. */
export function formatOfTensor(model: Model, shard: Shard, tensorName: string): Recognition | undefined {
  const { module } = splitName(tensorName)
  const own = module.replace(/\.(?:res_|outlier_)?centroids$/, '')
  for (const path of new Set([module, own])) {
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

function parametersIn(model: Model, shard: Shard, module: string): ReadonlyMap<string, StoredMember> | undefined {
  const modules = modulesOf(model)
  const folder = folderOf(shard.path)
  const members = (modules.get(module) ?? []).filter(each => folderOf(each.shard.path) === folder)
  const all = members.length > 0 ? withCentroids(module, members, modules) : undefined
  return all && parametersOf(all)
}

/** Modules that are alike, and which of their weights is meant. */
interface Part {
  readonly modules: readonly string[]
  readonly stem: string
  /** The parameter that holds the codes. */
  readonly parameter: string
}

function build(model: Model): readonly FormatGroup[] {
  const groups = new Map<string, Pick<FormatGroup, 'recognition' | 'shard' | 'members'> & { parts: Part[] }>()
  const add = (parameters: ReadonlyMap<string, StoredMember>, modules: readonly string[], shard: Shard): void => {
    if (modules.length === 0) return
    for (const { stem, members } of weightsOf(parameters)) {
      const recognition = recognise({ members, hints: hintsFor(model, shard), metadata: shard.metadata })
      const key = recognition ? showRecognition(recognition) : ''
      const own = [...parameters.keys()].filter(name => members.has(memberName(name, stem)))
      const main = own.find(name => memberName(name, stem) === recognition?.main) ?? own[0] ?? 'weight'
      const part: Part = { modules, stem, parameter: main }
      const same = groups.get(key)
      if (same) same.parts.push(part)
      else groups.set(key, { recognition, shard, members, parts: [part] })
    }
  }
  const spread = spreadModules(model)
  for (const shard of model.shards)
    for (const { parameters, modules } of familiesOf(shard))
      add(parameters, spread.size === 0 ? modules : modules.filter(module => !spread.has(module)), shard)
  for (const [module, members] of spread)
    for (const own of groupBy(members, each => folderOf(each.shard.path)).values()) {
      const all = withCentroids(module, own, modulesOf(model))
      const first = own[0]
      if (all && first) add(parametersOf(all), [module], first.shard)
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
  const joined = (module: string, name: string) => [module, name].filter(Boolean).join('.')
  const weights = () => once(parts.flatMap(({ modules, stem }) => modules.map(module => joined(module, stem))))
  return {
    ...each,
    count: isSplit ? weights().length : parts.reduce((sum, { modules }) => sum + modules.length, 0),
    weights,
    tensors: () => once(parts.flatMap(({ modules, parameter }) => modules.map(module => joined(module, parameter)))),
  }
}

/** Modules whose members do not all lie in one shard of their folder. */
function spreadModules(model: Model): ReadonlyMap<string, readonly Member[]> {
  const spread = new Map<string, readonly Member[]>()
  const folders = groupBy(model.shards, shard => folderOf(shard.path))
  const modules = modulesOf(model)
  const inShards = model.shards.reduce((sum, shard) => sum + modulesOfShard(shard).size, 0)
  if (folders.size === model.shards.length || inShards === modules.size) return spread
  for (const [module, members] of modules) {
    if (members[0]?.shard === members[members.length - 1]?.shard) continue
    const shards = new Set(members.map(({ shard }) => shard))
    if (shards.size > new Set([...shards].map(({ path }) => folderOf(path))).size) spread.set(module, members)
  }
  return spread
}
