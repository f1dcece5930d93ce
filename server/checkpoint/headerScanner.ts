// The header of a safetensors file, from bytes to columns: {"__metadata__": {...}, name: {dtype, shape, data_offsets}}.
// What is written plainly, the scanner of server/scan takes in; here is what it stops at: metadata, escapes, faults, and
// whatever oddEntry.ts can make something of. Source: huggingface/safetensors, safetensors/src/tensor.rs (0.8),
// HashMetadata and TensorInfo.

import { HeaderRows, type Rows } from './headerRows'
import { JsonBytes } from './jsonBytes'
import { maxHeaderDepth, maxTensors } from './limits'
import { type BrokenEntry, entryFields, faultOf, readOddEntry } from './oddEntry'

/** An entry of the header that gives no tensor. */
export interface LostEntry extends BrokenEntry {
  readonly name: string
  /** The rows from this one on come after it. */
  readonly row: number
  /** Where its JSON value is in the header. */
  readonly start: number
  readonly end: number
}

export interface ScannedHeader extends Rows {
  readonly json: JsonBytes
  readonly lost: readonly LostEntry[]
  /** The JSON of each `__metadata__`; more than one is a fault. */
  readonly metadata: readonly string[]
  /** Behind the closing brace and white space: where something else begins, or -1. */
  readonly trailingAt: number
  readonly byteOrderMark: boolean
  readonly tooMany: boolean
}

const [quote, colon, comma, openBrace, closeBrace] = [0x22, 0x3a, 0x2c, 0x7b, 0x7d]

/**
 * Scans a whole header. Stops at the first syntax error, keeping what came before. Of bytes that are lent only `json` keeps
 * hold.
 */
export function scanHeader(bytes: Uint8Array, isLent = false): ScannedHeader {
  return new HeaderScanner(bytes, isLent).scan()
}

class HeaderScanner {
  private readonly json: JsonBytes
  private readonly rows: HeaderRows
  private readonly lost: LostEntry[] = []
  private readonly metadata: string[] = []
  private tooMany = false

  constructor(
    private readonly bytes: Uint8Array,
    isLent: boolean,
  ) {
    this.json = new JsonBytes(bytes)
    this.rows = new HeaderRows(bytes, isLent)
  }

  scan(): ScannedHeader {
    const { bytes, json, rows } = this
    const byteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    const behind = this.entries(byteOrderMark ? 3 : 0)
    const rest = behind < 0 ? -1 : json.space(behind)
    json.nonAscii ||= rows.nonAscii
    return {
      ...rows.finish(!json.nonAscii),
      json,
      lost: this.lost,
      metadata: this.metadata,
      trailingAt: rest >= 0 && rest < bytes.length ? rest : -1,
      byteOrderMark,
      tooMany: this.tooMany,
    }
  }

  /** All name-value pairs of the root object: to behind its closing brace. */
  private entries(start: number): number {
    const { bytes, json, rows } = this
    let i = json.space(start)
    if (bytes[i] !== openBrace) return json.fail(i, 'an object')
    i = json.space(i + 1)
    if (bytes[i] === closeBrace) return i + 1
    for (;;) {
      const { at, isBehind } = rows.take(i)
      i = isBehind ? at : this.entry(at)
      if (i < 0) return -1
      i = json.space(i)
      if (bytes[i] === closeBrace) return i + 1
      if (bytes[i] !== comma) return json.fail(i, '"," or "}"')
      i = json.space(i + 1)
    }
  }

  /** A name and its value, which the scanner left alone: to behind it, or -1. */
  private entry(at: number): number {
    const { bytes, json } = this
    if (bytes[at] !== quote) return json.fail(at, 'a name in quotes')
    const nameEnd = json.string(at)
    if (nameEnd < 0) return -1
    const name = json.escaped ? (JSON.parse(json.text(at, nameEnd)) as string) : undefined
    const behind = json.punctuation(nameEnd, colon)
    if (behind < 0) return -1
    const start = json.space(behind)
    const text = name ?? json.text(at + 1, nameEnd - 1)
    if (text === '__metadata__') {
      const end = json.value(start, 1)
      if (end >= 0) this.metadata.push(json.text(start, end))
      return end
    }
    if (this.rows.count >= maxTensors) {
      this.tooMany = true
      return json.value(start, 1)
    }
    return this.tensor(
      text,
      name === undefined ? { nameStart: at + 1, nameEnd: nameEnd - 1 } : this.decoded(name),
      start,
    )
  }

  private decoded(name: string): { nameStart: number; nameEnd: number } {
    const bytes = new TextEncoder().encode(name)
    const nameStart = this.rows.addName(bytes)
    return { nameStart, nameEnd: nameStart + bytes.length }
  }

  /** What a name is given: a row, or a lost entry. */
  private tensor(name: string, span: { nameStart: number; nameEnd: number }, start: number): number {
    const { json, rows } = this
    const { deepest } = json
    json.deepest = 0
    const end = json.value(start, 1)
    if (end < 0) return -1
    const text = json.deepest > maxHeaderDepth ? this.withoutOthers(start) : json.text(start, end)
    json.deepest = Math.max(json.deepest, deepest)
    const entry = text === undefined ? tooDeep : readOddEntry(text)
    if (!entry.ok) {
      this.lost.push({ ...entry, name, row: rows.count, start, end })
      return end
    }
    const { dtype, shape, begin, end: stop } = entry
    rows.add({
      ...span,
      dtype,
      shape: shape.map(Number),
      begin: Number(begin),
      end: Number(stop),
      fault: faultOf(dtype, shape, begin, stop),
      span: { start, end },
    })
    return end
  }

  /**
   * An entry that nests too deep, as far as it says what the format knows, with whatever other fields it has left out;
   * undefined where it would still nest too deep for a parser that recurses.
   */
  private withoutOthers(start: number): string | undefined {
    const { bytes, json } = this
    if (bytes[start] !== openBrace) return undefined
    const kept: string[] = []
    for (let i = start; bytes[i] !== closeBrace;) {
      const key = json.space(i + 1)
      const value = json.space(json.punctuation(json.string(key), colon))
      json.deepest = 0
      const end = json.value(value, 2)
      if (entryFields.includes(JSON.parse(json.text(key, json.string(key))) as string)) {
        if (json.deepest > maxHeaderDepth) return undefined
        kept.push(json.text(key, end))
      }
      i = json.space(end)
    }
    return `{${kept.join()}}`
  }
}

/** Such an entry must not reach a parser that recurses. */
const tooDeep: BrokenEntry = {
  ok: false,
  kind: 'bad-entry',
  reason: `is nested more than ${maxHeaderDepth} levels deep`,
}
