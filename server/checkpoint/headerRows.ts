// The rows of one header, from the scanner to columns. The scanner takes in what is written plainly; what is not comes in
// one by one, read by others.

import { dtypes } from './dtype'
import { type ColumnParts, Fault, HeaderColumns } from './headerColumns'
import { maxTensors } from './limits'
import { NameIndex } from './nameIndex'
import { copied, scannerFor, type Scanner } from './scanner'
import { Family, type FamilyRows } from './tensorFamilies'

/** A row that the scanner did not take in by itself. */
export interface OddRow {
  readonly nameStart: number
  readonly nameEnd: number
  /** Index into `dtypes`. */
  readonly dtype: number
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
  /** One of `Fault`. */
  readonly fault: number
  /** Where its JSON value is, where that is to be known. */
  readonly span: { readonly start: number; readonly end: number } | undefined
}

/** What a header says, and where each name is. */
export interface Rows {
  readonly columns: HeaderColumns
  readonly index: NameIndex
}

/** The same without the rows named; for the rare header that has a name twice. */
export function rowsWithout(columns: HeaderColumns, dropped: ReadonlySet<number>): Rows {
  const rest = new HeaderRows(columns.names, false, columns.count)
  for (let row = 0; row < columns.count; row++) {
    if (dropped.has(row)) continue
    const { dtype, shape } = columns.familyAt(row)
    rest.add({
      nameStart: columns.nameStart[row] ?? 0,
      nameEnd: columns.nameEnd[row] ?? 0,
      dtype: dtypes.indexOf(dtype),
      shape,
      begin: columns.begin[row] ?? 0,
      end: columns.end[row] ?? 0,
      fault: columns.fault[row] ?? Fault.none,
      span: columns.spans.get(row),
    })
  }
  return rest.finish(columns.ascii)
}

/** The rows of one header while they are taken in. */
export class HeaderRows {
  private readonly scanner: Scanner
  private readonly text: number
  private readonly faults: (readonly [row: number, fault: number])[] = []
  private readonly spans = new Map<number, { readonly start: number; readonly end: number }>()
  /** Names that had escapes, with where they begin, counted from the header's beginning. */
  private readonly decoded: { readonly start: number; readonly name: Uint8Array }[] = []
  private decodedBytes = 0
  private ascii = true

  /** `names` holds the header; or its columns' names, where `rows` are put together anew. What is lent is not kept. */
  constructor(
    private readonly names: Uint8Array,
    private readonly isLent = false,
    rows = 0,
  ) {
    this.scanner = scannerFor(names.length)
    this.text = this.scanner.openHeader(names.length, maxTensors, rows)
    new Uint8Array(this.scanner.memory.buffer).set(names, this.text)
  }

  get count(): number {
    return this.scanner.count.value
  }

  /** Bytes of 0x80 and more were met in a name that was taken in. */
  get nonAscii(): boolean {
    return this.scanner.nonAscii.value !== 0
  }

  /**
   * Takes in the entries from the one at `from` that are plain: where the next one stands that is not, or what stands
   * behind one in place of a comma.
   */
  take(from: number): { readonly at: number; readonly isBehind: boolean } {
    const isBehind = this.scanner.headerEntries(from) !== 0
    return { at: this.scanner.at.value, isBehind }
  }

  /** Takes in a name that had escapes, decoded: where it begins. */
  addName(name: Uint8Array): number {
    const address = this.scanner.decodedName(this.decodedBytes)
    new Uint8Array(this.scanner.memory.buffer).set(name, address)
    this.decoded.push({ start: address - this.text, name })
    this.decodedBytes += name.length
    this.ascii &&= name.every(code => code < 0x80)
    return address - this.text
  }

  add({ nameStart, nameEnd, dtype, shape, begin, end, fault, span }: OddRow): void {
    const { scanner } = this
    const row = this.count
    scanner.clearDims()
    for (const dim of shape) scanner.addDim(dim)
    scanner.addOddRow(nameStart, nameEnd, dtype, begin, end, begin | 0)
    if (fault !== Fault.none) this.faults.push([row, fault])
    if (span) this.spans.set(row, span)
  }

  /** All rows, and their names by hash; `ascii` says that all bytes of the header's names are. */
  finish(ascii: boolean): Rows {
    const { scanner, count } = this
    const again = scanner.indexNames()
    const fault = new Uint8Array(count)
    for (const [row, what] of this.faults) fault[row] = what
    const { slots, ...columnsAndNames } = this.packed()
    const parts: ColumnParts = {
      count,
      ascii: ascii && this.ascii,
      ...columnsAndNames,
      fault,
      spans: this.spans,
      inOrder: scanner.inOrder.value !== 0,
      lastEnd: scanner.lastEnd.value,
      beginBits: scanner.beginBits.value,
      spanBytes: scanner.spanBytes.value,
      nameSum: scanner.nameSum.value,
      mixedSum: scanner.mixedSum.value,
    }
    const columns = new HeaderColumns(parts, rows => this.families(rows))
    const superseded = again > 0 ? copied(Int32Array, scanner, scanner.superseded, again) : []
    return { columns, index: new NameIndex(columns, again < 0 ? undefined : slots, superseded) }
  }

  /** The columns and the table of names of server/scan/rows.ts, in one buffer; before them the names, where they are not kept. */
  private packed() {
    const { scanner, count } = this
    const names = this.isLent ? undefined : this.allNames()
    scanner.packRows(this.isLent ? 1 : 0)
    const start = scanner.packed.value
    const buffer = scanner.memory.buffer.slice(start, start + scanner.packedBytes.value)
    const before = names ? 0 : scanner.packedNames.value
    const at = (before + 7) & ~7
    const behind = at + count * 16
    return {
      names: names ?? new Uint8Array(buffer, 0, before),
      begin: new Float64Array(buffer, at, count),
      end: new Float64Array(buffer, at + count * 8, count),
      nameStart: new Uint32Array(buffer, behind, count),
      nameEnd: new Uint32Array(buffer, behind + count * 4, count),
      hash: new Int32Array(buffer, behind + count * 8, count),
      family: new Uint32Array(buffer, behind + count * 12, count),
      slots: new Int32Array(buffer, behind + count * 16, scanner.slotCount.value),
    }
  }

  private allNames(): Uint8Array {
    const last = this.decoded.at(-1)
    if (!last) return this.names
    const all = new Uint8Array(last.start + last.name.length)
    all.set(this.names)
    for (const { start, name } of this.decoded) all.set(name, start)
    return all
  }

  /** From the records of server/scan/families.ts. */
  private families(rows: FamilyRows): readonly Family[] {
    const { buffer } = this.scanner.memory
    const [words, doubles] = [new Int32Array(buffer), new Float64Array(buffer)]
    const families: Family[] = []
    for (let at = this.scanner.firstFamily.value >> 2; at !== 0; at = (words[at] ?? 0) >> 2)
      families.push(new Family(rows, families.length, words, doubles, at))
    return families
  }
}
