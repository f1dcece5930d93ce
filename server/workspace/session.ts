// A workspace with a life: folders, settings and open documents in, snapshot and analysis out, again after every change.
// It decides when to look (debounce, one run at a time, a second look at half-written shards) and leaves what to look for
// to discover.ts, what files say to the caches, and what it means to the engine.

import { dirname } from 'node:path'
import type { Analysis, Snapshot } from '../engine'
import { CheckpointCache, type Checkpoints } from './checkpointCache'
import { discover, expandPath, type Discovery } from './discover'
import { type Files, type FoundFile, patientFiles } from './nodeFiles'
import { bindingsOf } from '../policy/bindings'
import { applyPolicy, type FolderPolicy, noPolicy, type Policy, type Suppressed } from '../policy/policy'
import type { CheckpointTable } from '../protocol'
import type { Moved } from './moved'
import type { OpenText } from './openTexts'
import { PolicyFiles } from './policyFiles'
import { ProgramCache } from './programCache'
import { Rehearsal, type RehearsalOptions } from './rehearsal'
import { languageOf } from '../source/index'

/** What the session knows after a run; the same object until something changed. */
export interface SessionState {
  readonly snapshot: Snapshot
  /** Its findings are those that the policy lets through. */
  readonly analysis: Analysis
  readonly suppressed: readonly Suppressed[]
  readonly policy: Policy
  /** What was left out of the walk and why. */
  readonly skipped: readonly string[]
  /** By path, programs of the snapshot whose texts have moved on: places of the analysis have to be moved with them. */
  readonly moved: ReadonlyMap<string, Moved>
  /** Versions of the open documents that this state has seen, by path. */
  readonly versions: ReadonlyMap<string, number>
}

export interface SessionOptions {
  readonly analyse: (snapshot: Snapshot) => Analysis
  /** Analyses once more what belongs to the programs at these paths, for nothing but practice; see rehearsal.ts. */
  readonly rehearse?: (snapshot: Snapshot, paths: ReadonlySet<string>) => void
  readonly rehearsal?: Omit<RehearsalOptions, 'repeat'>
  /** Awaited once, before the first program is lowered: the grammars are loaded here. */
  readonly prepare?: () => Promise<void>
  /** Called after every run that changed something. */
  readonly onChange?: (state: SessionState) => void
  /** An exception is our own bug: it is reported here, and the state stays as it was. */
  readonly onError?: (error: unknown) => void
  /** Wait after a keystroke, and after a change of files, which come in bursts. Milliseconds. */
  readonly textDelayMs?: number
  readonly filesDelayMs?: number
  /** How long a line that cannot be read is taken for one that is being typed. Milliseconds. */
  readonly typingMs?: number
  /** See CheckpointCacheOptions; 0 for a command line, which looks once and takes what is there. */
  readonly settleMs?: number
  /** How files are looked at; in the background where this is left out. */
  readonly files?: Files
  /** Where relative model paths start. */
  readonly baseFolder?: string
}

/** Long enough to finish a word, short enough to feel immediate. */
const TEXT_DELAY_MS = 150
/** A pause to think; whoever takes longer sees what the text says as it is. */
const TYPING_MS = 2_000
/** A sharding script writes its files one after another. */
const FILES_DELAY_MS = 300

const nothing: Discovery = {
  shards: [],
  configs: [],
  indexes: [],
  data: [],
  strays: [],
  named: new Set(),
  sources: [],
  listed: new Map(),
  skipped: [],
}

const noAnalysis: Analysis = {
  facts: { models: [], configs: [], runs: [], bundles: [], deliveries: [] },
  findings: [],
  sites: () => [],
  understood: 0,
  unknown: [],
  verify: () => [],
  broken: [],
}

export interface SessionParts {
  readonly folders?: readonly string[]
  readonly models?: readonly string[]
  readonly exclude?: readonly string[]
  /** Which checkpoints programs load, where no settings file says it. */
  readonly checkpoints?: CheckpointTable
  /** What the editor or the command line asks for beside the files of the folders. */
  readonly policy?: Partial<Omit<Policy, 'folders'>>
}

