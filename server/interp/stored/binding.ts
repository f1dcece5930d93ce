// Which checkpoint a program means where no path in it decides: the one that a comment names, else the one that a setting
// names, else the nearest ones.

import type { Model } from '../../checkpoint/facts'
import type { Program } from '../../source/ir'
import { globMatches } from '../../util/glob'
import { normalize } from './checkpoints'

/** A setting that says which checkpoints the programs of a pattern load. */
export interface Binding {
  /** Absolute; the pattern is relative to it. */
  readonly folder: string
  /** See util/glob.ts. */
  readonly pattern: string
  /** Absolute paths of models, or of files of theirs. */
  readonly models: readonly string[]
}

/** Groups of checkpoints in the order in which they may be meant; a later group only where none of an earlier one is met. */
export function candidates(
  programs: readonly Program[],
  models: readonly Model[],
  bindings: readonly Binding[] = [],
): readonly (readonly Model[])[] {
  const named = models.filter(model => programs.some(program => namesModel(program, model)))
  if (named.length > 0) return [named]
  const bound = new Set(programs.flatMap(program => bindingOf(program, bindings)?.models ?? []).map(normalize))
  const set = models.filter(model => [model.path, ...model.shards.map(s => s.path)].some(p => bound.has(normalize(p))))
  if (set.length > 0) return [set]
  const byDistance = new Map<number, Model[]>()
  for (const model of models) {
    const distance = Math.min(...programs.map(p => levelsUp(p.path, model.path)))
    byDistance.set(distance, [...(byDistance.get(distance) ?? []), model])
  }
  return [...byDistance].sort((a, b) => a[0] - b[0]).map(([, group]) => group)
}

/** The first binding whose pattern a program's path fits. */
function bindingOf(program: Program, bindings: readonly Binding[]): Binding | undefined {
  const path = normalize(program.path)
  return bindings.find(({ folder, pattern }) => {
    const base = `${normalize(folder).replace(/\/$/, '')}/`
    return path.startsWith(base) && globMatches(pattern, path.slice(base.length))
  })
}

/** `# tensorlint: model=PATH`: a path from the program's own folder upwards. */
const comment = /tensorlint:\s*model=(\S+)/

function namesModel(program: Program, model: Model): boolean {
  for (const { start, end } of program.comments) {
    const path = comment.exec(program.text.slice(start, end))?.[1]
    if (path === undefined) continue
    const wanted = model.path.replace(/\\/g, '/')
    const folders = program.path.replace(/\\/g, '/').split('/').slice(0, -1)
    for (let n = folders.length; n >= 0; n--)
      if (normalize([...folders.slice(0, n), path].join('/')) === wanted) return true
    if (normalize(path) === wanted) return true
  }
  return false
}

/** Folders to go up from a file until the other path lies below. */
function levelsUp(from: string, to: string): number {
  const a = from.split(/[\\/]/).slice(0, -1)
  const b = to.split(/[\\/]/)
  let shared = 0
  while (shared < a.length && a[shared] === b[shared]) shared++
  return a.length - shared
}
