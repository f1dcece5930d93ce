// The index of a sharded checkpoint, `*.safetensors.index.json`: which file holds which tensor. Read straight from the
// text into numbers, without a tree, because a large one has hundreds of thousands of entries; positions are offsets
// into the text. What is wrong with an index is for the rules to say. Format: transformers, modeling_utils.py.

import type { JsonFile, TensorTable } from './facts'

/** One entry of `weight_map`. Offsets are UTF-16 units in the file's text and cover the quotes. */
export interface IndexEntry {
  readonly name: string
  /** As written: a file name relative to the index. */
  readonly file: string
  readonly nameOffset: number
  readonly nameLength: number
  readonly fileOffset: number
  readonly fileLength: number
}

export interface ShardIndex {
  readonly path: string
  /** Number of entries of `weight_map`, duplicates included. */
  readonly count: number
  entries(): IterableIterator<IndexEntry>
  entryAt(number: number): IndexEntry
  nameAt(number: number): string
  /** Numbers of the entries that name a file. */
  numbersOf(file: string): Uint32Array
  /** The place of an entry's tensor in a table, or -1. Makes no string where the name has no escapes. */
  rowIn(number: number, tensors: TensorTable): number
  /** The entry of a tensor (the last of several); undefined where the index does not name it. */
  find(name: string): IndexEntry | undefined
  /** The files it names, in the order of their first mention, each with the offset of that mention. */
  readonly files: ReadonlyMap<string, number>
  /** `metadata.total_size` in bytes, with its place; undefined where absent or not a number. */
  readonly totalSize: { readonly value: number; readonly offset: number; readonly length: number } | undefined
  /** What a loader would stumble over, in the order of the text; the positions of broken JSON are the JsonFile's. */
  readonly faults: readonly IndexFault[]
}

export interface IndexFault {
  readonly kind: 'not-json' | 'not-an-object' | 'no-weight-map' | 'no-metadata' | 'not-a-file-name'
  readonly offset: number
  readonly length: number
  /** How many values of `weight_map` are so, for `not-a-file-name`. */
  readonly count: number
}

const cache = new WeakMap<JsonFile, ShardIndex>()

/** Reads an index as far as it is well formed; broken JSON is the JsonFile's problem and gives what precedes it. */
export function readShardIndex(file: JsonFile): ShardIndex {
  let index = cache.get(file)
  if (!index) cache.set(file, (index = read(file)))
  return index
}

function read(file: JsonFile): ShardIndex {
  const reader = new IndexReader(file.text)
  reader.read()
  const { files, totalSize } = reader
  const spans = new Uint32Array(reader.spans)
  const { text } = file
  const count = spans.length / 4
  const entryAt = (i: number): IndexEntry => {
    const [nameOffset = 0, nameEnd = 0, fileOffset = 0, fileEnd = 0] = spans.subarray(i * 4, i * 4 + 4)
    return {
      name: unquote(text, nameOffset, nameEnd),
      file: unquote(text, fileOffset, fileEnd),
      nameOffset,
      nameLength: nameEnd - nameOffset,
      fileOffset,
      fileLength: fileEnd - fileOffset,
    }
  }
  const nameAt = (i: number): string => unquote(text, spans[i * 4] ?? 0, spans[i * 4 + 1] ?? 0)
  const hasEscapes = text.includes('\\')
  let numbers: ReadonlyMap<string, Uint32Array> | undefined
  let byName: Map<string, number> | undefined
  return {
    path: file.path,
    count,
    entryAt,
    nameAt,
    numbersOf: file => {
      numbers ??= byFile(reader.fileOf, [...files.keys()])
      return numbers.get(file) ?? new Uint32Array(0)
    },
    rowIn: (i, tensors) => {
      const [start = 0, end = 0] = [spans[i * 4], spans[i * 4 + 1]]
      const escaped = hasEscapes && text.slice(start, end).includes('\\')
      return escaped ? tensors.indexOf(unquote(text, start, end)) : tensors.indexIn(text, start + 1, end - 1)
    },
    *entries() {
      for (let i = 0; i < count; i++) yield entryAt(i)
    },
    find: name => {
      byName ??= new Map(Array.from({ length: count }, (_, i) => [nameAt(i), i]))
      const i = byName.get(name)
      return i === undefined ? undefined : entryAt(i)
    },
    files,
    totalSize,
    faults: reader.faults,
  }
}

