// Walks folders for the files that matter: shards, configs, indexes and loader sources. It decides by names and stamps
// alone and opens nothing but the small `refs/main` of a Hugging Face cache, whose layout is
// models--ORG--NAME/{blobs,refs,snapshots/COMMIT} with links from snapshots into blobs (huggingface_hub, file_download.py).
// Who belongs to whom is left to the readers in checkpoint/.

import { homedir } from 'node:os'
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path'
import { Minimatch } from 'minimatch'
import { quantFileName } from '../checkpoint/models'
import { languageOf } from '../source/index'
import { fileStamp, type FileStamp, stampOf, type Files, type FoundFile, patientFiles } from './nodeFiles'
import { mapLimited } from './limit'

export interface Discovery {
  readonly shards: readonly FoundFile[]
  readonly configs: readonly FoundFile[]
  readonly indexes: readonly FoundFile[]
  /** Other JSON files of folders that hold shards or a config, of those sizes that programs read numbers from. */
  readonly data: readonly FoundFile[]
  /** JSON files of other folders of the workspace, of the same sizes. */
  readonly strays: readonly FoundFile[]
  /** Paths of shards that were named one by one and whose folder was not walked. */
  readonly named: ReadonlySet<string>
  readonly sources: readonly FoundFile[]
  /** What the folders hold but for hidden files, by their paths in `/` form; a folder that is too large to remember is left out. */
  readonly listed: ReadonlyMap<string, ReadonlySet<string>>
  /** What was left out and why, one sentence each; for the log and the status. */
  readonly skipped: readonly string[]
}

export interface DiscoverOptions {
  /** Folders whose checkpoints and sources are wanted. */
  readonly folders: readonly string[]
  /** Further folders or files, of which only checkpoints are wanted; `~` is the home folder. */
  readonly models: readonly string[]
  /** Glob patterns relative to a folder, as `files.exclude` has them. */
  readonly exclude: readonly string[]
  /** Asked between folders; true stops the walk with what was found so far. */
  readonly isCancelled?: () => boolean
  /** How files are looked at; in the background where this is left out. */
  readonly files?: Files
}

/** Enough for any project; a home folder opened by mistake must end. */
const MAX_ENTRIES = 1_000_000
/** Deeper than any sane tree, shallow enough to end where a file system lies about its links. */
const MAX_DEPTH = 64
/** The largest public checkpoints have a few hundred shards. */
const MAX_SHARDS = 20_000
/** A loader is written by a person: a few kilobytes. Above this are bundles and data in disguise. */
export const MAX_SOURCE_BYTES = 2 * 1024 * 1024
/** A big monorepo; the words test and the parser cost under a millisecond for each. */
const MAX_SOURCES = 50_000
/** The index of the largest public checkpoint (90,000 tensors) has 9 MB. */
const MAX_JSON_BYTES = 64 * 1024 * 1024
/** A file of numbers for a loader; vocabularies and tokenizers are larger. */
const MAX_DATA_BYTES = 64 * 1024
/** More such files than this beside checkpoints are data of another kind. */
const MAX_DATA = 2_000
/** A workspace with more of them elsewhere keeps something else in them than what loaders read. */
const MAX_STRAYS = 300
/** A folder of so many entries holds data, and its names are not kept. */
const MAX_LISTED = 5_000
/** Files and folders looked at at once: enough that the four threads of Node's file pool never wait for us. */
const LANES = 32

const skippedFolders = new Set(['.git', '.hg', '.svn', 'node_modules', '__pycache__'])
/** A folder that holds one of these is an environment of installed packages. */
const environmentMarks = ['pyvenv.cfg', 'conda-meta']

/** A path as a setting or a person gives it: `~` is the home folder, the rest is relative to `base`. */
export function expandPath(path: string, base: string): string {
  if (path === '~' || path.startsWith('~/') || path.startsWith('~\\')) return resolve(join(homedir(), path.slice(1)))
  return resolve(base, path)
}

/** Whether a change to a file of this name can change what is known. */
export function isInteresting(path: string): boolean {
  return isShardName(path) || isJsonName(path) || isSourceName(path)
}

const isShardName = (path: string) => /\.safetensors$/i.test(path)
const isConfigName = (path: string) => ['config.json', quantFileName].includes(basename(path))
const isIndexName = (path: string) => path.endsWith('.safetensors.index.json')
const isJsonName = (path: string) => /\.json$/i.test(path)
/** Any other JSON file; what belongs to an editor, a package or a tokenizer is no data of a loader. */
const isDataName = (path: string) =>
  isJsonName(path) &&
  !isConfigName(path) &&
  !isIndexName(path) &&
  !/^(\.|package(-lock)?\.|tsconfig|tokenizer|vocab|merges|special_tokens)/i.test(basename(path))
const isSourceName = (path: string) => languageOf(path) !== undefined && !/\.d\.[cm]?ts$|\.min\.[cm]?js$/i.test(path)

/** Finds every file that matters, each once and sorted by path. Never rejects: what cannot be read is left out. */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const walk = new Walk(options)
  await walk.run()
  return walk.result()
}

