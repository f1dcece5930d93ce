// Reads an index, `*.safetensors.index.json`: where each name and each file stands, with a hash of the name, so that looking
// it up needs no second pass. The entries of `weight_map` are mostly written plainly, and those the scanner of server/scan
// takes in. Offsets are in bytes; shardIndex.ts makes entries of them. No string is made but one for each file.

import { copied, type Scanner, scannerFor } from './scanner'

const [quote, backslash, comma, colon, open, close] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x7d]
const mark = [0xef, 0xbb, 0xbf]

/** The entries of an index, in columns. */
export interface IndexEntries {
  /** Four numbers for each: begin and end of the name and of the file, quotes included. */
  readonly spans: Uint32Array
  /** Of every name its hash; 0 where it has escapes. */
  readonly hashes: Int32Array
  /** Of every entry the number of its file, as it is written. */
  readonly fileOf: Uint32Array
}

/** How much of an index the scanner sees at once; and what an entry, or the name of a file, is taken to fit into. */
const windowBytes = 1 << 18
const mostEntryBytes = 1 << 12

/** What is wrong with an index as a whole. */
export interface IndexFault {
  readonly kind: 'not-json' | 'not-an-object' | 'no-weight-map' | 'no-metadata' | 'not-a-file-name'
  readonly offset: number
  readonly length: number
  /** How many values of `weight_map` are so, for `not-a-file-name`. */
  readonly count: number
}

/** A file, and the names that it is said to hold, added up as a shard adds up its own. */
export interface IndexedFile {
  count: number
  nameSum: number
  mixedSum: number
  /** The hash of some name is not known. */
  isOdd: boolean
}

export class IndexReader {
  totalSize: { readonly value: number; readonly offset: number; readonly length: number } | undefined
  readonly faults: IndexFault[] = []
  private at = 0
  private readonly scanner: Scanner
  /** Where the scanner's window is in its memory, and what it shows of the index. */
  private readonly window: number
  private windowStart = 0
  private windowEnd = 0
  /** Number of entries. */
  count = 0

  /** `take` is given the entries, so many at a time; where nobody wants them they are only counted. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly take?: (some: IndexEntries) => void,
  ) {
    this.scanner = scannerFor(windowBytes)
    this.window = this.scanner.openIndex(windowBytes)
  }

  /** The files, in the order in which they are met, and of each number in `fileOf` its place among them. */
  files(): { readonly files: ReadonlyMap<string, IndexedFile>; readonly places: readonly number[] } {
    const files = new Map<string, IndexedFile>()
    const placeOf = new Map<string, number>()
    const places: number[] = []
    for (const { start, end, ...said } of this.writtenFiles()) {
      const name = unquote(this.bytes, start, end)
      const place = placeOf.get(name) ?? placeOf.size
      places.push(place)
      placeOf.set(name, place)
      // One that is written in two ways is two for the scanner.
      const known = files.get(name)
      if (!known) files.set(name, said)
      else {
        known.count += said.count
        known.nameSum = (known.nameSum + said.nameSum) | 0
        known.mixedSum = (known.mixedSum + said.mixedSum) | 0
        known.isOdd ||= said.isOdd
      }
    }
    return { files, places }
  }

  /** The records of server/scan/weightMap.ts. */
  private *writtenFiles(): Iterable<IndexedFile & { readonly start: number; readonly end: number }> {
    const words = new Int32Array(this.scanner.memory.buffer)
    for (let record = this.scanner.firstFile.value; record !== 0;) {
      const at = record >> 2
      const word = (place: number): number => words[at + place] ?? 0
      yield { start: word(1), end: word(2), count: word(3), nameSum: word(4), mixedSum: word(5), isOdd: word(6) > 0 }
      record = word(0)
    }
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
    this.fetch()
    const isJson = !isMarked && whole && start < bytes.length && this.space(this.at) === bytes.length
    const fault = (kind: IndexFault['kind'], offset: number, length: number): void =>
      void this.faults.unshift({ kind, offset, length, count: 1 })
    if (!isJson) fault('not-json', start, 0)
    else if (bytes[start] !== open) fault('not-an-object', start, this.at - start)
    else if (!seen.has('weight_map')) fault('no-weight-map', start, 1)
    else if (!seen.has('metadata')) fault('no-metadata', start, 1)
  }

