// Walks the text of an index, `*.safetensors.index.json`, once: where each name and each file stands, with a hash of the name
// made on the way, so that looking it up needs no second pass. It makes no string but one for each file. What is read is
// kept in numbers; shardIndex.ts makes entries of them.

import { finishHash, hashSeed, mixByte, mixWord } from './nameHash'
import type { IndexFault } from './shardIndex'

const [quote, backslash, comma, colon, open, close, lastAscii] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x7d, 0x7f]

/** An entry is longer than this many UTF-16 units, mostly by far. */
const shortestEntry = 32

export class IndexReader {
  count = 0
  /** Four numbers for each entry: begin and end of the name and of the file, quotes included. */
  spans: Uint32Array
  /** Of every name its hash, or 0 with a mark in `odd` where it has escapes or is not ASCII. */
  hashes: Int32Array
  readonly odd = new Set<number>()
  /** Of every entry the number of its file, in the order of `files`. */
  fileOf: Uint32Array
  /** Each file with the offset of its first mention. */
  readonly files = new Map<string, number>()
  totalSize: { readonly value: number; readonly offset: number; readonly length: number } | undefined
  readonly faults: IndexFault[] = []
  private readonly numbers = new Map<string, number>()
  private at = 0
  /** Of the last key: its hash, undefined where that has to be decoded first. */
  private keyHash: number | undefined
  /** The file of the entry before, as written: the next one mostly has the same. */
  private lastFile = ''
  private lastNumber = 0

  constructor(private readonly text: string) {
    const room = Math.ceil(text.length / shortestEntry)
    this.spans = new Uint32Array(room * 4)
    this.hashes = new Int32Array(room)
    this.fileOf = new Uint32Array(room)
  }

  read(): void {
    const { text } = this
    const mark = text.charCodeAt(0) === 0xfeff ? 1 : 0
    const start = this.space(mark)
    const seen = new Set<string>()
    const whole = this.object(start, (at, keyStart, keyEnd) => {
      const key = unquote(text, keyStart, keyEnd)
      if (text.charCodeAt(at) === open) seen.add(key)
      if (key === 'weight_map') return this.object(at, this.entry)
      if (key === 'metadata') return this.object(at, this.metadatum)
      return this.skip(at)
    })
    const isJson = mark === 0 && whole && start < text.length && this.space(this.at) === text.length
    const fault = (kind: IndexFault['kind'], offset: number, length: number): void =>
      void this.faults.unshift({ kind, offset, length, count: 1 })
    if (!isJson) fault('not-json', start, 0)
    else if (text.charCodeAt(start) !== open) fault('not-an-object', start, this.at - start)
    else if (!seen.has('weight_map')) fault('no-weight-map', start, 1)
    else if (!seen.has('metadata')) fault('no-metadata', start, 1)
  }

  private readonly entry = (valueAt: number, keyStart: number, keyEnd: number): boolean => {
    const hash = this.keyHash
    const end = this.value(valueAt)
    if (end < 0) return this.oddValue(valueAt)
    const number = this.count++
    if (number === this.fileOf.length) this.grow()
    const { spans } = this
    spans[number * 4] = keyStart
    spans[number * 4 + 1] = keyEnd
    spans[number * 4 + 2] = valueAt
    spans[number * 4 + 3] = end
    if (hash === undefined) this.odd.add(number)
    else this.hashes[number] = hash
    this.fileOf[number] = this.lastNumber
    this.at = end
    return true
  }

  private readonly metadatum = (valueAt: number, keyStart: number, keyEnd: number): boolean => {
    const ended = this.skip(valueAt)
    const isSize = unquote(this.text, keyStart, keyEnd) === 'total_size'
    const written = isSize ? this.text.slice(valueAt, this.at) : ''
    if (/^-?\d/.test(written)) this.totalSize = { value: Number(written), offset: valueAt, length: written.length }
    return ended
  }

  /** The end of a file name, which becomes the last one; -1 where there is none. */
  private value(start: number): number {
    const { text, lastFile } = this
    if (lastFile !== '' && text.startsWith(lastFile, start)) return start + lastFile.length
    const end = text.charCodeAt(start) === quote ? this.string(start) : -1
    if (end < 0) return -1
    this.lastFile = text.slice(start, end)
    const file = unquote(text, start, end)
    let number = this.numbers.get(file)
    if (number === undefined) {
      this.numbers.set(file, (number = this.files.size))
      this.files.set(file, start)
    }
    this.lastNumber = number
    return end
  }

