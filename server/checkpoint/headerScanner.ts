// The header of a safetensors file, from bytes to columns: {"__metadata__": {...}, name: {dtype, shape, data_offsets}}.
// Most entries read like an earlier one but for their numbers, and are compared with it; the others are read field by field,
// without making a string or an object; whatever that does not expect goes to oddEntry.ts. Source: huggingface/safetensors, safetensors/src/tensor.rs (0.8), HashMetadata and TensorInfo.

import { dtypeBits, dtypes } from './dtype'
import { Fault, HeaderColumns } from './headerColumns'
import { JsonBytes } from './jsonBytes'
import { maxHeaderDepth, maxRank, maxTensors } from './limits'
import { hashPart, hashRest, hashSeed, hashSpan, isPlainWord, mixWord, viewOf } from './nameHash'
import { type BrokenEntry, faultOf, readOddEntry } from './oddEntry'
import { type Family, isDigit, numberEnd } from './tensorFamilies'

/** An entry of the header that gives no tensor. */
export interface LostEntry extends BrokenEntry {
  readonly name: string
  /** The rows from this one on come after it. */
  readonly row: number
  /** Where its JSON value is in the header. */
  readonly start: number
  readonly end: number
}

export interface ScannedHeader {
  readonly columns: HeaderColumns
  readonly json: JsonBytes
  readonly lost: readonly LostEntry[]
  /** The JSON of each `__metadata__`; more than one is a fault. */
  readonly metadata: readonly string[]
  /** Behind the closing brace and white space: where something else begins, or -1. */
  readonly trailingAt: number
  readonly byteOrderMark: boolean
  readonly tooMany: boolean
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
/** What follows `data_o`. */
const restOfOffsets = encode('ffsets"')
const metadataName = encode('__metadata__')
const dtypeBytes = dtypes.map(encode)
const bitsOf = Float64Array.from(dtypes, dtype => dtypeBits[dtype])
const dtypeByHash = new Map(dtypeBytes.map((bytes, i) => [hashSpan(viewOf(bytes), 0, bytes.length), i]))

/** More digits than this may not fit a double exactly. */
const maxDigits = 15
const powersOfTen = [1, 10, 100, 1e3, 1e4, 1e5, 1e6]

/** Scans a whole header. Stops at the first syntax error, keeping what came before. */
export function scanHeader(bytes: Uint8Array): ScannedHeader {
  return new HeaderScanner(bytes).scan()
}

class HeaderScanner {
  private readonly json: JsonBytes
  private readonly columns: HeaderColumns
  private readonly lost: LostEntry[] = []
  private readonly metadata: string[] = []
  private ascii = true
  private tooMany = false
  // What the methods below hand to one another beside a position.
  private number = 0
  private elements = 1
  private readonly dims: number[] = []
  private rank = 0
  private begin = 0
  private end = 0
  private nameStart = 0
  private nameEnd = 0
  private dtype = 0
  private hash = 0
  private hashed = 0
  /** How the entry is written around its offsets. */
  private lead = 0
  private leadEnd = 0
  private gap = 0
  private gapEnd = 0
  /** The family of the row that was read last. */
  private before: Family | undefined
  private readonly view: DataView

  constructor(private readonly bytes: Uint8Array) {
    this.json = new JsonBytes(bytes)
    this.view = viewOf(bytes)
    // Entries take about 130 bytes; too small a guess costs one doubling.
    this.columns = new HeaderColumns(Math.ceil(bytes.length / 110), bytes)
  }

  scan(): ScannedHeader {
    const { bytes, json } = this
    const byteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    const behind = this.entries(byteOrderMark ? 3 : 0)
    const rest = behind < 0 ? -1 : json.space(behind)
    this.columns.trim()
    this.columns.ascii = this.ascii && !json.nonAscii
    return {
      columns: this.columns,
      json,
      lost: this.lost,
      metadata: this.metadata,
      trailingAt: rest >= 0 && rest < bytes.length ? rest : -1,
      byteOrderMark,
      tooMany: this.tooMany,
    }
  }

  /** All name-value pairs of the root object: to behind its closing brace. */
  private entries(at: number): number {
    const { bytes, json } = this
    let i = json.space(at)
    if (bytes[i] !== 0x7b) return json.fail(i, 'an object')
    i = json.space(i + 1)
    if (bytes[i] === 0x7d) return i + 1
    for (;;) {
      const behind = this.expectedEntry(i)
      i = behind < 0 ? this.entry(i) : behind
      if (i < 0) return -1
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
      if (bytes[i] === 0x7d) return i + 1
      if (bytes[i] !== 0x2c) return json.fail(i, '"," or "}"')
      i++
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
    }
  }

