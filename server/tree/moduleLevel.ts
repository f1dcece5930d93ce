// One level of the nested modules that flat tensor names stand for: `model.layers.0.self_attn.q_proj.weight` is the tensor
// `weight` of the module before it. A level is worked out when it is shown, in one pass over the module paths, which
// checkpoint/ keeps for each shard; so a model of 90,000 tensors costs no tree in memory.

import type { Shard } from '../checkpoint/facts'
import { modulesOfShard, type Member } from '../checkpoint/modules'

export interface ModuleRow {
  /** Dotted path. A folder with nothing but one folder in it is one row with it. */
  readonly path: string
  /** Tensors of the module itself, in the order of the shards; empty for a folder. */
  readonly tensors: readonly Member[]
  /** How many modules lie directly in it. */
  readonly modules: number
  /** Any tensor in it or below it. */
  readonly first: Member
  /** Every module in it, itself included, with its tensors. */
  readonly all: readonly (readonly [module: string, tensors: readonly Member[]])[]
}

export interface ModuleLevel {
  readonly rows: readonly ModuleRow[]
  /** Tensors of the module whose level it is. */
  readonly tensors: readonly Member[]
}

/** What lies in the module at `path` (empty: at the root), of tensors whose full name contains `filter` in any case. */
export function moduleLevel(shards: readonly Shard[], path: string, filter: string): ModuleLevel {
  const prefix = path === '' ? '' : `${path}.`
  const own: Member[] = []
  const groups = new Map<string, [string, readonly Member[]][]>()
  for (const shard of shards)
    for (const entry of modulesWith(shard, filter)) {
      const [module, members] = entry
      if (module === path) own.push(...members)
      else if (module.startsWith(prefix)) {
        const dot = module.indexOf('.', prefix.length)
        const name = dot < 0 ? module : module.slice(0, dot)
        const group = groups.get(name)
        if (group) group.push(entry)
        else groups.set(name, [entry])
      }
    }
  return { rows: [...groups].flatMap(([name, all]) => rowOf(name, all) ?? []), tensors: own }
}

/** Whether any tensor of the shards has a name that contains `filter`. */
export function holdsAny(shards: readonly Shard[], filter: string): boolean {
  return shards.some(shard => (filter === '' ? shard.tensors.count > 0 : modulesWith(shard, filter).length > 0))
}

/** The last name of a dotted path, and what stands before it: `model.layers.0` is [`model.layers`, `0`]. */
export function splitPath(path: string): readonly [before: string, last: string] {
  const dot = path.lastIndexOf('.')
  return dot < 0 ? ['', path] : [path.slice(0, dot), path.slice(dot + 1)]
}

/** Full name of a module's tensor. */
export const tensorName = (module: string, parameter: string) => (module === '' ? parameter : `${module}.${parameter}`)

function rowOf(name: string, all: readonly [string, readonly Member[]][]): ModuleRow | undefined {
  const first = all[0]?.[1][0]
  if (!first) return undefined
  const path = all.some(([module]) => module === name) ? name : commonFolder(all.map(([module]) => module))
  const below = new Set<string>()
  const tensors: Member[] = []
  for (const [module, members] of all) {
    if (module === path) tensors.push(...members)
    else {
      const dot = module.indexOf('.', path.length + 1)
      below.add(dot < 0 ? module : module.slice(0, dot))
    }
  }
  return { path, tensors, modules: below.size, first, all }
}

/** The deepest folder that all modules lie in: a folder is folded into a folder, never into a module with tensors. */
function commonFolder(modules: readonly string[]): string {
  let [common = ''] = modules
  common = splitPath(common)[0]
  for (const module of modules) while (common !== '' && !module.startsWith(`${common}.`)) common = splitPath(common)[0]
  return common
}

type Modules = readonly [module: string, members: readonly Member[]][]

const kept = new WeakMap<Shard, { readonly filter: string; readonly modules: Modules }>()

/** A shard's modules with the tensors that the filter wants; the last filter's answer is kept. */
function modulesWith(shard: Shard, filter: string): Modules {
  const known = kept.get(shard)
  if (known?.filter === filter) return known.modules
  const wanted = filter.toLowerCase()
  const modules: [string, readonly Member[]][] = []
  for (const [module, members] of modulesOfShard(shard)) {
    const some = members.filter(
      ({ parameter }, i) =>
        (wanted === '' || tensorName(module, parameter).toLowerCase().includes(wanted)) &&
        // A name that the header holds twice is one row; the shard has a problem that says so.
        members.findIndex(other => other.parameter === parameter) === i,
    )
    if (some.length > 0) modules.push([module, some.length === members.length ? members : some])
  }
  kept.set(shard, { filter, modules })
  return modules
}