export class Session {
  private folders: readonly string[] = []
  private models: readonly string[] = []
  private exclude: readonly string[] = []
  private readonly open = new Map<string, OpenText>()
  private readonly files: Files
  private readonly checkpointCache: CheckpointCache
  private readonly programCache = new ProgramCache()
  private readonly policyFiles: PolicyFiles
  private policy = noPolicy
  private checkpointTable: CheckpointTable = {}
  private bindings: NonNullable<Snapshot['bindings']> = []
  /** The analysis before the policy. */
  private raw: Analysis = noAnalysis
  private found: Discovery = nothing
  private checkpoints: Checkpoints = { models: [], data: [], unsettled: false }
  private state: SessionState
  /** What the next run must do: `files` walks the folders again, `texts` only looks at open documents. */
  private wanted: 'nothing' | 'texts' | 'files' = 'nothing'
  private timer: NodeJS.Timeout | undefined
  private settleTimer: NodeJS.Timeout | undefined
  private typingTimer: NodeJS.Timeout | undefined
  private running: Promise<void> | undefined
  private prepared: Promise<void> | undefined
  private disposed = false
  private readonly rehearsal: Rehearsal

  constructor(private readonly options: SessionOptions) {
    this.files = options.files ?? patientFiles
    this.policyFiles = new PolicyFiles(this.files)
    this.checkpointCache = new CheckpointCache({ settleMs: options.settleMs ?? 0, now: Date.now, files: this.files })
    this.rehearsal = new Rehearsal({ ...options.rehearsal, repeat: () => this.rehearse() })
    const snapshot: Snapshot = { folders: [], models: [], programs: [], bindings: this.bindings }
    this.state = {
      snapshot,
      analysis: noAnalysis,
      suppressed: [],
      policy: noPolicy,
      skipped: [],
      moved: new Map(),
      versions: new Map(),
    }
  }

  /** Which folders are watched over, which models beside them, and which globs are left out. All paths absolute. */
  configure(parts: SessionParts): void {
    const base = this.options.baseFolder ?? this.folders[0] ?? process.cwd()
    this.folders = parts.folders ?? this.folders
    this.models = parts.models?.map(path => expandPath(path, base)) ?? this.models
    this.exclude = parts.exclude ?? this.exclude
    this.checkpointTable = parts.checkpoints ?? this.checkpointTable
    if (parts.policy) this.policy = { ...this.policy, ...parts.policy }
    this.want('files', 0)
  }

  /** An editor opened a document or changed its text. */
  setText(path: string, text: string, version: number): void {
    const before = this.open.get(path)
    if (before?.version === version && before.text === text) return
    this.open.set(path, { text, version })
    this.want('texts', before ? (this.options.textDelayMs ?? TEXT_DELAY_MS) : 0)
  }

  /** An editor closed a document: the disk counts again. */
  clearText(path: string): void {
    if (this.open.delete(path)) this.want('files', this.options.filesDelayMs ?? FILES_DELAY_MS)
  }

  /** Something on disk changed: walk again. */
  filesChanged(): void {
    this.want('files', this.options.filesDelayMs ?? FILES_DELAY_MS)
  }

  /** The state as it was after the last run. */
  get latest(): SessionState {
    return this.state
  }

  /** The state with every change so far taken in; waits for no debounce. */
  async current(): Promise<SessionState> {
    while (!this.disposed && (this.running || this.wanted !== 'nothing')) await (this.running ?? this.start())
    return this.state
  }

  /** The state after an analysis of the texts as they are, where what stood while they were typed is not enough. */
  async exact(): Promise<SessionState> {
    const { moved } = await this.current()
    if (moved.size > 0) {
      this.programCache.settle('all')
      this.want('texts', 0)
    }
    return this.current()
  }

  /** Whether a change at this path, or of the folder of this name, concerns files that are known. */
  knows(path: string): boolean {
    const below = (file: FoundFile) =>
      file.path === path || file.path.startsWith(`${path}/`) || file.path.startsWith(`${path}\\`)
    const { shards, configs, indexes, sources } = this.found
    return [shards, configs, indexes, sources].some(files => files.some(below))
  }

  /** Folders and files outside the workspace folders that are looked at too. */
  get modelPaths(): readonly string[] {
    return [...this.models, ...this.bindings.flatMap(b => b.models)]
  }

  dispose(): void {
    this.disposed = true
    clearTimeout(this.timer)
    clearTimeout(this.settleTimer)
    clearTimeout(this.typingTimer)
    this.rehearsal.putOff()
  }

