// The entries of a header as columns: a row for each tensor, all numbers, in the order of the header.
// It knows nothing of JSON; the scanner fills it, the validation reads it, the tensor table is a view of it.

import { viewOf } from './nameHash'

/** What a row's own numbers say against it; 0 where they agree. */
export const Fault = { none: 0, reversed: 1, size: 2, overflow: 3, unaligned: 4 } as const

/** A quarter of a row of 45 bytes is less than its name. */
const maxSlack = 1.25

export class HeaderColumns {
  count = 0
  dimCount = 0
  /** Names are spans of `names`. */
  nameStart: Uint32Array
  nameEnd: Uint32Array
  hash: Int32Array
  /** Index into `dtypes`. */
  dtype: Uint8Array
  /** Row i has the dims from dimStart[i] to dimStart[i + 1]. */
  dimStart: Uint32Array
  dims: Float64Array
  /** Bytes from the start of the data, as the header states them. */
  begin: Float64Array
  end: Float64Array
  fault: Uint8Array
  /** Every row so far begins where the one before it ends, the first at 0. */
  inOrder = true
  /** The farthest byte of the data that a row names. */
  lastEnd = 0
  /** Sum of the rows' lengths. */
  spanBytes = 0
  /** Bit i: a row has dtype i. */
  dtypeMask = 0
  /** Where the entry's JSON value is, for the rows with a fault or written in an odd way. */
  readonly spans = new Map<number, { readonly start: number; readonly end: number }>()

  /** The header, and behind it the names that had escapes, decoded. */
  names: Uint8Array
  /** Over the same bytes. */
  view: DataView

  constructor(capacity: number, names: Uint8Array) {
    this.names = names
    this.view = viewOf(names)
    this.nameStart = new Uint32Array(capacity)
    this.nameEnd = new Uint32Array(capacity)
    this.hash = new Int32Array(capacity)
    this.dtype = new Uint8Array(capacity)
    this.dimStart = new Uint32Array(capacity + 1)
    this.dims = new Float64Array(capacity * 2)
    this.begin = new Float64Array(capacity)
    this.end = new Float64Array(capacity)
    this.fault = new Uint8Array(capacity)
  }

  setNames(names: Uint8Array): void {
    this.names = names
    this.view = viewOf(names)
  }

  /** Makes room for one more row. */
  reserve(): void {
    if (this.count < this.dtype.length) return
    this.resize(Math.max(16, this.count * 2))
  }

  pushDim(dim: number): void {
    if (this.dimCount === this.dims.length) {
      const dims = new Float64Array(Math.max(16, this.dimCount * 2))
      dims.set(this.dims)
      this.dims = dims
    }
    this.dims[this.dimCount++] = dim
  }

  /** Ends a row whose dims are pushed already. */
  add(
    nameStart: number,
    nameEnd: number,
    hash: number,
    dtype: number,
    begin: number,
    end: number,
    fault: number,
  ): void {
    const row = this.count++
    this.nameStart[row] = nameStart
    this.nameEnd[row] = nameEnd
    this.hash[row] = hash
    this.dtype[row] = dtype
    this.dimStart[row + 1] = this.dimCount
    this.begin[row] = begin
    this.end[row] = end
    this.fault[row] = fault
    this.dtypeMask |= 1 << dtype
    if (begin !== this.lastEnd || end < begin) this.inOrder = false
    if (end > this.lastEnd) this.lastEnd = end
    if (end > begin) this.spanBytes += end - begin
  }

  /** Gives back the room that was not needed, where it is worth a copy. */
  trim(): void {
    if (this.dtype.length > this.count * maxSlack) this.resize(this.count)
    if (this.dims.length > this.dimCount * maxSlack) this.dims = this.dims.slice(0, this.dimCount)
  }

  /** The shape of a row, in elements. */
  shape(row: number): number[] {
    return Array.from(this.dims.subarray(this.dimStart[row], this.dimStart[row + 1]))
  }

  /** The same without the rows named; for the rare header that has a name twice. */
  without(dropped: ReadonlySet<number>): HeaderColumns {
    const rest = new HeaderColumns(this.count - dropped.size, this.names)
    for (let row = 0; row < this.count; row++) {
      if (dropped.has(row)) continue
      const to = rest.count
      for (const dim of this.shape(row)) rest.pushDim(dim)
      rest.add(
        this.nameStart[row] ?? 0,
        this.nameEnd[row] ?? 0,
        this.hash[row] ?? 0,
        this.dtype[row] ?? 0,
        this.begin[row] ?? 0,
        this.end[row] ?? 0,
        this.fault[row] ?? 0,
      )
      const span = this.spans.get(row)
      if (span) rest.spans.set(to, span)
    }
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
    this.dtype = fit(this.dtype, new Uint8Array(capacity))
    this.dimStart = fit(this.dimStart, new Uint32Array(capacity + 1))
    this.begin = fit(this.begin, new Float64Array(capacity))
    this.end = fit(this.end, new Float64Array(capacity))
    this.fault = fit(this.fault, new Uint8Array(capacity))
  }
}
