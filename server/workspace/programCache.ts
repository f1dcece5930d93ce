// Keeps every loader source by path and state, lowered when it is first wanted. Most files of a project have nothing to do
// with tensors, so a file is lowered only where its words speak of them, where it leads to such a file by imports, or where
// a file that does so imports it. Names are resolved here by path endings alone: one file too many costs a millisecond.

import { readFile } from 'node:fs/promises'
import { lowerProgram } from '../source/index'
import type { Program } from '../source/ir'
import { importsOf, resolveImports } from './imports'
import { mapLimited } from './limit'
import { sameStamp, type FileStamp, type FoundFile } from './nodeFiles'
import type { OpenTexts } from './openTexts'

const LANES = 16
/** Lowered programs stay in memory with their text; a project of this many loaders is several in one folder. */
const MAX_PROGRAMS = 5_000

/** A file with none of these words loads no quantized weights, whatever it calls. */
const tensorWords = /mlx|safetensors|quanti[sz]|load_weights|loadWeights|get_tensor|group_?size/i

interface Source {
  readonly stamp: FileStamp
  /** Of the editor's text; undefined where the disk was read. */
  readonly version: number | undefined
  readonly text: string
  readonly speaksOfTensors: boolean
  /** Modules that the text imports, as written, split at dots or slashes. */
  readonly imports: readonly (readonly string[])[]
  program: Program | undefined
}

export interface Programs {
  readonly programs: readonly Program[]
  /** Sources beyond the cap, which were not looked into. */
  readonly skipped: number
}

export class ProgramCache {
  private sources = new Map<string, Source>()
  private last: readonly Program[] = []

  /** Programs of the files found and of the open texts among them; unchanged ones are the same objects as before. */
  async read(files: readonly FoundFile[], open: OpenTexts): Promise<Programs> {
    const sources = new Map<string, Source>()
    const list = await mapLimited(files, LANES, file => this.source(file, open))
    list.forEach((source, i) => {
      const file = files[i]
      if (source && file) sources.set(file.path, source)
    })
    this.sources = sources
    const wanted = wantedPaths(sources)
    const programs: Program[] = []
    for (const path of wanted.slice(0, MAX_PROGRAMS)) {
      const source = sources.get(path)
      const program = source && (source.program ??= lowerProgram(path, source.text))
      if (program) programs.push(program)
    }
    const same = programs.length === this.last.length && programs.every((program, i) => program === this.last[i])
    if (!same) this.last = programs
    return { programs: this.last, skipped: Math.max(0, wanted.length - MAX_PROGRAMS) }
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
    return {
      stamp: file,
      version: document?.version,
      text,
      speaksOfTensors: tensorWords.test(text),
      imports: importsOf(text),
      program: undefined,
    }
  }
}

/** Files that speak of tensors, all that import them, and all that any of these import; sorted. */
function wantedPaths(sources: ReadonlyMap<string, Source>): string[] {
  const seeds = [...sources].filter(([, source]) => source.speaksOfTensors).map(([path]) => path)
  if (seeds.length === sources.size) return seeds.sort()
  const targets = resolveImports([...sources].map(([path, source]) => ({ path, imports: source.imports })))
  const importers = new Map<string, string[]>()
  for (const [path, imported] of targets)
    for (const target of imported) {
      const list = importers.get(target)
      if (list) list.push(path)
      else importers.set(target, [path])
    }
  const users = closure(seeds, path => importers.get(path) ?? [])
  return [...closure(users, path => targets.get(path) ?? [])].sort()
}

function closure(from: Iterable<string>, next: (path: string) => readonly string[]): Set<string> {
  const seen = new Set(from)
  // A Set may grow while it is walked: what is added is visited too.
  for (const path of seen) for (const other of next(path)) seen.add(other)
  return seen
}
