// Holds an index against the shards that are there: which files it names and are absent, which tensors are not where it
// says, which it leaves out, and which shards it does not name. Every name is there, each fault once; what it means for
// whom is for the rules. Half a million entries take well under a second.

import type { Model, Shard, ShardProblemKind } from './facts'
import { baseName, folderOf, joined, slashes } from './paths'
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
  const holderOf = holdersIn(model)
  const named = new Map<Shard, string>()
  const absent: AbsentFile[] = []
  const misplaced: Misplaced[] = []
  const unindexed: Unindexed[] = []
  let right = 0
  let unknown = 0
  for (const file of index.files) {
    const shard = byPath.get(slashes(joined(folder, file)))
    if (!shard) {
      const tensors = Array.from(index.numbersOf(file), number => index.nameAt(number))
      const [first] = index.numbersOf(file)
      const elsewhere = tensors.reduce((sum, name) => sum + (holderOf(name) ? 1 : 0), 0)
      if (first !== undefined) absent.push({ file, first: index.entryAt(first), tensors, elsewhere })
      continue
    }
    named.set(shard, file)
    const fit = shardFitOf(index, file, shard)
    right += fit.right
    unknown += fit.unknown
    if (fit.wrong.length > 0) misplaced.push(...misplacedIn(shard, fit.wrong, holderOf))
    if (fit.unindexed.length > 0) unindexed.push({ shard, tensors: fit.unindexed })
  }
  const unlisted = model.shards.filter(shard => !named.has(shard) && folderOf(shard.path) === folder)
  return { index, named, absent, misplaced, unindexed, unlisted, right, unknown }
}

/** One shard against the entries that name it. */
interface ShardFit {
  readonly right: number
  readonly unknown: number
  readonly wrong: readonly IndexEntry[]
  readonly unindexed: readonly string[]
}

const shardFits = new WeakMap<ShardIndex, WeakMap<Shard, ShardFit>>()

/** Kept with the shard, so that one changed shard costs only itself. */
function shardFitOf(index: ShardIndex, file: string, shard: Shard): ShardFit {
  let fits = shardFits.get(index)
  if (!fits) shardFits.set(index, (fits = new WeakMap()))
  let fit = fits.get(shard)
  if (!fit) fits.set(shard, (fit = fitShard(index, file, shard)))
  return fit
}

function fitShard(index: ShardIndex, file: string, shard: Shard): ShardFit {
  const { count } = shard.tensors
  if (index.isAll(file, shard.tensors)) return { right: count, unknown: 0, wrong: [], unindexed: [] }
  const seen = new Uint8Array(count)
  const losses = lossesOf(shard)
  const wrong: IndexEntry[] = []
  let right = 0
  let unknown = 0
  for (const number of index.numbersOf(file)) {
    const row = index.rowIn(number, shard.tensors)
    if (row >= 0) {
      right++
      seen[row] = 1
      continue
    }
    const entry = index.entryAt(number)
    if (losses.any || losses.names.has(entry.name)) unknown++
    else wrong.push(entry)
  }
  // Rows that the index gives to another shard are a tensor twice, not a gap of the index.
  const unindexed: string[] = []
  for (let row = seen.indexOf(0); row >= 0; row = seen.indexOf(0, row + 1)) {
    const name = shard.tensors.nameAt(row)
    if (!index.find(name)) unindexed.push(name)
  }
  return { right, unknown, wrong, unindexed }
}

/** Of entries that name one shard: apart by where their tensors are. */
function misplacedIn(
  shard: Shard,
  entries: readonly IndexEntry[],
  holderOf: (name: string) => Shard | undefined,
): readonly Misplaced[] {
  const byActual = new Map<Shard | undefined, IndexEntry[]>()
  for (const entry of entries) push(byActual, holderOf(entry.name), entry)
  return [...byActual].map(([actual, group]) => ({ shard, actual, entries: group }))
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

/** Look-ups after which a table of all names is cheaper. */
const maxProbes = 100_000

/** Finds the shard of a tensor. Neighbours in an index are neighbours in a shard, so the last shard is asked first. */
function holdersIn({ shards }: Model): (name: string) => Shard | undefined {
  let last: Shard | undefined
  let probes = maxProbes
  let table: Map<string, Shard> | undefined
  return name => {
    if (last && last.tensors.indexOf(name) >= 0) return last
    probes -= shards.length
    if (probes < 0) table ??= tableOf(shards)
    last = table ? table.get(name) : shards.find(shard => shard.tensors.indexOf(name) >= 0)
    return last
  }
}

function tableOf(shards: readonly Shard[]): Map<string, Shard> {
  const table = new Map<string, Shard>()
  for (const shard of shards)
    for (let row = 0; row < shard.tensors.count; row++) table.set(shard.tensors.nameAt(row), shard)
  return table
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

/** Whether mlx-lm's glob takes a shard: `model*.safetensors` in the model's own folder. */
export function isSeenByMlxLm(model: Model, shard: Shard): boolean {
  return slashes(folderOf(shard.path)) === slashes(model.path) && /^model.*\.safetensors$/.test(baseName(shard.path))
}
