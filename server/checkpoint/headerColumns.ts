// The entries of a header as columns: a row for each tensor, all numbers, in the order of the header.
// It knows nothing of JSON; the scanner fills it, the validation reads it, the tensor table is a view of it.

import { viewOf } from './nameHash'
import type { Family, FamilyRows } from './tensorFamilies'

/** What a row's own numbers say against it; 0 where they agree. */
export const Fault = { none: 0, reversed: 1, size: 2, overflow: 3, unaligned: 4 } as const

/** What the columns are made of. */
export interface ColumnParts {
  readonly count: number
  /**
   * Names are spans of `names`: the header, and behind it the names that had escapes, decoded; or, where the header is not
   * kept, all names behind one another.
   */
  readonly names: Uint8Array
  readonly nameStart: Uint32Array
  readonly nameEnd: Uint32Array
  /** All names are ASCII; false where that is not known. */
  readonly ascii: boolean
  readonly hash: Int32Array
  /** Number of the family, which has the dtype and the shape. */
  readonly family: Uint32Array
  /** Bytes from the start of the data, as the header states them. */
  readonly begin: Float64Array
  readonly end: Float64Array
  readonly fault: Uint8Array
  /** Where the entry's JSON value is, for the rows with a fault or written in an odd way. */
  readonly spans: ReadonlyMap<number, { readonly start: number; readonly end: number }>
  /** Every row begins where the one before it ends, the first at 0. */
  readonly inOrder: boolean
  /** The farthest byte of the data that a row names. */
  readonly lastEnd: number
  /** The bits that are set in any row's begin, the lowest 32 of them. */
  readonly beginBits: number
  /** Sum of the rows' lengths. */
  readonly spanBytes: number
  /** Of all names: what nameHash.ts adds up of their hashes, so that sets of names can be compared at once. */
  readonly nameSum: number
  readonly mixedSum: number
}

/** One for each of hundreds of headers, so a class: closures would be made anew for each. */
export class HeaderColumns implements ColumnParts, FamilyRows {
  readonly count: number
  readonly names: Uint8Array
  readonly nameStart: Uint32Array
  readonly nameEnd: Uint32Array
  readonly ascii: boolean
  readonly hash: Int32Array
  readonly family: Uint32Array
  readonly begin: Float64Array
  readonly end: Float64Array
  readonly fault: Uint8Array
  readonly spans: ColumnParts['spans']
  readonly inOrder: boolean
  readonly lastEnd: number
  readonly beginBits: number
  readonly spanBytes: number
  readonly nameSum: number
  readonly mixedSum: number
  /** In the order in which they are met. */
  readonly families: readonly Family[]
  /** Over the bytes of `names`. */
  readonly view: DataView
  private buffer: Buffer | undefined
  private rows: readonly Uint32Array[] | undefined

  /** `familiesOf` makes the families of these rows. */
  constructor(parts: ColumnParts, familiesOf: (rows: FamilyRows) => readonly Family[]) {
    this.count = parts.count
    this.names = parts.names
    this.nameStart = parts.nameStart
    this.nameEnd = parts.nameEnd
    this.ascii = parts.ascii
    this.hash = parts.hash
    this.family = parts.family
    this.begin = parts.begin
    this.end = parts.end
    this.fault = parts.fault
    this.spans = parts.spans
    this.inOrder = parts.inOrder
    this.lastEnd = parts.lastEnd
    this.beginBits = parts.beginBits
    this.spanBytes = parts.spanBytes
    this.nameSum = parts.nameSum
    this.mixedSum = parts.mixedSum
    this.view = viewOf(parts.names)
    this.families = familiesOf(this)
  }

  /** The name of a row. Makes a string. */
  nameAt(row: number): string {
    if (row < 0 || row >= this.count) throw new RangeError(`no tensor ${row} among ${this.count}`)
    this.buffer ??= Buffer.from(this.names.buffer, this.names.byteOffset, this.names.length)
    return this.buffer.toString(this.ascii ? 'latin1' : 'utf8', this.nameStart[row], this.nameEnd[row])
  }

  /** The rows of a family, rising. */
  rowsOf(family: number): Uint32Array {
    this.rows ??= rowsByFamily(this)
    return this.rows[family] ?? new Uint32Array(0)
  }

  /** The family of a row. */
  familyAt(row: number): Family {
    const family = this.families[this.family[row] ?? -1]
    if (!family) throw new RangeError(`no tensor ${row} among ${this.count}`)
    return family
  }

  /** The length of a row's name, in bytes. */
  nameLength(row: number): number {
    return (this.nameEnd[row] ?? 0) - (this.nameStart[row] ?? 0)
  }

  /** Whether the names of two rows, which must be as long, begin with the same bytes. */
  sameBytes(a: number, b: number, length: number): boolean {
    const { view } = this
    const from = this.nameStart[a] ?? 0
    const other = this.nameStart[b] ?? 0
    let i = 0
    for (; i + 4 <= length; i += 4) if (view.getInt32(from + i) !== view.getInt32(other + i)) return false
    for (; i < length; i++) if (view.getUint8(from + i) !== view.getUint8(other + i)) return false
    return true
  }
}

/** The rows of every family, rising: those of all are found at once. */
function rowsByFamily({ count, family, families }: HeaderColumns): readonly Uint32Array[] {
  const rows = families.map(({ count }) => new Uint32Array(count))
  const filled = new Uint32Array(rows.length)
  for (let row = 0; row < count; row++) {
    const number = family[row] ?? 0
    const at = filled[number] ?? 0
    const own = rows[number]
    if (own) own[at] = row
    filled[number] = at + 1
  }
  return rows
}