  /** A name and its value. */
  private entry(at: number): number {
    const { bytes, json } = this
    let i = this.name(at)
    if (i < 0) return -1
    if (bytes[i] !== 0x3a) i = json.punctuation(i, 0x3a) - 1
    if (i < 0) return -1
    i++
    if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
    return this.isMetadata() ? this.metadataValue(i) : this.entryValue(i)
  }

  /**
   * An entry that reads like those of the family that came next the last time, but for the numbers in its name and its
   * offsets, which must agree with the family's size. Behind it, or -1 where anything is otherwise.
   */
  private expectedEntry(at: number): number {
    const { bytes, columns } = this
    const family = this.before?.next
    const wording = family?.wording
    if (!family || !wording || bytes[at] !== 0x22 || columns.count >= maxTensors) return -1
    const start = at + 1
    const end = this.expectedName(family, start)
    if (end < 0 || !this.repeats(wording.lead, wording.leadLength, end)) return -1
    let i = this.whole(end + wording.leadLength)
    if (i < 0 || !this.repeats(wording.gap, wording.gapLength, i)) return -1
    const begin = this.number
    i = this.whole(i + wording.gapLength)
    if (i < 0 || this.number - begin !== family.bytes || !this.repeats(wording.tail, wording.tailLength, i)) return -1
    columns.reserve()
    const path = hashRest(this.view, this.hashed, end - family.tail, this.hash)
    this.takeRow(family, start, end, path, begin, this.number, Fault.none)
    return i + wording.tailLength
  }

  /**
   * The end of a name at `at` that is one of a family, but for its numbers; -1 where it is another. Sets up to where its
   * path was hashed on the way.
   */
  private expectedName({ last: row, tail }: Family, at: number): number {
    const { bytes, columns, view } = this
    const from = columns.nameStart[row] ?? 0
    const to = columns.nameEnd[row] ?? 0
    const last = bytes.length - 4
    let i = from
    let j = at
    let hash = hashSeed
    for (const pathTo = to - tail - 4; i <= pathTo && j <= last; i += 4, j += 4) {
      const word = view.getInt32(j)
      if (view.getInt32(i) !== word) break
      hash = mixWord(hash, word)
    }
    this.hashed = j
    this.hash = hash
    for (;;) {
      while (i + 4 <= to && j <= last && view.getInt32(i) === view.getInt32(j)) {
        i += 4
        j += 4
      }
      while (i < to && bytes[i] === bytes[j]) {
        i++
        j++
      }
      if (i === to) return j
      while (i > from && bytes[i - 1] !== 0x2e) {
        i--
        j--
      }
      if (!isDigit(bytes[i] ?? 0) || !isDigit(bytes[j] ?? 0)) return -1
      i = numberEnd(bytes, i, to)
      j = numberEnd(bytes, j, bytes.length)
      if (i === 0 || j === 0) return -1
    }
  }

  /** Whether the bytes of a span of the header are repeated at `at`. */
  private repeats(from: number, length: number, at: number): boolean {
    const { bytes, view } = this
    if (at + length > bytes.length) return false
    let i = 0
    for (; i + 4 <= length; i += 4) if (view.getInt32(from + i) !== view.getInt32(at + i)) return false
    for (; i < length; i++) if (bytes[from + i] !== bytes[at + i]) return false
    return true
  }

  /** Adds a row, and remembers what it came behind; `path` is the hash of its module's path. */
  private takeRow(
    family: Family,
    nameStart: number,
    nameEnd: number,
    path: number,
    begin: number,
    end: number,
    fault: number,
  ): void {
    const { columns, before } = this
    if (nameStart < this.bytes.length) family.last = columns.count
    columns.add(nameStart, nameEnd, path, family, begin, end, fault)
    if (before) before.next = family
    this.before = family
  }

  /** A tensor's name: sets its span. */
  private name(at: number): number {
    const { bytes, view } = this
    if (bytes[at] !== 0x22) return this.json.fail(at, 'a name in quotes')
    let i = at + 1
    for (const last = bytes.length - 4; i <= last; i += 4) if (!isPlainWord(view.getInt32(i))) break
    for (;;) {
      const c = bytes[i] ?? 0
      if (c === 0x22) break
      if (c < 0x23 || c === 0x5c || c >= 0x80) return this.oddName(at)
      i++
    }
    this.nameStart = at + 1
    this.nameEnd = i
    return i + 1
  }

