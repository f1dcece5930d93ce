// The entries of a header as columns: a row for each tensor, all numbers, in the order of the header.
// It knows nothing of JSON; the scanner fills it, the validation reads it, the tensor table is a view of it.

/** What a row's own numbers say against it; 0 where they agree. */
export const Fault = { none: 0, reversed: 1, size: 2, overflow: 3, unaligned: 4 } as const

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
  /** Where the entry's JSON value is, for the rows with a fault or written in an odd way. */
  readonly spans = new Map<number, { readonly start: number; readonly end: number }>()

  constructor(
    capacity: number,
    /** The header, and behind it the names that had escapes, decoded. */
    public names: Uint8Array,
  ) {
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

  /** Gives back the room that was not needed. */
  trim(): void {
    this.resize(this.count)
    this.dims = this.dims.slice(0, this.dimCount)
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
      const to = rest.count++
      rest.nameStart[to] = this.nameStart[row] ?? 0
      rest.nameEnd[to] = this.nameEnd[row] ?? 0
      rest.hash[to] = this.hash[row] ?? 0
      rest.dtype[to] = this.dtype[row] ?? 0
      rest.begin[to] = this.begin[row] ?? 0
      rest.end[to] = this.end[row] ?? 0
      rest.fault[to] = this.fault[row] ?? 0
      for (const dim of this.shape(row)) rest.pushDim(dim)
      rest.dimStart[to + 1] = rest.dimCount
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
