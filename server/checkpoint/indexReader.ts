// Walks the bytes of an index, `*.safetensors.index.json`, once: where each name and each file stands, with a hash of the
// name made on the way, so that looking it up needs no second pass. It makes no string but one for each file. What is read
// is kept in numbers, offsets in bytes; shardIndex.ts makes entries of them.

import { hasDot, hashFrom, hashSeed, isPlainWord, mixSum, mixWord, viewOf } from './nameHash'
import type { IndexFault } from './shardIndex'

const [quote, backslash, comma, colon, open, close] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x7d]
const mark = [0xef, 0xbb, 0xbf]

/** The names that one file is said to hold, added up as a shard adds up its own. */
interface FileContents {
  count: number
  nameSum: number
  mixedSum: number
  /** The hash of some name is not known. */
  isOdd: boolean
}

/** An entry is longer than this many bytes, mostly by far. */
const shortestEntry = 32

export class IndexReader {
  count = 0
  /** Four numbers for each entry: begin and end of the name and of the file, quotes included. */
  spans: Uint32Array
  /** Of every name its hash; 0 and a mark in `odd` where it has escapes, spaces, or is not ASCII. */
  hashes: Int32Array
  readonly odd = new Set<number>()
  /** Of every entry the number of its file, in the order of `files`. */
  fileOf: Uint32Array
  /** Each file with its number. */
  readonly files = new Map<string, number>()
  /** Of each file what is to be said of all its names. */
  readonly contents: FileContents[] = []
  totalSize: { readonly value: number; readonly offset: number; readonly length: number } | undefined
  readonly faults: IndexFault[] = []
  private at = 0
  /** Of the last key: its hash, undefined where that has to be decoded first. */
  private keyHash: number | undefined
  /** Where the file of the entry before stands, with its quotes: the next one mostly has the same. */
  private lastStart = 0
  private lastEnd = 0
  private lastNumber = 0
  readonly view: DataView

  constructor(private readonly bytes: Uint8Array) {
    this.view = viewOf(bytes)
    const room = Math.ceil(bytes.length / shortestEntry)
    this.spans = new Uint32Array(room * 4)
    this.hashes = new Int32Array(room)
    this.fileOf = new Uint32Array(room)
  }

  read(): void {
    const { bytes } = this
    const isMarked = mark.every((byte, i) => bytes[i] === byte)
    const start = this.space(isMarked ? mark.length : 0)
    const seen = new Set<string>()
    const whole = this.object(start, (at, keyStart, keyEnd) => {
      const key = unquote(bytes, keyStart, keyEnd)
      if (bytes[at] === open) seen.add(key)
      if (key === 'weight_map') return this.object(at, this.entry)
      if (key === 'metadata') return this.object(at, this.metadatum)
      return this.skip(at)
    })
    const isJson = !isMarked && whole && start < bytes.length && this.space(this.at) === bytes.length
    const fault = (kind: IndexFault['kind'], offset: number, length: number): void =>
      void this.faults.unshift({ kind, offset, length, count: 1 })
    if (!isJson) fault('not-json', start, 0)
    else if (bytes[start] !== open) fault('not-an-object', start, this.at - start)
    else if (!seen.has('weight_map')) fault('no-weight-map', start, 1)
    else if (!seen.has('metadata')) fault('no-metadata', start, 1)
  }

  private readonly entry = (valueAt: number, keyStart: number, keyEnd: number): boolean => {
    const end = this.value(valueAt)
    if (end < 0) return this.oddValue(valueAt)
    this.take(keyStart, keyEnd, valueAt, end)
    this.at = end
    return true
  }

  private take(keyStart: number, keyEnd: number, valueAt: number, end: number): void {
    const hash = this.keyHash
    const number = this.count++
    if (number === this.fileOf.length) this.grow()
    const { spans } = this
    spans[number * 4] = keyStart
    spans[number * 4 + 1] = keyEnd
    spans[number * 4 + 2] = valueAt
    spans[number * 4 + 3] = end
    const contents = this.contents[this.lastNumber]
    if (contents) contents.count++
    if (hash === undefined) {
      this.odd.add(number)
      if (contents) contents.isOdd = true
    } else {
      this.hashes[number] = hash
      if (contents) {
        contents.nameSum = (contents.nameSum + hash) | 0
        contents.mixedSum = (contents.mixedSum + mixSum(hash)) | 0
      }
    }
    this.fileOf[number] = this.lastNumber
  }

  private readonly metadatum = (valueAt: number, keyStart: number, keyEnd: number): boolean => {
    const ended = this.skip(valueAt)
    const isSize = unquote(this.bytes, keyStart, keyEnd) === 'total_size'
    const written = isSize ? textOf(this.bytes, valueAt, this.at) : ''
    if (/^-?\d/.test(written)) this.totalSize = { value: Number(written), offset: valueAt, length: written.length }
    return ended
  }

  /** The end of a file name, which becomes the last one; -1 where there is none. */
  private value(start: number): number {
    if (this.isLastFile(start)) return start + this.lastEnd - this.lastStart
    const { bytes } = this
    const end = bytes[start] === quote ? this.string(start) : -1
    if (end < 0) return -1
    this.lastStart = start
    this.lastEnd = end
    const file = unquote(bytes, start, end)
    let number = this.files.get(file)
    if (number === undefined) {
      this.files.set(file, (number = this.files.size))
      this.contents.push({ count: 0, nameSum: 0, mixedSum: 0, isOdd: false })
    }
    this.lastNumber = number
    return end
  }

