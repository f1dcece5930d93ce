// The entries of a header as columns: a row for each tensor, all numbers, in the order of the header.
// It knows nothing of JSON; the scanner fills it, the validation reads it, the tensor table is a view of it.

import { hashOfParts, hashPart, mixSum, viewOf } from './nameHash'
import { Families, type Family, type NameSpan } from './tensorFamilies'

/** What a row's own numbers say against it; 0 where they agree. */
export const Fault = { none: 0, reversed: 1, size: 2, overflow: 3, unaligned: 4 } as const

/** A quarter of a row of 33 bytes is less than its name. */
const maxSlack = 1.25

export class HeaderColumns {
  count = 0
  /** Names are spans of `names`. */
  nameStart: Uint32Array
  nameEnd: Uint32Array
  hash: Int32Array
  /** Number of the family, which has the dtype and the shape. */
  family: Uint32Array
  /** Bytes from the start of the data, as the header states them. */
  begin: Float64Array
  end: Float64Array
  fault: Uint8Array
  /** Every row so far begins where the one before it ends, the first at 0. */
  inOrder = true
  /** The farthest byte of the data that a row names. */
  lastEnd = 0
  /** The bits that are set in any row's begin, the lowest 32 of them. */
  beginBits = 0
  /** Sum of the rows' lengths. */
  spanBytes = 0
  /** Of all names: what nameHash.ts adds up of their hashes, so that sets of names can be compared at once. */
  nameSum = 0
  mixedSum = 0
  /** Where the entry's JSON value is, for the rows with a fault or written in an odd way. */
  readonly spans = new Map<number, { readonly start: number; readonly end: number }>()

  /** The header, and behind it the names that had escapes, decoded. */
  names: Uint8Array
  /** Over the same bytes. */
  view: DataView
  /** All names are ASCII; false until that is known. */
  ascii = false
  /** Bytes of `names` in use. */
  private namesLength: number
  readonly families = new Families(this)
  private rows: readonly Uint32Array[] | undefined
  private buffer: Buffer | undefined

  constructor(capacity: number, names: Uint8Array) {
    this.names = names
    this.namesLength = names.length
    this.view = viewOf(names)
    this.nameStart = new Uint32Array(capacity)
    this.nameEnd = new Uint32Array(capacity)
    this.hash = new Int32Array(capacity)
    this.family = new Uint32Array(capacity)
    this.begin = new Float64Array(capacity)
    this.end = new Float64Array(capacity)
    this.fault = new Uint8Array(capacity)
  }

  /** Takes in a name that had escapes: where it begins in `names`. */
  addName(name: Uint8Array): number {
    const start = this.namesLength
    if (start + name.length > this.names.length) {
      const names = new Uint8Array((start + name.length) * 2)
      names.set(this.names)
      this.names = names
      this.view = viewOf(names)
    }
    this.names.set(name, start)
    this.namesLength += name.length
    return start
  }

  /** Makes room for one more row. */
  reserve(): void {
    if (this.count < this.family.length) return
    this.resize(Math.max(16, this.count * 2))
  }

  /** Adds a row of a family; `path` is the hash of its module's path. */
  add(
    nameStart: number,
    nameEnd: number,
    path: number,
    family: Family,
    begin: number,
    end: number,
    fault: number,
  ): void {
    const row = this.count++
    const hash = hashOfParts(path, family.tailHash)
    this.nameStart[row] = nameStart
    this.nameEnd[row] = nameEnd
    this.hash[row] = hash
    this.family[row] = family.number
    this.begin[row] = begin
    this.end[row] = end
    this.fault[row] = fault
    family.take(path)
    this.nameSum = (this.nameSum + hash) | 0
    this.mixedSum = (this.mixedSum + mixSum(hash)) | 0
    this.beginBits |= begin
    if (begin !== this.lastEnd || end < begin) this.inOrder = false
    if (end > this.lastEnd) this.lastEnd = end
    if (end > begin) this.spanBytes += end - begin
  }