  /** An entry that the scanner left alone: a name or a file with escapes, or a value that is no file name. */
  private readonly entry = (valueAt: number, keyStart: number, keyEnd: number): boolean => {
    const end = this.bytes[valueAt] === quote ? this.string(valueAt) : -1
    if (end < 0 || end - valueAt > mostEntryBytes) return this.oddValue(valueAt)
    if (valueAt < this.windowStart || end > this.windowEnd) this.moveWindow(valueAt)
    this.scanner.addOddEntry(keyStart, keyEnd, valueAt, end)
    this.at = end
    return true
  }

  private readonly metadatum = (valueAt: number, keyStart: number, keyEnd: number): boolean => {
    const ended = this.skip(valueAt)
    const isSize = unquote(this.bytes, keyStart, keyEnd) === 'total_size'
    const written = isSize ? textOf(this.bytes, valueAt, this.at) : ''
    if (/^-?\d/.test(written)) this.totalSize = { value: Number(written), offset: valueAt, length: written.length }
    return ended
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
      if (member !== this.entry || !this.plainEntries()) {
        const keyStart = this.at
        const keyEnd = bytes[keyStart] === quote ? this.string(keyStart) : -1
        if (keyEnd < 0) return false
        const behind = this.space(keyEnd)
        if (bytes[behind] !== colon) return false
        if (!member(this.space(behind + 1), keyStart, keyEnd)) return false
      }
      this.at = this.space(this.at)
      const next = bytes[this.at++]
      if (next === close) return true
      if (next !== comma) return false
      this.at = this.space(this.at)
    }
  }

  /** Has the scanner take in what it can: true where that ended behind an entry, false where it ended at one. */
  private plainEntries(): boolean {
    for (;;) {
      const from = this.at
      if (from < this.windowStart || from >= this.windowEnd) this.moveWindow(from)
      const isBehind = this.scanner.indexEntries(from) !== 0
      this.at = this.scanner.stoppedAt.value
      const isCut = this.windowEnd < this.bytes.length && this.at > this.windowEnd - mostEntryBytes
      if (isBehind || !isCut || this.at === this.windowStart) return isBehind
      this.at = this.space(this.at)
      this.moveWindow(this.at)
    }
  }

  private moveWindow(start: number): void {
    this.fetch()
    this.windowStart = start
    this.windowEnd = Math.min(this.bytes.length, start + windowBytes)
    const shown = this.bytes.subarray(start, this.windowEnd)
    new Uint8Array(this.scanner.memory.buffer).set(shown, this.window)
    this.scanner.moveWindow(start, shown.length)
  }

  /** Takes over the entries of the window. */
  private fetch(): void {
    const { scanner } = this
    const count = scanner.entryCount.value
    this.count += count
    if (count > 0)
      this.take?.({
        spans: copied(Uint32Array, scanner, scanner.spans, count * 4),
        hashes: copied(Int32Array, scanner, scanner.entryHashes, count),
        fileOf: copied(Uint32Array, scanner, scanner.fileNumbers, count),
      })
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

/** All entries of an index, in the order of the text. */
export function entriesOf(bytes: Uint8Array): IndexEntries {
  const parts: IndexEntries[] = []
  const reader = new IndexReader(bytes, some => void parts.push(some))
  reader.read()
  const { count } = reader
  const all = {
    spans: new Uint32Array(count * 4),
    hashes: new Int32Array(count),
    fileOf: new Uint32Array(count),
  }
  let at = 0
  for (const { spans, hashes, fileOf } of parts) {
    all.spans.set(spans, at * 4)
    all.hashes.set(hashes, at)
    all.fileOf.set(fileOf, at)
    at += fileOf.length
  }
  return all
}