  private oddName(at: number): number {
    const end = this.json.string(at)
    if (end < 0) return -1
    this.nameStart = at + 1
    this.nameEnd = end - 1
    if (this.json.escaped) {
      const decoded = encode(JSON.parse(this.json.text(at, end)) as string)
      this.nameStart = this.columns.addName(decoded)
      this.nameEnd = this.nameStart + decoded.length
      this.ascii &&= decoded.every(code => code < 0x80)
    }
    return end
  }

  private isMetadata(): boolean {
    if (this.nameEnd - this.nameStart !== metadataName.length) return false
    return startsWith(this.columns.names, this.nameStart, metadataName)
  }

  private metadataValue(at: number): number {
    const end = this.json.value(at, 1)
    if (end >= 0) this.metadata.push(this.json.text(at, end))
    return end
  }

  /** The value behind a name: a row, or a lost entry. */
  private entryValue(at: number): number {
    const { columns } = this
    if (columns.count >= maxTensors) {
      this.tooMany = true
      return this.json.value(at, 1)
    }
    columns.reserve()
    const row = columns.count
    const end = this.plainEntry(at)
    if (end < 0) return this.json.failedAt < 0 ? this.oddEntry(at, row) : -1
    const bits = this.elements * (bitsOf[this.dtype] ?? 0)
    const fault = this.end < this.begin || bits !== (this.end - this.begin) * 8 ? this.exactFault() : Fault.none
    const family = this.finish(this.begin, this.end, fault)
    if (fault !== Fault.none) columns.spans.set(row, { start: at, end })
    else if (!family.wording && this.nameStart < this.bytes.length) {
      const { lead, leadEnd, gap, gapEnd } = this
      family.bytes = this.end - this.begin
      family.wording = {
        lead: this.nameEnd,
        leadLength: lead - this.nameEnd,
        gap: leadEnd,
        gapLength: gap - leadEnd,
        tail: gapEnd,
        tailLength: end - gapEnd,
      }
    }
    return end
  }

  private finish(begin: number, end: number, fault: number): Family {
    const { columns, dims, rank, nameStart, nameEnd } = this
    const family = columns.families.of(columns.count, nameStart, nameEnd, this.dtype, dims, rank)
    const path = hashPart(columns.view, nameStart, nameEnd - family.tail)
    this.takeRow(family, nameStart, nameEnd, path, begin, end, fault)
    return family
  }

  private exactFault(): number {
    const dims = this.dims.slice(0, this.rank).map(BigInt)
    return faultOf(this.dtype, dims, BigInt(this.begin), BigInt(this.end))
  }

  /** An object with the three fields, each once and written plainly, perhaps others too: -1 for anything else. */
  private plainEntry(at: number): number {
    const { bytes, json } = this
    if (bytes[at] !== 0x7b) return -1
    let seen = 0
    let i = at + 1
    for (;;) {
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
      if (bytes[i] !== 0x22) return -1
      const first = i + 1
      if (this.isField(first, 0x64, 0x74, 0x79, 0x70, 0x65, 0x22)) {
        if (seen & 1) return -1
        seen |= 1
        i = this.dtypeValue(this.colon(first + 6))
      } else if (this.isField(first, 0x73, 0x68, 0x61, 0x70, 0x65, 0x22)) {
        if (seen & 2) return -1
        seen |= 2
        i = this.shape(this.colon(first + 6))
      } else if (
        this.isField(first, 0x64, 0x61, 0x74, 0x61, 0x5f, 0x6f) &&
        startsWith(bytes, first + 6, restOfOffsets)
      ) {
        if (seen & 4) return -1
        seen |= 4
        i = this.offsets(this.colon(first + 13))
      } else {
        i = this.otherField(i)
      }
      if (i < 0) return -1
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
      if (bytes[i] === 0x7d) return seen === 7 ? i + 1 : -1
      if (bytes[i] !== 0x2c) return -1
      i++
    }
  }

  /** Whether six bytes are those; written out, since this is asked for each field of each tensor. */
  private isField(at: number, a: number, b: number, c: number, d: number, e: number, f: number): boolean {
    const { bytes } = this
    return (
      bytes[at] === a &&
      bytes[at + 1] === b &&
      bytes[at + 2] === c &&
      bytes[at + 3] === d &&
      bytes[at + 4] === e &&
      bytes[at + 5] === f
    )
  }