interface Place {
  readonly path: string
  /** The folder that patterns are relative to. */
  readonly root: string
  readonly depth: number
  readonly withSources: boolean
}

interface Target {
  readonly isFolder: boolean
  /** Of a regular file. */
  readonly stamp: FileStamp | undefined
}

class Walk {
  private readonly shards = new Map<string, FoundFile>()
  private readonly configs = new Map<string, FoundFile>()
  private readonly indexes = new Map<string, FoundFile>()
  private readonly data = new Map<string, FoundFile>()
  private readonly strays = new Map<string, FoundFile>()
  private readonly sources = new Map<string, FoundFile>()
  private readonly skipped = new Map<string, number>()
  /** Real paths of folders that were entered; true where their sources were wanted too. */
  private readonly entered = new Map<string, boolean>()
  private readonly realRoots: string[] = []
  private readonly patterns: readonly Minimatch[]
  private readonly named = new Set<string>()
  private readonly listed = new Map<string, ReadonlySet<string>>()
  private entries = 0
  private readonly files: Files

  constructor(private readonly options: DiscoverOptions) {
    this.files = options.files ?? patientFiles
    this.patterns = options.exclude.map(
      pattern => new Minimatch(pattern.replace(/\/+$/, ''), { dot: true, nonegate: true, nocomment: true }),
    )
  }

  async run(): Promise<void> {
    const roots: Place[] = []
    for (const path of this.options.folders) roots.push({ path, root: path, depth: 0, withSources: true })
    for (const path of this.options.models) roots.push({ path, root: path, depth: 0, withSources: false })
    const folders: Place[] = []
    for (const place of roots) {
      const stats = await this.files.stat(place.path)
      if (!stats) this.skip(`${place.path} does not exist`)
      else if (stats.isDirectory()) {
        this.realRoots.push((await this.files.realPath(place.path)) ?? place.path)
        folders.push(place)
      } else await this.loneFile(place)
    }
    // Links to folders wait until everything else was seen, so that a folder is listed under its own name where it has one.
    let level = folders
    while (level.length > 0) {
      const links: Place[] = []
      while (level.length > 0) {
        const next = await mapLimited(level, LANES, place => this.folder(place, links))
        level = next.flat()
      }
      level = links
    }
  }

