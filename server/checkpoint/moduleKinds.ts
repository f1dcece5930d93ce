// The modules of a model, in kinds: all modules of a folder (so of a rank) whose paths differ only in numbers and which have
// the same parameters with the same dtypes and shapes, whichever shards they are in. Tens of thousands of modules make a few
// dozen kinds; what is true of one module of a kind is true of all, and the modules themselves are made when asked for.

import { groupBy } from '../util/groupBy'
import { sharedTensorsOf } from './duplicates'
import type { Model, Shard } from './facts'
import type { Member } from './modules'
import { folderOf } from './paths'
import { type ShardModules, shardModulesOf } from './shardModules'
import type { TensorFamily } from './tensorFamilies'

/** One module with the places of its tensors. */
export interface StoredModule {
  readonly path: string
  readonly members: ReadonlyMap<string, Member>
}

export interface ModuleKind {
  /** Path with `#` for numbers. */
  readonly pattern: string
  readonly folder: string
  /** By parameter: what the tensors of it have in common. */
  readonly members: ReadonlyMap<string, TensorFamily>
  readonly count: number
  /** Those whose tensors are all in one shard, shard by shard. */
  readonly together: readonly ShardModules[]
  /** Those whose tensors are in several. */
  readonly apart: readonly StoredModule[]
}

const byModel = new WeakMap<Model, readonly ModuleKind[]>()

/** Every kind of modules of a model, folder by folder, in the order of shards and headers. */
export function moduleKinds(model: Model): readonly ModuleKind[] {
  let known = byModel.get(model)
  if (!known) {
    const folders = groupBy(model.shards, shard => folderOf(shard.path))
    const isTwice = sharedTensorsOf(model).length > 0
    known = [...folders].flatMap(([folder, shards]) => kindsIn(folder, shards, isTwice))
    byModel.set(model, known)
  }
  return known
}

/** The path of the module of a group at a place. */
export function pathAt({ shard, members: [first] }: ShardModules, at: number): string {
  return first ? pathOf(shard.tensors.nameAt(first.rows[at] ?? 0), first.parameter) : ''
}

const pathOf = (name: string, parameter: string): string =>
  name.slice(0, Math.max(0, name.length - parameter.length - 1))

interface Growing {
  readonly pattern: string
  readonly folder: string
  readonly members: ReadonlyMap<string, TensorFamily>
  count: number
  readonly together: ShardModules[]
  readonly apart: StoredModule[]
}

function kindsIn(folder: string, shards: readonly Shard[], isTwice: boolean): readonly ModuleKind[] {
  const patterns = groupBy(shards.flatMap(shardModulesOf), ({ pattern }) => pattern)
  return [...patterns].flatMap(([pattern, groups]) => {
    const kinds: Growing[] = []
    const kindOf = (members: ReadonlyMap<string, TensorFamily>): Growing => {
      let kind = kinds.find(each => sameMembers(each.members, members))
      if (!kind) kinds.push((kind = { pattern, folder, members, count: 0, together: [], apart: [] }))
      return kind
    }
    const inPieces = new Set(isTwice ? groups : piecesAmong(groups))
    for (const group of groups) {
      if (inPieces.has(group)) continue
      const kind = kindOf(new Map(group.members.map(({ parameter, family }) => [parameter, family] as const)))
      kind.together.push(group)
      kind.count += group.count
    }
    for (const module of joined([...inPieces])) {
      const members = [...module.members.values()].map(
        ({ parameter, shard, index }) => [parameter, shard.tensors.familyAt(index)] as const,
      )
      const kind = kindOf(new Map(members))
      kind.apart.push(module)
      kind.count++
    }
    return kinds
  })
}

function sameMembers(a: ReadonlyMap<string, TensorFamily>, b: ReadonlyMap<string, TensorFamily>): boolean {
  if (a.size !== b.size) return false
  for (const [parameter, family] of a) {
    const other = b.get(parameter)
    if (!other || !family.isLike(other)) return false
  }
  return true
}

/** Groups that may hold pieces of the same modules: in different shards, and without a parameter in common. */
function piecesAmong(groups: readonly ShardModules[]): readonly ShardModules[] {
  const sets = groupBy(groups, ({ members }) =>
    members
      .map(({ parameter }) => parameter)
      .sort()
      .join('\n'),
  )
  if (sets.size < 2) return []
  const split = [...sets].map(([key, own]) => ({ parameters: new Set(key.split('\n')), own }))
  return split.flatMap(({ parameters, own }) =>
    split.some(other => ![...other.parameters].some(each => parameters.has(each))) ? own : [],
  )
}

/** Modules put together from pieces by their names; of a tensor that is stored twice the last counts. */
function joined(groups: readonly ShardModules[]): readonly StoredModule[] {
  const modules = new Map<string, Map<string, Member>>()
  for (const { shard, members } of groups)
    for (const { parameter, rows } of members)
      for (let i = 0; i < rows.length; i++) {
        const index = rows[i] ?? 0
        const path = pathOf(shard.tensors.nameAt(index), parameter)
        let own = modules.get(path)
        if (!own) modules.set(path, (own = new Map()))
        own.set(parameter, { parameter, shard, index })
      }
  return [...modules].map(([path, members]) => ({ path, members }))
}
