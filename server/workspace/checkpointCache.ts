// Keeps the facts of every checkpoint file by path and stamp, and reads again only what changed. Unchanged files stay the
// very same objects, and so do models whose files did: the engine's own caches rest on that.
// What the bytes mean is left to checkpoint/.

import type { JsonFile, Model, Shard } from '../checkpoint/facts'
import { readJsonFile } from '../checkpoint/jsonFile'
import { groupModels, strayFiles } from '../checkpoint/models'
import { readShard } from '../checkpoint/shard'
import type { Discovery } from './discover'
import { sameItems } from '../util/sameItems'
import { mapLimited } from './limit'
import { type Files, patientFiles, sameStamp, unreadableSource, type FileStamp, type FoundFile } from './nodeFiles'
import type { OpenTexts } from './openTexts'

/** Headers are read side by side; more lanes only make the disk seek. */
const LANES = 16

interface Cached<T> {
  readonly stamp: FileStamp
  readonly value: T
}

interface CachedJson extends Cached<JsonFile> {
  /** Of the editor's text that was read; undefined where the disk was. */
  readonly version: number | undefined
}

export interface Checkpoints {
  readonly models: readonly Model[]
  /** JSON files that belong to none of them. */
  readonly data: readonly JsonFile[]
  /** Some shard was left as it was because it is being written; look again soon. */
  readonly unsettled: boolean
}

export interface CheckpointCacheOptions {
  /** A broken shard touched less than this long ago is taken to be half-written; 0 takes every file as it is. */
  readonly settleMs: number
  /** Milliseconds since 1970, to compare with the files' own times. */
  readonly now: () => number
  /** How files are looked at; in the background where this is left out. */
  readonly files?: Files
}

export class CheckpointCache {
  private shards = new Map<string, Cached<Shard>>()
  private jsonFiles = new Map<string, CachedJson>()
  private models: readonly Model[] = []
  private data: readonly JsonFile[] = []
  private readonly files: Files

  constructor(private readonly options: CheckpointCacheOptions) {
    this.files = options.files ?? patientFiles
  }

  /** Brings the facts up to date with what a walk found; an open editor's text of a JSON file wins over the disk. */
  async read(found: Discovery, open: OpenTexts): Promise<Checkpoints> {
    let unsettled = false
    const shards = new Map<string, Cached<Shard>>()
    const list = await mapLimited(found.shards, LANES, async file => {
      const before = this.shards.get(file.path)
      const now = before && sameStamp(before.stamp, file) ? before : { stamp: file, value: await this.loadShard(file) }
      if (now !== before && now.value.problems.length > 0 && this.isFresh(file)) {
        unsettled = true
        return before
      }
      return now
    })
    list.forEach((entry, i) => {
      const file = found.shards[i]
      if (entry && file) shards.set(file.path, entry)
    })
    const jsonFiles = new Map<string, CachedJson>()
    await mapLimited([...found.configs, ...found.indexes, ...found.data, ...found.strays], LANES, async file => {
      const entry = await this.json(file, open)
      if (entry) jsonFiles.set(file.path, entry)
    })
    this.shards = shards
    this.jsonFiles = jsonFiles
    const pick = (files: readonly FoundFile[]) => files.flatMap(file => jsonFiles.get(file.path)?.value ?? [])
    const models = groupModels({
      shards: found.shards.flatMap(file => shards.get(file.path)?.value ?? []),
      configs: pick(found.configs),
      indexes: pick(found.indexes),
      data: pick(found.data),
      named: found.named,
    })
    this.models = keepModels(models, this.models)
    const data = strayFiles(
      [...jsonFiles.values()].map(({ value }) => value),
      this.models,
    )
    if (!sameItems(data, this.data)) this.data = data
    return { models: this.models, data: this.data, unsettled }
  }

  private async loadShard({ path }: FoundFile): Promise<Shard> {
    try {
      return await this.files.withSource(path, source => readShard(path, source))
    } catch (error) {
      return readShard(path, unreadableSource(error))
    }
  }

  private isFresh(file: FileStamp): boolean {
    return this.options.settleMs > 0 && this.options.now() - file.mtimeMs < this.options.settleMs
  }

  private async json(file: FoundFile, open: OpenTexts): Promise<CachedJson | undefined> {
    const document = open.get(file.path)
    const before = this.jsonFiles.get(file.path)
    if (before && before.version === document?.version && (document || sameStamp(before.stamp, file))) return before
    try {
      const content = document ? document.text : await this.files.read(file.path)
      return { stamp: file, version: document?.version, value: readJsonFile(file.path, content) }
    } catch {
      // It went away between the walk and now, or may not be read: as if it were not there.
      return undefined
    }
  }
}

/** Replaces each new model by the old one where both are made of the same objects. */
function keepModels(models: readonly Model[], before: readonly Model[]): readonly Model[] {
  const old = new Map(before.map(model => [model.path, model]))
  const kept = models.map(model => {
    const same = old.get(model.path)
    return same && sameModel(same, model) ? same : model
  })
  return sameItems(kept, before) ? before : kept
}

const sameModel = (a: Model, b: Model) =>
  a.kind === b.kind &&
  a.isPartial === b.isPartial &&
  a.index === b.index &&
  a.quantFile === b.quantFile &&
  sameItems(a.shards, b.shards) &&
  sameItems(a.configs, b.configs) &&
  sameItems(a.data ?? [], b.data ?? [])