  result(): Discovery {
    const sorted = (files: Map<string, FoundFile>) =>
      [...files.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    return {
      shards: sorted(this.shards),
      configs: sorted(this.configs),
      indexes: sorted(this.indexes),
      data: sorted(this.data),
      strays: sorted(this.strays),
      named: this.named,
      sources: sorted(this.sources),
      listed: this.listed,
      skipped: [...this.skipped].map(([reason, count]) => (count > 1 ? `${reason} (${count} times)` : reason)),
    }
  }

  /** A model that is one file: the file itself and what lies beside it to explain it. */
  private async loneFile({ path, root, withSources }: Place): Promise<void> {
    await this.file(path, root, withSources, true)
    if (!isShardName(path)) return
    this.named.add(path)
    const folder = dirname(path)
    for (const place of [folder, dirname(folder)]) {
      const config = join(place, 'config.json')
      const stamp = await this.stamp(config)
      if (!stamp) continue
      await this.file(config, root, false, true)
      break
    }
  }

  private skip(reason: string): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1)
  }

  /** Lists one folder: files are recorded, folders returned, links to folders put off. */
  private async folder(place: Place, links: Place[]): Promise<Place[]> {
    if (this.options.isCancelled?.()) return []
    if (place.depth > MAX_DEPTH) {
      this.skip(`folders nested deeper than ${MAX_DEPTH}`)
      return []
    }
    const real = await this.files.realPath(place.path)
    if (real === undefined) return []
    const before = this.entered.get(real)
    if (before === true || before === place.withSources) return []
    this.entered.set(real, place.withSources)
    const entries = await this.files.list(place.path)
    if (!entries) {
      this.skip(`${place.path} cannot be listed`)
      return []
    }
    this.entries += entries.length
    if (this.entries > MAX_ENTRIES) {
      this.skip(`everything after the first ${MAX_ENTRIES} files and folders`)
      return []
    }
    // The folder that a person named is looked into even where it is an environment.
    if (place.depth > 0 && entries.some(entry => environmentMarks.includes(entry.name))) return []
    const names = new Set(entries.map(entry => entry.name))
    if (names.size <= MAX_LISTED)
      this.listed.set(place.path.replaceAll('\\', '/'), new Set([...names].filter(name => !name.startsWith('.'))))
    const snapshot = await this.cacheSnapshot(place, names)
    if (snapshot) return snapshot
    const folders: Place[] = []
    const files: { readonly path: string; readonly stamp?: FileStamp }[] = []
    const holdsData = [...names].some(name => isShardName(name) || isConfigName(name))
    const takesStrays = place.withSources && !basename(place.path).startsWith('.')
    const isWanted = (path: string) => isInteresting(path) && (holdsData || takesStrays || !isDataName(path))
    const isIncluded = (path: string) => !this.isExcluded(path, place.root)
    // A name has no separators: to normalize every path of thousands takes as long as to look at the files.
    const start = join(place.path, 'x').slice(0, -1)
    const linked = entries.filter(entry => entry.isSymbolicLink() && !skippedFolders.has(entry.name))
    const targets = await this.targetsOf(linked.map(entry => start + entry.name).filter(isIncluded))
    for (const entry of entries) {
      const path = start + entry.name
      const below = (): Place => ({ ...place, path, depth: place.depth + 1 })
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name) && isIncluded(path)) folders.push(below())
      } else if (entry.isSymbolicLink()) {
        const target = targets.get(path)
        if (!target) continue
        if (target.isFolder) {
          if (!(await this.leadsOut(path))) links.push(below())
        } else if (isWanted(path)) files.push({ path, stamp: target.stamp })
      } else if (entry.isFile() && isWanted(path) && isIncluded(path)) files.push({ path })
    }
    for (const { path } of files) this.named.delete(path)
    await mapLimited(files, LANES, ({ path, stamp }) =>
      this.file(path, place.root, place.withSources, holdsData, stamp),
    )
    return folders
  }

  /** What links lead to. Asked side by side: a cache of models is all links, and one after the other takes ten times as long. */
  private async targetsOf(links: readonly string[]): Promise<ReadonlyMap<string, Target>> {
    const targets = await mapLimited(links, LANES, async path => {
      const stats = await this.files.stat(path)
      return [path, { isFolder: stats?.isDirectory() ?? false, stamp: stampOf(stats) }] as const
    })
    return new Map(targets)
  }

  /** The snapshot folders to enter where `place` is one model of a Hugging Face cache, else undefined. */
  private async cacheSnapshot(place: Place, names: ReadonlySet<string>): Promise<Place[] | undefined> {
    if (!basename(place.path).startsWith('models--') || !names.has('snapshots')) return undefined
    const snapshots = join(place.path, 'snapshots')
    const commits = ((await this.files.list(snapshots)) ?? []).map(({ name }) => name)
    const main = await this.files.read(join(place.path, 'refs', 'main')).then(
      text => text.toString().trim(),
      () => '',
    )
    // Other snapshots are older states of the same model; without a usable ref nobody can say which is meant.
    const wanted = commits.includes(main) ? [main] : commits
    return wanted.map(commit => ({ ...place, path: join(snapshots, commit), depth: place.depth + 1 }))
  }

  private readonly stamp = (path: string) => fileStamp(path, this.files)

  private isExcluded(path: string, root: string): boolean {
    if (this.patterns.length === 0) return false
    const below = relative(root, path).split(sep).join('/')
    return this.patterns.some(pattern => pattern.match(below))
  }

  /** A link to a folder that contains a root would show the whole disk again, under another name. */
  private async leadsOut(link: string): Promise<boolean> {
    const real = await this.files.realPath(link)
    if (real === undefined) return true
    const prefix = real.endsWith(sep) ? real : real + sep
    return this.realRoots.some(root => root !== real && root.startsWith(prefix))
  }

  private async file(
    path: string,
    root: string,
    withSources: boolean,
    holdsData: boolean,
    known?: FileStamp,
  ): Promise<void> {
    const kind = isShardName(path)
      ? { files: this.shards, most: MAX_SHARDS, bytes: Infinity }
      : isConfigName(path)
        ? { files: this.configs, most: MAX_SHARDS, bytes: MAX_JSON_BYTES }
        : isIndexName(path)
          ? { files: this.indexes, most: MAX_SHARDS, bytes: MAX_JSON_BYTES }
          : isDataName(path)
            ? holdsData
              ? { files: this.data, most: MAX_DATA, bytes: MAX_DATA_BYTES }
              : { files: this.strays, most: MAX_STRAYS, bytes: MAX_DATA_BYTES }
            : withSources && isSourceName(path)
              ? { files: this.sources, most: MAX_SOURCES, bytes: MAX_SOURCE_BYTES }
              : undefined
    if (!kind || kind.files.has(path)) return
    const stamp = known ?? (await this.stamp(path))
    if (!stamp) {
      // A shard whose link leads nowhere is what a user wants to hear of; anything else is not there.
      const isDangling = kind.files === this.shards && !(await this.files.stat(path))
      if (isDangling) kind.files.set(path, { path, sizeBytes: 0, mtimeMs: 0, inode: 0 })
      else this.skip(`${basename(path)} is not a regular file`)
    } else if (stamp.sizeBytes > kind.bytes) {
      // What is too large to be data of a loader is nothing that was left out.
      if (kind.bytes !== MAX_DATA_BYTES) this.skip(`${extname(path)} files larger than ${kind.bytes} bytes`)
    } else if (kind.files.size >= kind.most) {
      if (kind.files === this.strays) return
      this.skip(`files beyond the first ${kind.most} of their kind below ${root}`)
    } else kind.files.set(path, { path, ...stamp })
  }
}
