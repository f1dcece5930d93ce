// Which checkpoint a program means where no path in it decides: the one that a comment names, else the nearest ones.

import type { Model } from '../checkpoint/facts'
import type { Program } from '../source/ir'
import { normalize } from './checkpoints'

/** Groups of checkpoints in the order in which they may be meant; a later group only where none of an earlier one is met. */
export function candidates(programs: readonly Program[], models: readonly Model[]): readonly (readonly Model[])[] {
  const named = models.filter(model => programs.some(program => namesModel(program, model)))
  if (named.length > 0) return [named]
  const byDistance = new Map<number, Model[]>()
  for (const model of models) {
    const distance = Math.min(...programs.map(p => levelsUp(p.path, model.path)))
    byDistance.set(distance, [...(byDistance.get(distance) ?? []), model])
  }
  return [...byDistance].sort((a, b) => a[0] - b[0]).map(([, group]) => group)
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
