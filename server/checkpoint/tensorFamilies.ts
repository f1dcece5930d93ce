// Tensors of a shard that are alike: their names differ only in numbers that stand for themselves between dots
// (`layers.12`), and dtype and shape are the same. 90,000 tensors make a few dozen families, and a question that is asked
// of families costs next to nothing. Works on the header's bytes: no string is made but one for each family.

import { dtypes, type DType } from './dtype'
import type { HeaderColumns } from './headerColumns'
import { hashSeed, mixByte as mix } from './nameHash'

export interface TensorFamily {
  /** The name of its first tensor. */
  readonly sample: string
  readonly dtype: DType
  /** In elements. */
  readonly shape: readonly number[]
  /** Indexes into the shard's table, rising. */
  readonly rows: readonly number[]
}

const dot = 0x2e
/** Stands for a whole number in a hash; no byte of a name. */
const anyNumber = 0x100

/** What the names of a family have in common, with `#` for each of its numbers. */
export function patternOf(name: string): string {
  return name.replace(/(^|\.)\d+(?=\.)/g, '$1#')
}

interface Growing extends TensorFamily {
  readonly rows: number[]
  /** The family of the tensor that came after one of this. */
  next?: Growing
}

/** The families of a header, in the order in which they are met. */
export function tensorFamilies(columns: HeaderColumns, nameAt: (row: number) => string): readonly TensorFamily[] {
  const families: Growing[] = []
  const byHash = new Map<number, Growing[]>()
  let before: Growing | undefined
  for (let row = 0; row < columns.count; row++) {
    // Layers repeat themselves: what came next the last time mostly comes next again, and then no hash is needed.
    const expected = before?.next
    const family: Growing =
      expected && isAlike(columns, expected.rows.at(-1) ?? 0, row)
        ? expected
        : familyOf(columns, row, byHash, families, nameAt)
    family.rows.push(row)
    if (before) before.next = family
    before = family
  }
  return families.map(({ sample, dtype, shape, rows }) => ({ sample, dtype, shape, rows }))
}

function familyOf(
  columns: HeaderColumns,
  row: number,
  byHash: Map<number, Growing[]>,
  families: Growing[],
  nameAt: (row: number) => string,
): Growing {
  const hash = hashOf(columns, row)
  let bucket = byHash.get(hash)
  if (!bucket) byHash.set(hash, (bucket = []))
  for (const family of bucket) if (isAlike(columns, family.rows[0] ?? 0, row)) return family
  const dtype = dtypes[columns.dtype[row] ?? 0]
  if (!dtype) throw new RangeError(`tensor ${row} has no dtype`)
  const made: Growing = { sample: nameAt(row), dtype, shape: columns.shape(row), rows: [] }
  families.push(made)
  bucket.push(made)
  return made
}

function hashOf(columns: HeaderColumns, row: number): number {
  const { names, nameStart, nameEnd, dimStart, dims } = columns
  const end = nameEnd[row] ?? 0
  let hash = hashSeed ^ (columns.dtype[row] ?? 0)
  for (let i = dimStart[row] ?? 0; i < (dimStart[row + 1] ?? 0); i++) hash = mix(hash, dims[i] ?? 0)
  let begins = true
  for (let i = nameStart[row] ?? 0; i < end; i++) {
    const byte = names[i] ?? 0
    const after = begins && isDigit(byte) ? numberEnd(names, i, end) : 0
    if (after > 0) {
      hash = mix(hash, anyNumber)
      i = after - 1
      begins = false
    } else {
      hash = mix(hash, byte)
      begins = byte === dot
    }
  }
  return hash
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

/** Where a number ends that fills the part of a name up to the next dot; 0 where it does not. */
function numberEnd(names: Uint8Array, start: number, end: number): number {
  let i = start + 1
  while (i < end && isDigit(names[i] ?? 0)) i++
  return i < end && names[i] === dot ? i : 0
}

function isAlike(columns: HeaderColumns, a: number, b: number): boolean {
  const { dtype, dimStart, dims } = columns
  if (dtype[a] !== dtype[b]) return false
  const from = dimStart[a] ?? 0
  const to = dimStart[a + 1] ?? 0
  const other = dimStart[b] ?? 0
  if (to - from !== (dimStart[b + 1] ?? 0) - other) return false
  for (let i = from; i < to; i++) if (dims[i] !== dims[other + i - from]) return false
  return sameButForNumbers(columns, a, b)
}

/** Runs over what is equal, then skips the numbers in which the names differ, as often as it takes. */
function sameButForNumbers({ names, view, nameStart, nameEnd }: HeaderColumns, a: number, b: number): boolean {
  const startA = nameStart[a] ?? 0
  const endA = nameEnd[a] ?? 0
  const endB = nameEnd[b] ?? 0
  let i = startA
  let j = nameStart[b] ?? 0
  for (;;) {
    while (i + 4 <= endA && j + 4 <= endB && view.getInt32(i) === view.getInt32(j)) {
      i += 4
      j += 4
    }
    while (i < endA && j < endB && names[i] === names[j]) {
      i++
      j++
    }
    if (i === endA && j === endB) return true
    while (i > startA && names[i - 1] !== dot) {
      i--
      j--
    }
    if (!isDigit(names[i] ?? 0) || !isDigit(names[j] ?? 0)) return false
    i = numberEnd(names, i, endA)
    j = numberEnd(names, j, endB)
    if (i === 0 || j === 0) return false
  }
}