  /** To the first byte of the value, or -1. */
  private colon(at: number): number {
    const { bytes, json } = this
    let i = at
    if (bytes[i] !== 0x3a) i = json.space(i)
    if (bytes[i] !== 0x3a) return -1
    return (bytes[++i] ?? 0) <= 0x20 ? json.space(i) : i
  }

  private otherField(at: number): number {
    const key = this.json.string(at)
    if (key < 0 || this.json.escaped) return -1
    const value = this.colon(key)
    return value < 0 ? -1 : this.json.value(value, 2)
  }

  private dtypeValue(at: number): number {
    const { bytes } = this
    if (at < 0 || bytes[at] !== 0x22) return -1
    let i = at + 1
    for (;;) {
      const c = bytes[i] ?? 0
      if (c === 0x22) break
      if (c < 0x20) return -1
      i++
    }
    const dtype = dtypeByHash.get(hashSpan(this.view, at + 1, i))
    const expected = dtype === undefined ? undefined : dtypeBytes[dtype]
    if (dtype === undefined || expected?.length !== i - at - 1 || !startsWith(bytes, at + 1, expected)) return -1
    this.dtype = dtype
    return i + 1
  }

  private shape(at: number): number {
    const { bytes, json, dims } = this
    this.elements = 1
    this.rank = 0
    if (at < 0 || bytes[at] !== 0x5b) return -1
    let i = at + 1
    if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
    if (bytes[i] === 0x5d) return i + 1
    for (;;) {
      i = this.whole(i)
      if (i < 0 || this.rank >= maxRank) return -1
      dims[this.rank++] = this.number
      this.elements *= this.number
      // Beyond 2^53 the product would be rounded; with a later dimension of 0 that could pass unseen.
      if (this.elements > Number.MAX_SAFE_INTEGER) return -1
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
      if (bytes[i] === 0x5d) return i + 1
      if (bytes[i] !== 0x2c) return -1
      i++
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
    }
  }

  private offsets(at: number): number {
    const { bytes, json } = this
    if (at < 0 || bytes[at] !== 0x5b) return -1
    this.lead = json.space(at + 1)
    let i = this.whole(this.lead)
    if (i < 0) return -1
    this.leadEnd = i
    this.begin = this.number
    if (bytes[i] !== 0x2c) i = json.space(i)
    if (bytes[i] !== 0x2c) return -1
    this.gap = json.space(i + 1)
    i = this.whole(this.gap)
    if (i < 0) return -1
    this.gapEnd = i
    this.end = this.number
    if (bytes[i] !== 0x5d) i = json.space(i)
    return bytes[i] === 0x5d ? i + 1 : -1
  }

  /** A whole number of at most 15 digits, without a sign, a fraction, an exponent or leading zeros. */
  private whole(at: number): number {
    const { bytes } = this
    // Nine digits at a time fit an int32, in which multiplying is twice as fast as in a double.
    let high = 0
    let value = 0
    let i = at
    for (;;) {
      const digit = (bytes[i] ?? 0) - 0x30
      if (digit >>> 0 > 9) break
      if (i - at === 9) {
        high = value
        value = 0
      }
      value = (Math.imul(value, 10) + digit) | 0
      i++
    }
    const digits = i - at
    if (digits === 0 || digits > maxDigits || (digits > 1 && bytes[at] === 0x30)) return -1
    this.number = digits > 9 ? high * (powersOfTen[digits - 9] ?? 1) + value : value
    return i
  }

  private oddEntry(at: number, row: number): number {
    const { columns, json, dims } = this
    const deepest = json.deepest
    json.deepest = 0
    const end = json.value(at, 1)
    if (end < 0) return -1
    const entry = json.deepest > maxHeaderDepth ? tooDeep : readOddEntry(json.text(at, end))
    json.deepest = Math.max(json.deepest, deepest)
    if (!entry.ok) {
      this.lost.push({ ...entry, name: this.nameText(), row, start: at, end })
      return end
    }
    this.rank = 0
    for (const dim of entry.shape) dims[this.rank++] = Number(dim)
    this.dtype = entry.dtype
    this.finish(Number(entry.begin), Number(entry.end), faultOf(entry.dtype, entry.shape, entry.begin, entry.end))
    columns.spans.set(row, { start: at, end })
    return end
  }

  private nameText(): string {
    const name = this.columns.names.subarray(this.nameStart, this.nameEnd)
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(name)
  }
}

/** Such an entry must not reach a parser that recurses. */
const tooDeep: BrokenEntry = {
  ok: false,
  kind: 'bad-entry',
  reason: `is nested more than ${maxHeaderDepth} levels deep`,
}

function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}
