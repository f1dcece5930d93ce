// The modules of one shard, in groups of those that are alike: their paths differ only in numbers, and they have the same
// parameters with the same dtypes and shapes. The rows of one parameter are held against those of another in the order of
// the header, by their bytes, so that tens of thousands of modules cost no string; kept with the shard, so that one changed
// shard costs only itself.

import type { Shard } from './facts'
import type { TensorFamily } from './tensorFamilies'

/** Modules of a shard that are alike, in the order of the header. */
export interface ShardModules {
  readonly shard: Shard
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

/** All tensors of one parameter in modules of one pattern. */
export interface Column {
  readonly parameter: string
  readonly families: readonly TensorFamily[]
}

const byShard = new WeakMap<Shard, Map<string, readonly ShardModules[]>>()

/** The modules of a shard whose paths have a pattern; `columns` are those of their parameters that are asked about. */
export function shardModulesOf(shard: Shard, pattern: string, columns: readonly Column[]): readonly ShardModules[] {
  let patterns = byShard.get(shard)
  if (!patterns) byShard.set(shard, (patterns = new Map()))
  const key = `${pattern}\n${columns.map(({ families }) => families.map(({ number }) => number).join()).join(';')}`
  let known = patterns.get(key)
  if (!known) patterns.set(key, (known = groupsIn(shard, columns)))
  return known
}

/** The path of a module from the name of one of its tensors. */
export const pathOf = (name: string, parameter: string): string =>
  name.slice(0, Math.max(0, name.length - parameter.length - 1))

/** Bytes of a name behind the path of its module. */
const tailOf = ({ parameter, families: [family] }: Column): number =>
  Buffer.byteLength(parameter) + (family?.sample === parameter ? 0 : 1)

function groupsIn(shard: Shard, columns: readonly Column[]): readonly ShardModules[] {
  const members = columns.flatMap(({ parameter, families: [family, ...others] }): ShardMembers[] =>
    family && others.length === 0 ? [{ parameter, family, rows: family.rows }] : [],
  )
  if (members.length === columns.length && areParallel(shard, columns, members))
    return [{ shard, members, count: members[0]?.rows.length ?? 0 }]
  return differing(shard, columns)
}

/** Whether the rows of all members belong to the same modules in the same order: so it is nearly always. */
function areParallel(
  { tensors }: Shard,
  [first, ...others]: readonly Column[],
  [lead, ...rest]: readonly ShardMembers[],
): boolean {
  if (!first || !lead) return false
  const leadTail = tailOf(first)
  for (const [number, { rows }] of rest.entries()) {
    const column = others[number]
    if (!column || rows.length !== lead.rows.length) return false
    const tail = tailOf(column)
    for (let i = 0; i < rows.length; i++)
      if (!tensors.sameStart(lead.rows[i] ?? 0, leadTail, rows[i] ?? 0, tail)) return false
  }
  return true
}

/** Modules as their rows: for each module as many numbers as there are columns, -1 where it lacks one. */
interface Cells {
  readonly rows: Int32Array
  readonly count: number
}

/** Modules of one pattern that are not all alike, sorted out by what they have. */
function differing(shard: Shard, columns: readonly Column[]): readonly ShardModules[] {
  const { rows, count } = aligned(shard, columns) ?? byName(shard, columns)
  const { tensors } = shard
  const width = columns.length
  const isLike = (a: number, b: number): boolean => {
    for (let column = 0; column < width; column++) {
      const [x, y] = [rows[a * width + column] ?? -1, rows[b * width + column] ?? -1]
      if (x < 0 !== y < 0) return false
      const isOne = x < 0 || columns[column]?.families.length === 1
      if (!isOne && tensors.familyAt(x) !== tensors.familyAt(y)) return false
    }
    return true
  }
  const groups: { readonly first: number; readonly modules: number[] }[] = []
  let last: (typeof groups)[number] | undefined
  for (let module = 0; module < count; module++) {
    if (!last || !isLike(last.first, module)) {
      last = groups.find(({ first }) => isLike(first, module))
      if (!last) groups.push((last = { first: module, modules: [] }))
    }
    last.modules.push(module)
  }
  return groups.map(({ first, modules }) => {
    const members = columns.flatMap(({ parameter }, column): ShardMembers[] => {
      const row = rows[first * width + column] ?? -1
      if (row < 0) return []
      const own = new Uint32Array(modules.length)
      for (let i = 0; i < own.length; i++) own[i] = rows[(modules[i] ?? 0) * width + column] ?? 0
      return [{ parameter, family: tensors.familyAt(row), rows: own }]
    })
    return { shard, members, count: modules.length }
  })
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
function aligned({ tensors }: Shard, columns: readonly Column[]): Cells | undefined {
  const width = columns.length
  const all = columns.map(rowsOf)
  const tails = columns.map(tailOf)
  let spine: Cells = { rows: new Int32Array(0), count: 0 }
  for (const [column, own] of all.entries()) {
    const tail = tails[column] ?? 0
    const before = spine
    const next = new Int32Array((before.count + own.length) * width).fill(-1)
    let count = 0
    const isSame = (module: number, at: number): boolean => {
      if (module >= before.count || at >= own.length) return module >= before.count && at >= own.length
      const start = module * width
      let known = 0
      while ((before.rows[start + known] ?? 0) < 0) known++
      return tensors.sameStart(before.rows[start + known] ?? 0, tails[known] ?? 0, own[at] ?? 0, tail)
    }
    const take = (module: number): void => {
      for (let i = 0; i < column; i++) next[count * width + i] = before.rows[module * width + i] ?? -1
    }
    let i = 0
    let j = 0
    while (i < before.count || j < own.length) {
      const isBoth = i < before.count && j < own.length
      if (isBoth && isSame(i, j)) {
        take(i++)
        next[count++ * width + column] = own[j++] ?? -1
      } else if (j >= own.length || (isBoth && isSame(i + 1, j))) {
        take(i++)
        count++
      } else if (i >= before.count || isSame(i, j + 1)) {
        next[count++ * width + column] = own[j++] ?? -1
      } else if (isSame(i + 1, j + 1)) {
        take(i++)
        count++
        next[count++ * width + column] = own[j++] ?? -1
      } else return undefined
    }
    spine = { rows: next, count }
  }
  return spine
}

/** The same by the names, in whatever order they are. */
function byName({ tensors }: Shard, columns: readonly Column[]): Cells {
  const width = columns.length
  const modules = new Map<string, number>()
  const rows: number[] = []
  for (const [column, own] of columns.entries())
    for (const row of rowsOf(own)) {
      const name = tensors.nameAt(row)
      const path = name.slice(0, Math.max(0, name.length - own.parameter.length - 1))
      let module = modules.get(path)
      if (module === undefined) {
        modules.set(path, (module = modules.size))
        for (let i = 0; i < width; i++) rows.push(-1)
      }
      rows[module * width + column] = row
    }
  return { rows: Int32Array.from(rows), count: modules.size }
}
