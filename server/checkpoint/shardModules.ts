// The modules of one shard, in groups of those that are alike: their paths differ only in numbers, and they have the same
// parameters with the same dtypes and shapes. The rows of one parameter are held against those of another in the order of
// the header, by their bytes, so that tens of thousands of modules cost no string; kept with the shard, so that one changed
// shard costs only itself.

import type { Shard } from './facts'
import { splitName } from './modules'
import { patternOf, type TensorFamily } from './tensorFamilies'

/** Modules of a shard that are alike, in the order of the header. */
export interface ShardModules {
  readonly shard: Shard
  /** Path with `#` for numbers. */
  readonly pattern: string
  readonly members: readonly ShardMembers[]
  readonly count: number
}

/** One parameter of modules that are alike. */
export interface ShardMembers {
  readonly parameter: string
  readonly family: TensorFamily
  /** Of each module its row in the shard. */
  readonly rows: ArrayLike<number>
}

const byShard = new WeakMap<Shard, readonly ShardModules[]>()

/** All modules of a shard. */
export function shardModulesOf(shard: Shard): readonly ShardModules[] {
  let known = byShard.get(shard)
  if (!known) byShard.set(shard, (known = groupsOf(shard)))
  return known
}

/** All tensors of one parameter in modules of one pattern. */
interface Column {
  readonly parameter: string
  /** Bytes of a name behind the path of its module. */
  readonly tail: number
  readonly families: TensorFamily[]
}

function groupsOf(shard: Shard): readonly ShardModules[] {
  const patterns = new Map<string, Column[]>()
  for (const family of shard.tensors.families()) {
    const { module, parameter } = splitName(family.sample)
    const pattern = module === '' ? '' : patternOf(`${module}.`).slice(0, -1)
    let columns = patterns.get(pattern)
    if (!columns) patterns.set(pattern, (columns = []))
    const same = columns.find(column => column.parameter === parameter)
    if (same) same.families.push(family)
    else columns.push({ parameter, tail: Buffer.byteLength(parameter) + (module === '' ? 0 : 1), families: [family] })
  }
  return [...patterns].flatMap(([pattern, columns]) => groupsIn(shard, pattern, columns))
}

function groupsIn(shard: Shard, pattern: string, columns: readonly Column[]): readonly ShardModules[] {
  const members = columns.flatMap(({ parameter, families: [family, ...others] }): ShardMembers[] =>
    family && others.length === 0 ? [{ parameter, family, rows: family.rows }] : [],
  )
  if (members.length === columns.length && areParallel(shard, columns, members))
    return [{ shard, pattern, members, count: members[0]?.rows.length ?? 0 }]
  return differing(shard, pattern, columns)
}

/** Whether the rows of all members belong to the same modules in the same order: so it is nearly always. */
function areParallel(
  { tensors }: Shard,
  [first, ...others]: readonly Column[],
  [lead, ...rest]: readonly ShardMembers[],
): boolean {
  if (!first || !lead) return false
  return rest.every(({ rows }, column) => {
    if (rows.length !== lead.rows.length) return false
    const tail = others[column]?.tail ?? 0
    for (let i = 0; i < rows.length; i++)
      if (!tensors.sameStart(lead.rows[i] ?? 0, first.tail, rows[i] ?? 0, tail)) return false
    return true
  })
}

/** A module as its rows: for each column one, or -1. */
type Rows = number[]

/** Modules of one pattern that are not all alike, sorted out by what they have. */
function differing(shard: Shard, pattern: string, columns: readonly Column[]): readonly ShardModules[] {
  const modules = aligned(shard, columns) ?? byName(shard, columns)
  const { tensors } = shard
  const groups: { readonly like: Rows; readonly modules: Rows[] }[] = []
  let last: (typeof groups)[number] | undefined
  const isLike = (a: Rows, b: Rows): boolean => {
    for (let i = 0; i < a.length; i++) {
      const [x, y] = [a[i] ?? -1, b[i] ?? -1]
      if (x < 0 !== y < 0 || (x >= 0 && tensors.familyAt(x) !== tensors.familyAt(y))) return false
    }
    return true
  }
  for (const module of modules) {
    if (!last || !isLike(last.like, module)) {
      last = groups.find(({ like }) => isLike(like, module))
      if (!last) groups.push((last = { like: module, modules: [] }))
    }
    last.modules.push(module)
  }
  return groups.map(({ like, modules }) => ({
    shard,
    pattern,
    count: modules.length,
    members: columns.flatMap(({ parameter }, i): ShardMembers[] => {
      const row = like[i] ?? -1
      return row < 0 ? [] : [{ parameter, family: tensors.familyAt(row), rows: modules.map(each => each[i] ?? 0) }]
    }),
  }))
}

const rowsOf = ({ families }: Column): Uint32Array => {
  const [only, ...others] = families
  if (only && others.length === 0) return only.rows
  return Uint32Array.from(families.flatMap(({ rows }) => [...rows])).sort()
}

/**
 * The columns put beside one another where each lacks a module here and there, as where a shard begins in the middle of one.
 * Undefined where they are in different orders.
 */
function aligned({ tensors }: Shard, columns: readonly Column[]): readonly Rows[] | undefined {
  let spine: Rows[] = []
  const nothing = (): Rows => columns.map(() => -1)
  for (const [column, { tail }] of columns.entries()) {
    const rows = rowsOf(columns[column] as Column)
    const next: Rows[] = []
    const isSame = (module: Rows | undefined, row: number | undefined): boolean => {
      if (!module || row === undefined) return false
      const known = module.findIndex(each => each >= 0)
      return tensors.sameStart(module[known] ?? 0, columns[known]?.tail ?? 0, row, tail)
    }
    const alone = (row: number): Rows => nothing().with(column, row)
    let i = 0
    let j = 0
    while (i < spine.length || j < rows.length) {
      const [module, row] = [spine[i], rows[j]]
      if (module && row !== undefined && isSame(module, row)) {
        module[column] = row
        next.push(module)
        i++
        j++
      } else if (module && (row === undefined || isSame(spine[i + 1], row))) {
        next.push(module)
        i++
      } else if (row !== undefined && (!module || isSame(module, rows[j + 1]))) {
        next.push(alone(row))
        j++
      } else return undefined
    }
    spine = next
  }
  return spine
}

/** The same by the names, in whatever order they are. */
function byName({ tensors }: Shard, columns: readonly Column[]): readonly Rows[] {
  const modules = new Map<string, Rows>()
  for (const [column, own] of columns.entries())
    for (const row of rowsOf(own)) {
      const name = tensors.nameAt(row)
      const path = name.slice(0, Math.max(0, name.length - own.parameter.length - 1))
      let rows = modules.get(path)
      if (!rows) modules.set(path, (rows = columns.map(() => -1)))
      rows[column] = row
    }
  return [...modules.values()]
}
