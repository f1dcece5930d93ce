// Holds an index against the shards that are there: which files it names and are absent, which tensors are not where it
// says, which it leaves out, and which shards it does not name. Every name is there, each fault once; what it means for
// whom is for the rules. Half a million entries take well under a second.

import type { Model, Shard, ShardProblemKind } from './facts'
import { baseName, folderOf } from './paths'
import { type IndexEntry, readShardIndex, type ShardIndex } from './shardIndex'

/** A file that the index names and that is not there. */
export interface AbsentFile {
  /** As written in the index. */
  readonly file: string
  readonly first: IndexEntry
  readonly tensors: readonly string[]
  /** How many of them are in other shards of the model. */
  readonly elsewhere: number
}

/** Entries that name a shard which does not hold the tensor. */
export interface Misplaced {
  readonly shard: Shard
  /** Where the tensors really are; undefined: nowhere. */
  readonly actual: Shard | undefined
  readonly entries: readonly IndexEntry[]
}

/** Tensors of a shard that the index names, but not with these tensors. */
export interface Unindexed {
  readonly shard: Shard
  readonly tensors: readonly string[]
}

export interface IndexFit {
  readonly index: ShardIndex
  /** Shards that the index names, with the file as written. */
  readonly named: ReadonlyMap<Shard, string>
  readonly absent: readonly AbsentFile[]
  readonly misplaced: readonly Misplaced[]
  readonly unindexed: readonly Unindexed[]
  /** Shards in the folder of the index that it does not name. */
  readonly unlisted: readonly Shard[]
  /** Entries that are right. */
  readonly right: number
  /** Entries about shards that lost tensors to damage: nothing can be said of them. */
  readonly unknown: number
}

const cache = new WeakMap<Model, IndexFit>()

/** How the model's index fits its shards; undefined where it has none. */
export function indexFitOf(model: Model): IndexFit | undefined {
  if (!model.index) return undefined
  let fit = cache.get(model)
  if (!fit) cache.set(model, (fit = fitOf(model, readShardIndex(model.index))))
  return fit
}

function fitOf(model: Model, index: ShardIndex): IndexFit {
  const folder = folderOf(index.path)
  const byPath = new Map(model.shards.map(shard => [slashes(shard.path), shard]))
  const shardOf = new Map(
    [...index.files.keys()].map(file => [file, byPath.get(slashes(joined(folder, file)))] as const),
  )
  const marks = new Map<Shard, Uint8Array>()
  for (const shard of shardOf.values())
    if (shard && !marks.has(shard)) marks.set(shard, new Uint8Array(shard.tensors.count))
  const absent = new Map<string, IndexEntry[]>()
  const wrong = new Map<Shard, IndexEntry[]>()
  const losses = new Map<Shard, Losses>()
  let right = 0
  let unknown = 0
  for (const entry of index.entries()) {
    const shard = shardOf.get(entry.file)
    const row = shard?.tensors.indexOf(entry.name) ?? -1
    if (!shard) push(absent, entry.file, entry)
    else if (row >= 0) {
      right++
      const seen = marks.get(shard)
      if (seen) seen[row] = 1
    } else {
      let lost = losses.get(shard)
      if (!lost) losses.set(shard, (lost = lossesOf(shard)))
      if (lost.any || lost.names.has(entry.name)) unknown++
      else push(wrong, shard, entry)
    }
  }
  const named = new Map<Shard, string>()
  for (const [file, shard] of shardOf) if (shard && !named.has(shard)) named.set(shard, file)
  const holders = absent.size + wrong.size > 0 ? holdersIn(model) : new Map<string, Shard>()
  return {
    index,
    named,
    absent: [...absent].flatMap(([file, entries]) => {
      const [first] = entries
      if (!first) return []
      const tensors = entries.map(entry => entry.name)
      return [{ file, first, tensors, elsewhere: tensors.filter(name => holders.has(name)).length }]
    }),
    misplaced: [...wrong].flatMap(([shard, entries]) => misplacedIn(shard, entries, holders)),
    unindexed: unindexedIn(index, marks),
    unlisted: model.shards.filter(shard => !named.has(shard) && folderOf(shard.path) === folder),
    right,
    unknown,
  }
}

/** Of entries that name one shard: apart by where their tensors are. */
function misplacedIn(
  shard: Shard,
  entries: readonly IndexEntry[],
  holders: ReadonlyMap<string, Shard>,
): readonly Misplaced[] {
  const byActual = new Map<Shard | undefined, IndexEntry[]>()
  for (const entry of entries) push(byActual, holders.get(entry.name), entry)
  return [...byActual].map(([actual, group]) => ({ shard, actual, entries: group }))
}

/** Rows that no entry points at; those that the index gives to another shard are its tensor twice, not a gap of it. */
function unindexedIn(index: ShardIndex, marks: ReadonlyMap<Shard, Uint8Array>): readonly Unindexed[] {
  return [...marks].flatMap(([shard, seen]) => {
    const tensors: string[] = []
    for (let row = seen.indexOf(0); row >= 0; row = seen.indexOf(0, row + 1)) {
      const name = shard.tensors.nameAt(row)
      if (!index.find(name)) tensors.push(name)
    }
    return tensors.length > 0 ? [{ shard, tensors }] : []
  })
}

interface Losses {
  /** The header is not there to its end: any tensor may have been in it. */
  readonly any: boolean
  readonly names: ReadonlySet<string>
}

const cutShort: ReadonlySet<ShardProblemKind> = new Set(['header-not-json', 'header-not-utf8', 'too-many-tensors'])

/** What a damaged header no longer says. */
function lossesOf({ tensors, problems }: Shard): Losses {
  return {
    any: problems.some(
      ({ kind, refusedBy }) => cutShort.has(kind) || (tensors.count === 0 && (refusedBy.rust || refusedBy.mlx)),
    ),
    names: new Set(problems.flatMap(problem => problem.tensors)),
  }
}

/** The shard of every tensor of a model; of several the last. */
function holdersIn(model: Model): ReadonlyMap<string, Shard> {
  const holders = new Map<string, Shard>()
  for (const shard of model.shards) for (const name of shard.tensors.names()) holders.set(name, shard)
  return holders
}

function joined(folder: string, file: string): string {
  if (/^([/\\]|[A-Za-z]:)/.test(file)) return file
  const parts = folder.split(/[/\\]/)
  for (const part of file.split(/[/\\]/)) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

const slashes = (path: string): string => path.replaceAll('\\', '/')

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

/** Whether mlx-lm's glob takes a shard: `model*.safetensors` in the model's own folder. */
export function isSeenByMlxLm(model: Model, shard: Shard): boolean {
  return slashes(folderOf(shard.path)) === slashes(model.path) && /^model.*\.safetensors$/.test(baseName(shard.path))
}