  private isLastFile(start: number): boolean {
    const { bytes, view, lastStart } = this
    const length = this.lastEnd - lastStart
    if (start + length > bytes.length) return false
    // From behind: the files of a model begin alike.
    let i = length
    for (; i >= 4; i -= 4) if (view.getInt32(start + i - 4) !== view.getInt32(lastStart + i - 4)) return false
    while (i-- > 0) if (bytes[start + i] !== bytes[lastStart + i]) return false
    return length > 0
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

  /**
   * Takes in entries that are written as nearly all are: a plain name, the file of the entry before, and a
   * comma. Leaves `at` at the first name that is not, or is the last.
   */
  private plainEntries(): void {
    const { bytes } = this
    for (;;) {
      const keyStart = this.at
      if (bytes[keyStart] !== quote) return
      const keyEnd = this.key(keyStart)
      if (keyEnd < 0 || this.keyHash === undefined || bytes[keyEnd] !== colon) return
      const valueAt = bytes[keyEnd + 1] === 0x20 ? keyEnd + 2 : keyEnd + 1
      const end = this.isLastFile(valueAt) ? valueAt + this.lastEnd - this.lastStart : -1
      if (end < 0 || bytes[end] !== comma) return
      this.take(keyStart, keyEnd, valueAt, end)
      let next = end + 1
      while (isSpace(bytes[next] ?? 0)) next++
      this.at = next
    }
  }

  /** Walks an object's members; `member` must leave `at` behind the value. False where the text breaks off. */
  private object(from: number, member: (valueAt: number, keyStart: number, keyEnd: number) => boolean): boolean {
    const { bytes } = this
    this.at = this.space(from)
    if (bytes[this.at] !== open) return this.skip(this.at)
    this.at = this.space(this.at + 1)
    if (bytes[this.at] === close) {
      this.at++
      return true
    }
    for (;;) {
      if (member === this.entry) this.plainEntries()
      const keyStart = this.at
      const keyEnd = bytes[keyStart] === quote ? this.key(keyStart) : -1
      if (keyEnd < 0) return false
      const behind = this.space(keyEnd)
      if (bytes[behind] !== colon) return false
      if (!member(this.space(behind + 1), keyStart, keyEnd)) return false
      this.at = this.space(this.at)
      const next = bytes[this.at++]
      if (next === close) return true
      if (next !== comma) return false
      this.at = this.space(this.at)
    }
  }

  /** Behind a key, whose hash is made on the way; -1 where it does not end. */
  private key(start: number): number {
    const { bytes, view } = this
    let i = start + 1
    let hash = hashSeed
    /** Up to where the hash is that of a path, whichever dot is the last. */
    let before = i
    let hashBefore = hash
    for (const last = bytes.length - 4; i <= last; i += 4) {
      const word = view.getInt32(i)
      if (!isPlainWord(word)) break
      if (hasDot(word)) {
        before = i
        hashBefore = hash
      }
      hash = mixWord(hash, word)
    }
    for (;;) {
      const byte = bytes[i] ?? 0
      if (byte === quote) break
      if (byte <= 0x20 || byte === 0x21 || byte === backslash || byte >= 0x80) {
        this.keyHash = undefined
        return this.string(start)
      }
      i++
    }
    this.keyHash = hashFrom(view, start + 1, before, hashBefore, i)
    return i + 1
  }

  /** Leaves `at` behind any value, by its brackets and strings alone. */
  private skip(from: number): boolean {
    const { bytes } = this
    let depth = 0
    let at = from
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0
      if (byte === quote) {
        at = this.string(at)
        if (at < 0) return false
        if (depth === 0) break
        continue
      }
      if (byte === open || byte === 0x5b) depth++
      else if (byte === close || byte === 0x5d) {
        if (depth === 0) break
        if (--depth === 0) {
          at++
          break
        }
      } else if (depth === 0 && (byte === comma || isSpace(byte))) break
      at++
    }
    this.at = at
    return at > from
  }

  /** Behind a string, or -1 where it does not end. */
  private string(at: number): number {
    const { bytes } = this
    let end = bytes.indexOf(quote, at + 1)
    while (end > 0) {
      let slashes = 0
      while (bytes[end - 1 - slashes] === backslash) slashes++
      if (slashes % 2 === 0) return end + 1
      end = bytes.indexOf(quote, end + 1)
    }
    return -1
  }

  private space(at: number): number {
    let i = at
    while (isSpace(this.bytes[i] ?? 0)) i++
    return i
  }
}

const isSpace = (byte: number): boolean =>
  byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()

/** A string without its quotes and escapes; as written where an escape is none. */
export function unquote(bytes: Uint8Array, start: number, end: number): string {
  const inner = textOf(bytes, start + 1, end - 1)
  if (!inner.includes('\\')) return inner
  try {
    return JSON.parse(`"${inner}"`) as string
  } catch {
    return inner
  }
}
