// Keeps every loader source by path and state, lowered when it is first wanted. Most files of a project have nothing to do
// with tensors, so a file is lowered only where its words speak of them, where it leads to such a file by imports, or where
// a file that does so imports it. Names are resolved here by path endings alone: one file too many costs a millisecond.

import { readFile } from 'node:fs/promises'
import { lowerProgram } from '../source/index'
import type { Program } from '../source/ir'
import { importsOf, resolveImports } from './imports'
import { mapLimited } from './limit'
import { sameItems } from '../util/sameItems'
import { sameStamp, type FileStamp, type FoundFile } from './nodeFiles'
import { Moved } from './moved'
import type { OpenTexts } from './openTexts'
import { type Standing, standingAfter, standingAt } from './standing'

const LANES = 16
/** Lowered programs stay in memory, some 150 KB each; a project of this many loaders is several in one folder. */
const MAX_PROGRAMS = 2_000
/** A lowered program takes some 15 times its text in memory: this much text is 200 MB. */
const MAX_TEXT = 12 * 1024 * 1024
/** Lowering gives way to requests that often. Milliseconds. */
const SLICE_MS = 20

/** A file that neither has one of these words nor is tied to one by imports loads no quantized weights. */
const tensorWords = /mlx|safetensors|dequantize|quantized_?matmul/i

interface Source {
  readonly stamp: FileStamp
  /** Of the editor's text; undefined where the disk was read. */
  readonly version: number | undefined
  readonly text: string
  readonly speaksOfTensors: boolean
  /** Modules that the text imports, as written, split at dots or slashes. */
  readonly imports: readonly (readonly string[])[]
  /** Both of these as one text: while it stays, the file is tied to the same others. */
  readonly ties: string
  /** What the text says by itself. */
  program: Program | undefined
  /** What is analysed in its place while it is typed; undefined for a text that was not edited. */
  standing: Standing | undefined
  /** What was read of the file before this text: what both have in common is not read again. */
  before: Pick<Source, 'program' | 'standing'> | undefined
}

export interface Programs {
  readonly programs: readonly Program[]
  /** By path, those of the programs whose texts have moved on without a change that matters. */
  readonly moved: ReadonlyMap<string, Moved>
  /** Some of these texts cannot be read as they are: see `settle`. */
  readonly isWaiting: boolean
  /** Sources beyond the cap, which were not looked into. */
  readonly skipped: number
}

export class ProgramCache {
  private files: readonly FoundFile[] = []
  private sources = new Map<string, Source>()
  /** Paths of the open texts that the last read saw. */
  private openPaths: readonly string[] = []
  private wanted: readonly string[] = []
  private last: readonly Program[] = []

  /**
   * Programs of the files found and of the open texts among them; unchanged ones are the same objects as before. The
   * same list of files as before means that only open texts may have changed: a keystroke looks at nothing else.
   */
  async read(files: readonly FoundFile[], open: OpenTexts): Promise<Programs> {
    const touched = new Set([...this.openPaths, ...open.keys()])
    const looked = files === this.files ? files.filter(({ path }) => touched.has(path)) : files
    const list = await mapLimited(looked, LANES, file => this.source(file, open))
    const sources = files === this.files ? new Map(this.sources) : new Map<string, Source>()
    let sameTies = files === this.files
    list.forEach((source, i) => {
      const path = looked[i]?.path ?? ''
      const before = this.sources.get(path)
      if (source) sources.set(path, source)
      else sources.delete(path)
      sameTies &&= source?.ties === before?.ties
    })
    this.files = files
    this.sources = sources
    this.openPaths = [...open.keys()]
    if (!sameTies) this.wanted = wantedPaths(sources)
    const chosen = this.withinCaps()
    const programs = await this.lower(chosen)
    if (!sameItems(programs, this.last)) this.last = programs
    const standing = [...this.sources.values()].flatMap(source => source.standing ?? [])
    return {
      programs: this.last,
      moved: new Map(standing.filter(s => s.edits.count > 0).map(s => [s.program.path, new Moved(s)])),
      isWaiting: standing.some(s => s.isWaiting),
      skipped: this.wanted.length - chosen.length,
    }
  }

