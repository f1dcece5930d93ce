// The header of a safetensors file, from bytes to columns: {"__metadata__": {...}, name: {dtype, shape, data_offsets}}.
// The fast path below reads an entry without making a string or an object; whatever it does not expect goes to
// oddEntry.ts. Source: huggingface/safetensors, safetensors/src/tensor.rs (0.8), HashMetadata and TensorInfo.

import { dtypeBits, dtypes } from './dtype'
import { Fault, HeaderColumns } from './headerColumns'
import { JsonBytes } from './jsonBytes'
import { maxHeaderDepth, maxRank, maxTensors } from './limits'
import { finishHash, hashSeed, hashSpan, isPlainWord, mixByte, mixWord, viewOf } from './nameHash'
import { type BrokenEntry, faultOf, readOddEntry } from './oddEntry'

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
  /** All names are ASCII. */
  readonly ascii: boolean
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
  private readonly decoded: Uint8Array[] = []
  private decodedBytes = 0
  private ascii = true
  private tooMany = false
  // What the methods below hand to one another beside a position.
  private number = 0
  private elements = 1
  private rank = 0
  private begin = 0
  private end = 0
  private nameStart = 0
  private nameEnd = 0
  private hash = 0
  private dtype = 0
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
    if (this.decodedBytes > 0) this.columns.setNames(joined([bytes, ...this.decoded]))
    return {
      columns: this.columns,
      json,
      ascii: this.ascii && !json.nonAscii,
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
      i = this.name(i)
      if (i < 0) return -1
      if (bytes[i] !== 0x3a) i = json.punctuation(i, 0x3a) - 1
      if (i < 0) return -1
      i++
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
      i = this.isMetadata() ? this.metadataValue(i) : this.entryValue(i)
      if (i < 0) return -1
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
      if (bytes[i] === 0x7d) return i + 1
      if (bytes[i] !== 0x2c) return json.fail(i, '"," or "}"')
      i++
      if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
    }
  }

  /** A tensor's name: sets its span and hash (as hashSpan has it). */
  private name(at: number): number {
    const { bytes, view } = this
    if (bytes[at] !== 0x22) return this.json.fail(at, 'a name in quotes')
    let hash = hashSeed
    let i = at + 1
    for (const last = bytes.length - 4; i <= last; i += 4) {
      const four = view.getInt32(i)
      if (!isPlainWord(four)) break
      hash = mixWord(hash, four)
    }
    for (;;) {
      const c = bytes[i] ?? 0
      if (c === 0x22) break
      if (c < 0x23 || c === 0x5c || c >= 0x80) return this.oddName(at)
      hash = mixByte(hash, c)
      i++
    }
    this.nameStart = at + 1
    this.nameEnd = i
    this.hash = finishHash(hash)
    return i + 1
  }

  private oddName(at: number): number {
    const end = this.json.string(at)
    if (end < 0) return -1
    this.nameStart = at + 1
    this.nameEnd = end - 1
    let from = this.bytes
    if (this.json.escaped) {
      from = encode(JSON.parse(this.json.text(at, end)) as string)
      this.decoded.push(from)
      this.nameStart = this.bytes.length + this.decodedBytes
      this.nameEnd = this.nameStart + from.length
      this.decodedBytes += from.length
      this.ascii &&= from.every(code => code < 0x80)
      this.hash = hashSpan(viewOf(from), 0, from.length)
    } else {
      this.hash = hashSpan(this.view, this.nameStart, this.nameEnd)
    }
    return end
  }

  private isMetadata(): boolean {
    if (this.nameEnd - this.nameStart !== metadataName.length) return false
    if (this.nameStart < this.bytes.length) return startsWith(this.bytes, this.nameStart, metadataName)
    const name = this.decoded[this.decoded.length - 1]
    return name !== undefined && startsWith(name, 0, metadataName)
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
    if (end < 0) {
      columns.dimCount = columns.dimStart[row] ?? 0
      return this.json.failedAt < 0 ? this.oddEntry(at, row) : -1
    }
    const bits = this.elements * (bitsOf[this.dtype] ?? 0)
    const fault = this.end < this.begin || bits !== (this.end - this.begin) * 8 ? this.exactFault(row) : Fault.none
    this.finish(this.begin, this.end, fault)
    if (fault !== Fault.none) columns.spans.set(row, { start: at, end })
    return end
  }

  private finish(begin: number, end: number, fault: number): void {
    this.columns.add(this.nameStart, this.nameEnd, this.hash, this.dtype, begin, end, fault)
  }

  private exactFault(row: number): number {
    const { columns } = this
    const dims = columns.dims.subarray(columns.dimStart[row], columns.dimCount)
    return faultOf(this.dtype, Array.from(dims, BigInt), BigInt(this.begin), BigInt(this.end))
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
    const { bytes, json, columns } = this
    this.elements = 1
    this.rank = 0
    if (at < 0 || bytes[at] !== 0x5b) return -1
    let i = at + 1
    if ((bytes[i] ?? 0) <= 0x20) i = json.space(i)
    if (bytes[i] === 0x5d) return i + 1
    for (;;) {
      i = this.whole(i)
      if (i < 0 || ++this.rank > maxRank) return -1
      columns.pushDim(this.number)
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
    let i = this.whole(json.space(at + 1))
    if (i < 0) return -1
    this.begin = this.number
    if (bytes[i] !== 0x2c) i = json.space(i)
    if (bytes[i] !== 0x2c) return -1
    i = this.whole(json.space(i + 1))
    if (i < 0) return -1
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
    const { columns, json } = this
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
    for (const dim of entry.shape) columns.pushDim(Number(dim))
    this.dtype = entry.dtype
    this.finish(Number(entry.begin), Number(entry.end), faultOf(entry.dtype, entry.shape, entry.begin, entry.end))
    columns.spans.set(row, { start: at, end })
    return end
  }

  private nameText(): string {
    const inHeader = this.nameStart < this.bytes.length
    const from = inHeader ? this.bytes.subarray(this.nameStart, this.nameEnd) : this.decoded[this.decoded.length - 1]
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(from)
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

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