  /** A value that is no file name: the first is shown, the others are counted. */
  private oddValue(at: number): boolean {
    const ended = this.skip(at)
    const known = this.faults[0]
    this.faults[0] = {
      kind: 'not-a-file-name',
      offset: known?.offset ?? at,
      length: known?.length ?? this.at - at,
      count: (known?.count ?? 0) + 1,
    }
    return ended
  }

  private grow(): void {
    const room = Math.max(16, this.fileOf.length * 2)
    const [spans, hashes, fileOf] = [new Uint32Array(room * 4), new Int32Array(room), new Uint32Array(room)]
    spans.set(this.spans)
    hashes.set(this.hashes)
    fileOf.set(this.fileOf)
    this.spans = spans
    this.hashes = hashes
    this.fileOf = fileOf
  }

  /** Walks an object's members; `member` must leave `at` behind the value. False where the text breaks off. */
  private object(from: number, member: (valueAt: number, keyStart: number, keyEnd: number) => boolean): boolean {
    const { text } = this
    this.at = this.space(from)
    if (text.charCodeAt(this.at) !== open) return this.skip(this.at)
    this.at = this.space(this.at + 1)
    if (text.charCodeAt(this.at) === close) {
      this.at++
      return true
    }
    for (;;) {
      const keyStart = this.at
      const keyEnd = text.charCodeAt(keyStart) === quote ? this.key(keyStart) : -1
      if (keyEnd < 0) return false
      const behind = this.space(keyEnd)
      if (text.charCodeAt(behind) !== colon) return false
      if (!member(this.space(behind + 1), keyStart, keyEnd)) return false
      this.at = this.space(this.at)
      const next = text.charCodeAt(this.at++)
      if (next === close) return true
      if (next !== comma) return false
      this.at = this.space(this.at)
    }
  }

  /** Behind a key, whose hash is made on the way; -1 where it does not end. */
  private key(start: number): number {
    const { text } = this
    let hash = hashSeed
    let i = start + 1
    for (;;) {
      const a = text.charCodeAt(i)
      const b = text.charCodeAt(i + 1)
      const c = text.charCodeAt(i + 2)
      const d = text.charCodeAt(i + 3)
      if (isOdd(a) || isOdd(b) || isOdd(c) || isOdd(d)) break
      hash = mixWord(hash, (a << 24) | (b << 16) | (c << 8) | d)
      i += 4
    }
    for (let c = text.charCodeAt(i); !isOdd(c); c = text.charCodeAt(++i)) hash = mixByte(hash, c)
    const isPlain = text.charCodeAt(i) === quote
    this.keyHash = isPlain ? finishHash(hash) : undefined
    return isPlain ? i + 1 : this.string(start)
  }

  /** Leaves `at` behind any value, by its brackets and strings alone. */
  private skip(from: number): boolean {
    const { text } = this
    let depth = 0
    let at = from
    while (at < text.length) {
      const c = text[at]
      if (c === '"') {
        at = this.string(at)
        if (at < 0) return false
        if (depth === 0) break
        continue
      }
      if (c === '{' || c === '[') depth++
      else if (c === '}' || c === ']') {
        if (depth === 0) break
        if (--depth === 0) {
          at++
          break
        }
      } else if (depth === 0 && (c === ',' || c === ' ' || c === '\n' || c === '\r' || c === '\t')) break
      at++
    }
    this.at = at
    return at > from
  }

  /** Behind a string, or -1 where it does not end. */
  private string(at: number): number {
    const { text } = this
    let end = text.indexOf('"', at + 1)
    while (end > 0) {
      let slashes = 0
      while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
      if (slashes % 2 === 0) return end + 1
      end = text.indexOf('"', end + 1)
    }
    return -1
  }

  private space(at: number): number {
    let i = at
    for (;;) {
      const c = this.text.charCodeAt(i)
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return i
      i++
    }
  }
}

/** Ends the plain part of a name; the end of the text, which is NaN, does as well. */
const isOdd = (c: number): boolean => c === quote || c === backslash || !(c <= lastAscii)

/** A string without its quotes and escapes; as written where an escape is none. */
export function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1)
  if (!inner.includes('\\')) return inner
  try {
    return JSON.parse(text.slice(start, end)) as string
  } catch {
    return inner
  }
}