  private want(what: 'texts' | 'files', delayMs: number): void {
    if (this.disposed) return
    this.rehearsal.putOff()
    if (this.wanted !== 'files') this.wanted = what
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.current(), delayMs)
  }

  private start(): Promise<void> {
    clearTimeout(this.timer)
    const what = this.wanted
    this.wanted = 'nothing'
    this.running = this.run(what === 'files')
      .catch(error => this.options.onError?.(error))
      .finally(() => (this.running = undefined))
    return this.running
  }

  private async run(walk: boolean): Promise<void> {
    const { folders } = this
    if (walk) {
      const places = [...folders, ...this.models.map(path => (/\.safetensors$/i.test(path) ? dirname(path) : path))]
      // Settings first: they may name models that lie elsewhere. Between seeing a file and reading it little time passes.
      const policies = await this.policyFiles.read(places)
      this.bind(policies)
      const models = [...this.models, ...this.bindings.flatMap(b => b.models)]
      const { exclude, files } = this
      const found = await discover({ folders, models, exclude, files, isCancelled: () => this.disposed })
      // The same names are the same object: a walk alone is no reason to analyse again.
      this.found = sameNames(this.found.listed, found.listed) ? { ...found, listed: this.found.listed } : found
      if (this.disposed) return
      if (policies !== this.policy.folders) this.policy = { ...this.policy, folders: policies }
    }
    // The texts as they are now: changes during the awaits below are the next run's.
    const open: ReadonlyMap<string, OpenText> = new Map(this.open)
    if (walk || this.touchesJson(open)) this.checkpoints = await this.checkpointCache.read(this.found, open)
    const sources = this.sourcesWith(open)
    if (sources.length > 0) await (this.prepared ??= this.options.prepare?.() ?? Promise.resolve())
    if (this.disposed) return
    const { programs, moved, isWaiting, skipped } = await this.programCache.read(sources, open)
    if (this.disposed) return
    this.waitForTyping(isWaiting)
    if (this.checkpoints.unsettled) this.lookAgain()
    const { models, data } = this.checkpoints
    const versions = new Map([...open].map(([path, { version }]) => [path, version]))
    const last = this.state
    const { bindings } = this
    const same =
      last.snapshot.models === models &&
      last.snapshot.data === data &&
      last.snapshot.programs === programs &&
      last.snapshot.folders === folders &&
      last.snapshot.listed === this.found.listed &&
      last.snapshot.bindings === bindings
    const { listed } = this.found
    const snapshot: Snapshot = same ? last.snapshot : { folders, models, data, programs, listed, bindings }
    if (!same) this.raw = this.options.analyse(snapshot)
    const { policy } = this
    const judged = same && policy === last.policy ? undefined : applyPolicy(this.raw, snapshot, policy)
    this.state = {
      snapshot,
      analysis: judged ? { ...this.raw, findings: judged.findings } : last.analysis,
      suppressed: judged?.suppressed ?? last.suppressed,
      policy,
      skipped: skipped > 0 ? [...this.found.skipped, `${skipped} sources beyond the cap`] : this.found.skipped,
      moved,
      versions,
    }
    this.options.onChange?.(this.state)
    if (this.wanted === 'nothing' && snapshot.programs.some(({ path }) => open.has(path))) this.rehearsal.plan()
  }

  private rehearse(): void {
    try {
      this.options.rehearse?.(this.state.snapshot, new Set(this.open.keys()))
    } catch (error) {
      this.options.onError?.(error)
    }
  }

  /** The same list as before where nothing changed. */
  private bind(policies: readonly FolderPolicy[]): void {
    const next = bindingsOf(policies, this.checkpointTable, this.folders)
    if (JSON.stringify(next) !== JSON.stringify(this.bindings)) this.bindings = next
  }

  private touchesJson(open: ReadonlyMap<string, OpenText>): boolean {
    const seen = this.state.versions
    return [...open].some(([path, { version }]) => path.endsWith('.json') && seen.get(path) !== version)
  }

  /** Without any folder, the open documents are the workspace. */
  private sourcesWith(open: ReadonlyMap<string, OpenText>): readonly FoundFile[] {
    if (this.folders.length > 0) return this.found.sources
    return [...open.keys()]
      .sort()
      .flatMap(path => (languageOf(path) ? [{ path, sizeBytes: 0, mtimeMs: 0, inode: 0 }] : []))
  }

  /** A line that stays half typed is analysed as it is. */
  private waitForTyping(isWaiting: boolean): void {
    clearTimeout(this.typingTimer)
    if (!isWaiting) return
    this.typingTimer = setTimeout(() => {
      this.programCache.settle('waiting')
      this.want('texts', 0)
    }, this.options.typingMs ?? TYPING_MS)
    this.typingTimer.unref()
  }

  private lookAgain(): void {
    clearTimeout(this.settleTimer)
    this.settleTimer = setTimeout(() => this.want('files', 0), this.options.settleMs)
    // A command line must be able to end while a second look is planned.
    this.settleTimer.unref()
  }
}

type Listed = Discovery['listed']

/** Whether two walks saw the same names in the same folders. */
function sameNames(a: Listed, b: Listed): boolean {
  if (a.size !== b.size) return false
  for (const [folder, names] of a) {
    const others = b.get(folder)
    if (!others || others.size !== names.size) return false
    for (const name of names) if (!others.has(name)) return false
  }
  return true
}