  /** The next read takes texts for what they say by themselves: those that could not be read, or all that have moved on. */
  settle(which: 'waiting' | 'all'): void {
    for (const source of this.sources.values())
      if (source.standing && source.program && (which === 'all' || source.standing.isWaiting))
        source.standing = standingAt(source.program)
  }

  /** The first of the wanted files, as many as there is room for. */
  private withinCaps(): readonly string[] {
    let room = MAX_TEXT
    const end = this.wanted.findIndex(
      (path, i) => i >= MAX_PROGRAMS || (room -= this.sources.get(path)?.text.length ?? 0) < 0,
    )
    return end < 0 ? this.wanted : this.wanted.slice(0, end)
  }

  private async lower(paths: readonly string[]): Promise<Program[]> {
    const programs: Program[] = []
    let begin = Date.now()
    for (const path of paths) {
      const source = this.sources.get(path)
      if (!source) continue
      if (!source.program && Date.now() - begin > SLICE_MS) {
        await new Promise(resolve => setImmediate(resolve))
        begin = Date.now()
      }
      const program = programOf(path, source)
      if (program) programs.push(program)
    }
    return programs.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  private async source(file: FoundFile, open: OpenTexts): Promise<Source | undefined> {
    const document = open.get(file.path)
    const before = this.sources.get(file.path)
    if (before && before.version === document?.version && (document || sameStamp(before.stamp, file))) return before
    let text: string
    try {
      text = document ? document.text : await readFile(file.path, 'utf8')
    } catch {
      return undefined
    }
    // A save changes stamp and version but seldom the text; the program is then the same object still.
    if (before?.text === text) return { ...before, stamp: file, version: document?.version }
    const speaksOfTensors = tensorWords.test(text)
    const imports = importsOf(text)
    const ties = JSON.stringify([speaksOfTensors, imports])
    return {
      stamp: file,
      version: document?.version,
      text,
      speaksOfTensors,
      imports,
      ties,
      program: undefined,
      standing: undefined,
      before: before?.program ? before : before?.before,
    }
  }
}

/** The program of a source that is to be analysed. */
function programOf(path: string, source: Source): Program | undefined {
  const { before, text } = source
  if (before?.program) {
    const last = before.standing ?? standingAt(before.program)
    const known = [last.program, last.readable?.program].find(program => program?.text === text)
    const program = (source.program ??= known ?? lowerProgram(path, text, before.program))
    // Nobody types on the disk.
    if (program && source.version !== undefined) source.standing = standingAfter(last, program)
    source.before = undefined
  }
  source.program ??= lowerProgram(path, text)
  return source.standing?.program ?? source.program
}

/** Files that speak of tensors, all that import them, and all that any of these import, in this order. */
function wantedPaths(sources: ReadonlyMap<string, Source>): readonly string[] {
  const seeds = [...sources].filter(([, source]) => source.speaksOfTensors).map(([path]) => path)
  if (seeds.length === 0 || seeds.length === sources.size) return seeds.sort()
  const targets = resolveImports([...sources].map(([path, source]) => ({ path, imports: source.imports })))
  const importers = new Map<string, string[]>()
  for (const [path, imported] of targets)
    for (const target of imported) {
      const list = importers.get(target)
      if (list) list.push(path)
      else importers.set(target, [path])
    }
  const users = closure(seeds.sort(), path => importers.get(path) ?? [])
  return [...closure(users, path => targets.get(path) ?? [])]
}

function closure(from: Iterable<string>, next: (path: string) => readonly string[]): Set<string> {
  const seen = new Set(from)
  // A Set may grow while it is walked: what is added is visited too.
  for (const path of seen) for (const other of next(path)) seen.add(other)
  return seen
}
