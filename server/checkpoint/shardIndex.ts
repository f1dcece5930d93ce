// The index of a sharded checkpoint, `*.safetensors.index.json`: which file holds which tensor. Read straight from the
// bytes into numbers, without a tree, because a large one has hundreds of thousands of entries (indexReader.ts); positions
// are made offsets into the text when an entry is asked for. What is wrong with an index is for the rules to say. Format: transformers, modeling_utils.py.

import type { JsonFile, TensorTable } from './facts'
import { entriesOf, type IndexEntries, type IndexFault, IndexReader, unquote } from './indexReader'
import { viewOf } from './nameHash'

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
  /** Whether the names given to a file are those of a table, each once, by their number and the sums of their hashes. */
  isAll(file: string, tensors: TensorTable): boolean
  /** The place of an entry's tensor in a table, or -1. Makes no string where the name has no escapes. */
  rowIn(number: number, tensors: TensorTable): number
  /** The entry of a tensor (the last of several); undefined where the index does not name it. */
  find(name: string): IndexEntry | undefined
  /** The files it names, in the order of their first mention. */
  readonly files: readonly string[]
  /** `metadata.total_size` in bytes, with its place; undefined where absent or not a number. */
  readonly totalSize: { readonly value: number; readonly offset: number; readonly length: number } | undefined
  /** What a loader would stumble over, in the order of the text; the positions of broken JSON are the JsonFile's. */
  readonly faults: readonly IndexFault[]
}

const cache = new WeakMap<JsonFile, ShardIndex>()

/** Reads an index as far as it is well formed; broken JSON is the JsonFile's problem and gives what precedes it. */
export function readShardIndex(file: JsonFile): ShardIndex {
  let index = cache.get(file)
  if (!index) cache.set(file, (index = read(file)))
  return index
}

function read(file: JsonFile): ShardIndex {
  const { bytes } = file
  const reader = new IndexReader(bytes)
  reader.read()
  const { totalSize, count } = reader
  const { files, places } = reader.files()
  const view = viewOf(bytes)
  // In an index that fits its shards nobody asks for an entry.
  let known: IndexEntries | undefined
  const all = (): IndexEntries => (known ??= entriesOf(bytes))
  let offsets: ((offset: number) => number) | undefined
  const inText = (offset: number): number => (offsets ??= offsetsInText(file))(offset)
  const spanAt = (i: number, which: 0 | 2): readonly [start: number, end: number] => {
    const { spans } = all()
    return [spans[i * 4 + which] ?? 0, spans[i * 4 + which + 1] ?? 0]
  }
  const nameAt = (i: number): string => unquote(bytes, ...spanAt(i, 0))
  const entryAt = (i: number): IndexEntry => {
    const [name, file] = [spanAt(i, 0), spanAt(i, 2)]
    const [nameOffset, fileOffset] = [inText(name[0]), inText(file[0])]
    return {
      name: unquote(bytes, ...name),
      file: unquote(bytes, ...file),
      nameOffset,
      nameLength: inText(name[1]) - nameOffset,
      fileOffset,
      fileLength: inText(file[1]) - fileOffset,
    }
  }
  let numbers: ReadonlyMap<string, Uint32Array> | undefined
  let byName: Map<string, number> | undefined
  return {
    path: file.path,
    count,
    entryAt,
    nameAt,
    numbersOf: file => {
      numbers ??= byFile([...files.keys()], all().fileOf, places)
      return numbers.get(file) ?? new Uint32Array(0)
    },
    isAll: (file, { count, nameSums }) => {
      const said = files.get(file)
      const isSame = said?.count === count && said.nameSum === nameSums[0] && said.mixedSum === nameSums[1]
      return isSame && !said.isOdd
    },
    rowIn: (i, tensors) => {
      const hash = all().hashes[i] ?? 0
      const [start, end] = spanAt(i, 0)
      return hash === 0 ? tensors.indexOf(nameAt(i)) : tensors.indexIn(view, start + 1, end - 1, hash)
    },
    *entries() {
      for (let i = 0; i < count; i++) yield entryAt(i)
    },
    find: name => {
      byName ??= new Map(Array.from({ length: count }, (_, i) => [nameAt(i), i]))
      const i = byName.get(name)
      return i === undefined ? undefined : entryAt(i)
    },
    files: [...files.keys()],
    totalSize: totalSize && {
      ...totalSize,
      get offset() {
        return inText(totalSize.offset)
      },
    },
    faults: reader.faults.map(fault => ({
      ...fault,
      offset: inText(fault.offset),
      length: inText(fault.offset + fault.length) - inText(fault.offset),
    })),
  }
}

/** From an offset in bytes to one in the text; the same in a file that is ASCII, as all that tools write are. */
function offsetsInText({ bytes, text }: JsonFile): (offset: number) => number {
  if (bytes.length === text.length) return offset => offset
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return offset => buffer.toString('utf8', 0, offset).length
}

/** Entry numbers by file, from the place of every entry's file. */
function byFile(
  files: readonly string[],
  fileOf: Uint32Array,
  places: readonly number[],
): ReadonlyMap<string, Uint32Array> {
  const lists: number[][] = files.map(() => [])
  for (const [i, file] of fileOf.entries()) lists[places[file] ?? -1]?.push(i)
  return new Map(files.map((file, i) => [file, Uint32Array.from(lists[i] ?? [])]))
}
