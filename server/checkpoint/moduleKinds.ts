// The modules of a model, in kinds: all modules of a folder (so of a rank) whose paths differ only in numbers and which have
// the same parameters with the same dtypes and shapes, whichever shards they are in. Tens of thousands of modules make a few
// dozen kinds; what is true of one module of a kind is true of all, and the modules themselves are made when asked for.
// Where every parameter of a pattern has one layout, and the paths that it is stored for add up to the same as those of the
// others, no tensor is looked at; elsewhere the rows are put beside one another (shardModules.ts).

import { groupBy } from '../util/groupBy'
import { sharedTensorsOf } from './duplicates'
import type { Model, Shard } from './facts'
import { type Layout, type Pattern, patternsOf } from './layouts'
import type { Member } from './modules'
import { type Column, pathOf, type ShardModules, shardModulesOf } from './shardModules'
import type { TensorFamily } from './tensorFamilies'

/** One module with the places of its tensors. */
export interface StoredModule {
  readonly path: string
  readonly members: ReadonlyMap<string, Member>
}

/** Where a tensor is. */
export type Place = Pick<Member, 'shard' | 'index'>

/** The tensors of one parameter of a kind, one by one. */
export function* placesOf(kind: ModuleKind, parameter: string): Generator<Place> {
  for (const { shard, rows } of kind.rowsOf(parameter))
    for (let i = 0; i < rows.length; i++) yield { shard, index: rows[i] ?? 0 }
}

/** Tensors of one parameter in one shard. */
export interface Rows {
  readonly shard: Shard
  readonly rows: ArrayLike<number>
}

export interface ModuleKind {
  /** Path with `#` for numbers. */
  readonly pattern: string
  readonly folder: string
  /** By parameter: what the tensors of it have in common. */
  readonly members: ReadonlyMap<string, TensorFamily>
  readonly count: number
  /** The tensors of one parameter, shard by shard. */
  rowsOf(parameter: string): Iterable<Rows>
  /** Paths of the modules. */
  paths(): Iterable<string>
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
    const isTwice = sharedTensorsOf(model).length > 0
    known = patternsOf(model).flatMap(pattern => kindsIn(pattern, isTwice))
    byModel.set(model, known)
  }
  return known
}

function kindsIn({ folder, text, layouts }: Pattern, isTwice: boolean): readonly ModuleKind[] {
  const [first] = layouts
  const isOfOne = layouts.every(({ parameter }) => parameter === first?.parameter)
  if (!isTwice && isOfOne) return layouts.map(layout => new PlainKind(folder, text, [layout]))
  if (!isTwice && isUniform(layouts)) return [new PlainKind(folder, text, layouts)]
  return sorted(folder, text, layouts, isTwice)
}

/** Whether all parameters are stored for the same modules, each in one layout. */
function isUniform(all: readonly (Piece | Layout)[]): boolean {
  const sums = all.map(each => ('pieces' in each ? each : each.family))
  const [first] = sums
  const isLikeFirst = ({ count, pathSum, mixedSum }: Pick<TensorFamily, 'count' | 'pathSum' | 'mixedSum'>): boolean =>
    count === first?.count && pathSum === first.pathSum && mixedSum === first.mixedSum
  return sums.every(isLikeFirst) && new Set(all.map(({ parameter }) => parameter)).size === all.length
}

/** A kind of which all is known by its families. */
class PlainKind implements ModuleKind {
  readonly members: ReadonlyMap<string, TensorFamily>
  readonly count: number
  private knownTogether: readonly ShardModules[] | undefined
  private knownApart: readonly StoredModule[] | undefined

  constructor(
    readonly folder: string,
    readonly pattern: string,
    private readonly layouts: readonly Layout[],
  ) {
    this.members = new Map(layouts.map(({ parameter, family }) => [parameter, family] as const))
    this.count = layouts[0]?.count ?? 0
  }

  *rowsOf(parameter: string): Iterable<Rows> {
    const layout = this.layouts.find(each => each.parameter === parameter)
    for (const { shard, family } of layout?.pieces ?? []) yield { shard, rows: family.rows }
  }

  *paths(): Iterable<string> {
    const [first] = this.layouts
    if (!first) return
    for (const { shard, family } of first.pieces)
      for (const row of family.rows) yield pathOf(shard.tensors.nameAt(row), first.parameter)
  }