  /** Gives back the room that was not needed, where it is worth a copy. */
  trim(): void {
    if (this.family.length > this.count * maxSlack) this.resize(this.count)
    if (this.names.length > this.namesLength * maxSlack) {
      this.names = this.names.slice(0, this.namesLength)
      this.view = viewOf(this.names)
    }
  }

  /** The name of a row. Makes a string. */
  nameAt(row: number): string {
    if (row < 0 || row >= this.count) throw new RangeError(`no tensor ${row} among ${this.count}`)
    const { names } = this
    this.buffer ??= Buffer.from(names.buffer, names.byteOffset, names.length)
    return this.buffer.toString(this.ascii ? 'latin1' : 'utf8', this.nameStart[row], this.nameEnd[row])
  }

  /** The family of a row. */
  familyAt(row: number): Family {
    const family = this.families.all[this.family[row] ?? -1]
    if (!family) throw new RangeError(`no tensor ${row} among ${this.count}`)
    return family
  }

  /** The rows of a family, rising. Those of all families are found at once. */
  rowsOf(family: Family): Uint32Array {
    this.rows ??= this.rowsByFamily()
    return this.rows[family.number] ?? new Uint32Array(0)
  }

  private rowsByFamily(): readonly Uint32Array[] {
    const rows = this.families.all.map(({ count }) => new Uint32Array(count))
    const filled = new Uint32Array(rows.length)
    for (let row = 0; row < this.count; row++) {
      const family = this.family[row] ?? 0
      const at = filled[family] ?? 0
      const own = rows[family]
      if (own) own[at] = row
      filled[family] = at + 1
    }
    return rows
  }

  /** In bytes. */
  nameLength(row: number): number {
    return (this.nameEnd[row] ?? 0) - (this.nameStart[row] ?? 0)
  }

  /** Whether the names of two rows, which must be as long, begin with the same bytes. */
  sameBytes(a: number, b: number, length: number): boolean {
    const { view, nameStart } = this
    const from = nameStart[a] ?? 0
    const other = nameStart[b] ?? 0
    let i = 0
    for (; i + 4 <= length; i += 4) if (view.getInt32(from + i) !== view.getInt32(other + i)) return false
    for (; i < length; i++) if (view.getUint8(from + i) !== view.getUint8(other + i)) return false
    return true
  }

  spanOf(row: number): NameSpan {
    return { names: this.names, view: this.view, start: this.nameStart[row] ?? 0, end: this.nameEnd[row] ?? 0 }
  }

  /** The same without the rows named; for the rare header that has a name twice. */
  without(dropped: ReadonlySet<number>): HeaderColumns {
    const rest = new HeaderColumns(this.count - dropped.size, this.names)
    for (let row = 0; row < this.count; row++) {
      if (dropped.has(row)) continue
      const to = rest.count
      const [start, end] = [this.nameStart[row] ?? 0, this.nameEnd[row] ?? 0]
      const { dtypeNumber, shape } = this.familyAt(row)
      const family = rest.families.of(to, start, end, dtypeNumber, shape, shape.length)
      const path = hashPart(this.view, start, end - family.tail)
      rest.add(start, end, path, family, this.begin[row] ?? 0, this.end[row] ?? 0, this.fault[row] ?? 0)
      const span = this.spans.get(row)
      if (span) rest.spans.set(to, span)
    }
    rest.ascii = this.ascii
    rest.trim()
    return rest
  }

  private resize(capacity: number): void {
    const fit = <T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(old: T, into: T): T => {
      into.set(old.length > into.length ? old.subarray(0, into.length) : old)
      return into
    }
    this.nameStart = fit(this.nameStart, new Uint32Array(capacity))
    this.nameEnd = fit(this.nameEnd, new Uint32Array(capacity))
    this.hash = fit(this.hash, new Int32Array(capacity))
    this.family = fit(this.family, new Uint32Array(capacity))
    this.begin = fit(this.begin, new Float64Array(capacity))
    this.end = fit(this.end, new Float64Array(capacity))
    this.fault = fit(this.fault, new Uint8Array(capacity))
  }
}
