// Modules of a model that are alike, as the formats want them: the kinds of checkpoint/moduleKinds.ts, with the tables of VPTQ
// given to the weight that they belong to.

import type { Model, Shard } from '../../checkpoint/facts'
import { type ModuleKind, moduleKinds, placesOf } from '../../checkpoint/moduleKinds'
import { groupBy } from '../../util/groupBy'
import type { Members, StoredMember } from './format'

export interface Family {
  readonly parameters: Members
  /** Module path with `#` for numbers. */
  readonly pattern: string
  /** Where the first of them lies. */
  readonly shard: Shard
  /** How many modules. */
  readonly count: number
  /** Paths of the modules; made when asked for. */
  modules(): readonly string[]
  /** Full name of one parameter of the first. */
  sample(parameter: string): string | undefined
  /** Full names of one parameter of each. */
  names(parameter: string): readonly string[]
}

const kept = new WeakMap<Model, readonly Family[]>()

/** Every family of modules of a model, folder by folder. */
export function familiesOf(model: Model): readonly Family[] {
  let known = kept.get(model)
  if (!known) kept.set(model, (known = build(model)))
  return known
}

function build(model: Model): readonly Family[] {
  const kinds = moduleKinds(model)
  const byPattern = groupBy(kinds, ({ folder, pattern }) => `${folder}\n${pattern}`)
  const ownersOf = ({ folder, pattern }: ModuleKind): readonly ModuleKind[] => {
    const owner = ownerOf(pattern)
    const own = owner === pattern ? [] : (byPattern.get(`${folder}\n${owner}`) ?? [])
    return own.filter(({ members }) => members.has('indices'))
  }
  const tables = groupBy(
    kinds.flatMap(kind => ownersOf(kind).map(owner => ({ owner, kind }))),
    ({ owner }) => owner,
  )
  const given = new Set([...tables.values()].flat().map(({ kind }) => kind))
  return kinds.flatMap(kind =>
    given.has(kind)
      ? []
      : [
          familyOf(
            kind,
            (tables.get(kind) ?? []).map(t => t.kind),
          ),
        ],
  )
}

/** VPTQ keeps its tables in modules below the weight: they are given to it, as `centroids.weight`. */
function familyOf(kind: ModuleKind, tables: readonly ModuleKind[]): Family {
  const homes = new Map<string, readonly [home: ModuleKind, parameter: string]>()
  const parameters = new Map<string, StoredMember>()
  for (const home of [kind, ...tables])
    for (const [parameter, family] of home.members) {
      const name = home === kind ? parameter : `${home.pattern.slice(kind.pattern.length + 1)}.${parameter}`
      if (parameters.has(name)) continue
      parameters.set(name, family)
      homes.set(name, [home, parameter])
    }
  const [parameter = ''] = kind.members.keys()
  const [first] = kind.rowsOf(parameter)
  if (!first) throw new Error(`no module of ${kind.pattern}`)
  return {
    parameters,
    pattern: kind.pattern,
    shard: first.shard,
    count: kind.count,
    modules: () => [...kind.paths()],
    sample: name => namesIn(homes.get(name)).next().value,
    names: name => [...namesIn(homes.get(name))],
  }
}

function* namesIn(place: readonly [ModuleKind, string] | undefined): Generator<string, undefined> {
  if (!place) return
  const [kind, parameter] = place
  for (const { shard, index } of placesOf(kind, parameter)) yield shard.tensors.nameAt(index)
}

/** The module that a table of VPTQ belongs to; any other module itself. */
export function ownerOf(module: string): string {
  return module.replace(/\.(?:res_|outlier_)?centroids$/, '')
}

/** The name of a parameter, or of a weight, below a module; the module alone where it has none. */
export const joinName = (module: string, name: string): string => [module, name].filter(Boolean).join('.')