  get together(): readonly ShardModules[] {
    const { size } = this.members
    return (this.knownTogether ??= groupsOf(this.pattern, this.layouts).filter(
      ({ members }) => members.length === size,
    ))
  }

  /** A shard that has every parameter for the same modules has none of which a part is elsewhere. */
  get apart(): readonly StoredModule[] {
    if (!this.knownApart) {
      const { size } = this.members
      const shards = piecesByShard(this.layouts)
      const ragged = [...shards].filter(([, own]) => own.length < size || !isUniform(own)).map(([shard]) => shard)
      const groups = groupsOf(this.pattern, this.layouts, new Set(ragged))
      this.knownApart = joined(groups.filter(({ members }) => members.length < size))
    }
    return this.knownApart
  }
}

interface Piece {
  readonly parameter: string
  readonly family: TensorFamily
}

function piecesByShard(layouts: readonly Layout[]): ReadonlyMap<Shard, readonly Piece[]> {
  const shards = new Map<Shard, Piece[]>()
  for (const { parameter, pieces } of layouts)
    for (const { shard, family } of pieces) {
      const own = shards.get(shard)
      if (own) own.push({ parameter, family })
      else shards.set(shard, [{ parameter, family }])
    }
  return shards
}

/** The modules of a pattern, shard by shard: of all shards, or of some. */
function groupsOf(pattern: string, layouts: readonly Layout[], some?: ReadonlySet<Shard>): readonly ShardModules[] {
  return [...piecesByShard(layouts)].flatMap(([shard, pieces]) => {
    if (some && !some.has(shard)) return []
    const columns = new Map<string, TensorFamily[]>()
    for (const { parameter, family } of pieces) columns.set(parameter, [...(columns.get(parameter) ?? []), family])
    return shardModulesOf(
      shard,
      pattern,
      Array.from(columns, ([parameter, families]): Column => ({ parameter, families })),
    )
  })
}

/** Kinds of a pattern whose modules differ, found by its rows. */
function sorted(folder: string, pattern: string, layouts: readonly Layout[], isTwice: boolean): readonly ModuleKind[] {
  const groups = groupsOf(pattern, layouts)
  const kinds: SortedKind[] = []
  const kindOf = (members: ReadonlyMap<string, TensorFamily>): SortedKind => {
    let kind = kinds.find(each => sameMembers(each.members, members))
    if (!kind) kinds.push((kind = new SortedKind(folder, pattern, members)))
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
    const families = Array.from(module.members.values(), ({ parameter, shard, index }) => {
      return [parameter, shard.tensors.familyAt(index)] as const
    })
    const kind = kindOf(new Map(families))
    kind.apart.push(module)
    kind.count++
  }
  return kinds
}

class SortedKind implements ModuleKind {
  count = 0
  readonly together: ShardModules[] = []
  readonly apart: StoredModule[] = []

  constructor(
    readonly folder: string,
    readonly pattern: string,
    readonly members: ReadonlyMap<string, TensorFamily>,
  ) {}

  *rowsOf(parameter: string): Iterable<Rows> {
    for (const { shard, members } of this.together) {
      const rows = members.find(each => each.parameter === parameter)?.rows
      if (rows) yield { shard, rows }
    }
    for (const { members } of this.apart) {
      const member = members.get(parameter)
      if (member) yield { shard: member.shard, rows: [member.index] }
    }
  }

  *paths(): Iterable<string> {
    for (const group of this.together) for (let i = 0; i < group.count; i++) yield pathAt(group, i)
    for (const { path } of this.apart) yield path
  }
}

/** The path of the module of a group at a place. */
export function pathAt({ shard, members: [first] }: Pick<ShardModules, 'shard' | 'members'>, at: number): string {
  return first ? pathOf(shard.tensors.nameAt(first.rows[at] ?? 0), first.parameter) : ''
}

/** Of families whose names are alike. */
const isSameLayout = (a: TensorFamily, b: TensorFamily): boolean =>
  a === b || (a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((dim, i) => dim === b.shape[i]))

function sameMembers(a: ReadonlyMap<string, TensorFamily>, b: ReadonlyMap<string, TensorFamily>): boolean {
  if (a.size !== b.size) return false
  for (const [parameter, family] of a) {
    const other = b.get(parameter)
    if (!other || !isSameLayout(family, other)) return false
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
function joined(groups: readonly ShardModules[]): StoredModule[] {
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
