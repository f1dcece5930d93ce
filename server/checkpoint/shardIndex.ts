// The index of a sharded checkpoint, `*.safetensors.index.json`: which file holds which tensor. Read straight from the
// text into numbers, without a tree, because a large one has hundreds of thousands of entries; positions are offsets
// into the text. What is wrong with an index is for the rules to say. Format: transformers, modeling_utils.py.

import type { JsonFile, TensorTable } from './facts'
import { IndexReader, unquote } from './indexReader'

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
  const { text } = file
  const reader = new IndexReader(text)
  reader.read()
  const { files, totalSize, count, spans, hashes, odd } = reader
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
  let numbers: ReadonlyMap<string, Uint32Array> | undefined
  let byName: Map<string, number> | undefined
  return {
    path: file.path,
    count,
    entryAt,
    nameAt,
    numbersOf: file => {
      numbers ??= byFile(reader, [...files.keys()])
      return numbers.get(file) ?? new Uint32Array(0)
    },
    rowIn: (i, tensors) =>
      odd.has(i)
        ? tensors.indexOf(nameAt(i))
        : tensors.indexIn(text, (spans[i * 4] ?? 0) + 1, (spans[i * 4 + 1] ?? 0) - 1, hashes[i] ?? 0),
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
function byFile({ fileOf, count }: IndexReader, files: readonly string[]): ReadonlyMap<string, Uint32Array> {
  const counts = new Uint32Array(files.length)
  for (let i = 0; i < count; i++) counts[fileOf[i] ?? 0] = (counts[fileOf[i] ?? 0] ?? 0) + 1
  const lists = files.map((_, i) => new Uint32Array(counts[i] ?? 0))
  counts.fill(0)
  for (let i = 0; i < count; i++) {
    const file = fileOf[i] ?? 0
    const list = lists[file]
    const place = counts[file] ?? 0
    if (list) list[place] = i
    counts[file] = place + 1
  }
  return new Map(files.map((file, i) => [file, lists[i] ?? new Uint32Array(0)]))
}