/** Entry numbers by file, from the file number of every entry. */
function byFile(fileOf: readonly number[], files: readonly string[]): ReadonlyMap<string, Uint32Array> {
  const counts = new Uint32Array(files.length)
  for (const file of fileOf) counts[file] = (counts[file] ?? 0) + 1
  const lists = files.map((_, i) => new Uint32Array(counts[i] ?? 0))
  counts.fill(0)
  fileOf.forEach((file, number) => {
    const list = lists[file]
    if (list) list[counts[file] ?? 0] = number
    counts[file] = (counts[file] ?? 0) + 1
  })
  return new Map(files.map((file, i) => [file, lists[i] ?? new Uint32Array(0)]))
}

class IndexReader {
  /** Four numbers for each entry: begin and end of the name and of the file, quotes included. */
  readonly spans: number[] = []
  readonly files = new Map<string, number>()
  /** Of every entry the number of its file, in the order of `files`. */
  readonly fileOf: number[] = []
  private readonly numbers = new Map<string, number>()
  totalSize: ShardIndex['totalSize']
  readonly faults: IndexFault[] = []
  private at = 0
  /** The file of the entry before, as written: the next one mostly has the same. */
  private lastFile = ''
  private lastNumber = 0

  constructor(private readonly text: string) {}

  read(): void {
    const mark = this.text.charCodeAt(0) === 0xfeff ? 1 : 0
    const start = this.space(mark)
    const seen = new Set<string>()
    let odd: IndexFault | undefined
    const whole = this.object((at, from, to) => {
      const key = unquote(this.text, from, to)
      if (this.text[at] === '{') seen.add(key)
      if (key === 'weight_map') {
        return this.object((valueAt, keyStart, keyEnd) => {
          const end = this.text[valueAt] === '"' ? this.string(valueAt) : -1
          if (end < 0) {
            const ended = this.skip(valueAt)
            odd = {
              kind: 'not-a-file-name',
              offset: odd?.offset ?? valueAt,
              length: odd?.length ?? this.at - valueAt,
              count: (odd?.count ?? 0) + 1,
            }
            return ended
          }
          this.spans.push(keyStart, keyEnd, valueAt, end)
          this.noteFile(valueAt, end)
          this.at = end
          return true
        }, at)
      }
      if (key === 'metadata') {
        return this.object((valueAt, from, to) => {
          const name = unquote(this.text, from, to)
          const ended = this.skip(valueAt)
          const written = name === 'total_size' ? this.text.slice(valueAt, this.at) : ''
          if (/^-?\d/.test(written))
            this.totalSize = { value: Number(written), offset: valueAt, length: written.length }
          return ended
        }, at)
      }
      return this.skip(at)
    }, start)
    const fault = (kind: IndexFault['kind'], offset: number, length: number): void =>
      void this.faults.push({ kind, offset, length, count: 1 })
    const isJson = mark === 0 && whole && start < this.text.length && this.space(this.at) === this.text.length
    if (!isJson) fault('not-json', start, 0)
    else if (this.text[start] !== '{') fault('not-an-object', start, this.at - start)
    else if (!seen.has('weight_map')) fault('no-weight-map', start, 1)
    else if (!seen.has('metadata')) fault('no-metadata', start, 1)
    if (odd) this.faults.push(odd)
  }

  private noteFile(start: number, end: number): void {
    const { text, lastFile } = this
    if (end - start !== lastFile.length || !text.startsWith(lastFile, start)) {
      this.lastFile = text.slice(start, end)
      const file = unquote(text, start, end)
      if (!this.files.has(file)) {
        this.numbers.set(file, this.files.size)
        this.files.set(file, start)
      }
      this.lastNumber = this.numbers.get(file) ?? 0
    }
    this.fileOf.push(this.lastNumber)
  }

  /** Walks an object's members; `member` must leave `at` behind the value. False where the text breaks off. */
  private object(member: (valueAt: number, keyStart: number, keyEnd: number) => boolean, from = this.at): boolean {
    const { text } = this
    this.at = this.space(from)
    if (text[this.at] !== '{') return this.skip(this.at)
    this.at = this.space(this.at + 1)
    if (text[this.at] === '}') {
      this.at++
      return true
    }
    for (;;) {
      const keyStart = this.at
      const keyEnd = text[keyStart] === '"' ? this.string(keyStart) : -1
      if (keyEnd < 0) return false
      const colon = this.space(keyEnd)
      if (text[colon] !== ':') return false
      if (!member(this.space(colon + 1), keyStart, keyEnd)) return false
      this.at = this.space(this.at)
      const next = text[this.at++]
      if (next === '}') return true
      if (next !== ',') return false
      this.at = this.space(this.at)
    }
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
      while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++
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

/** A string without its quotes and escapes; as written where an escape is none. */
function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1)
  if (!inner.includes('\\')) return inner
  try {
    return JSON.parse(text.slice(start, end)) as string
  } catch {
    return inner
  }
}
