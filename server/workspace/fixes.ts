// Chooses fixes that can be applied together. Only safe ones are taken in bulk, one for each finding, and never two whose
// edits touch each other: what is left over is offered again when the rest is done.

import type { Edit, Finding, Fix, Position, Range } from '../protocol'

export interface ChosenFix {
  readonly finding: Finding
  readonly fix: Fix
}

export interface MergedFixes {
  readonly chosen: readonly ChosenFix[]
  /** Each edit once, sorted by path and place; no two of them overlap. */
  readonly edits: readonly Edit[]
}

/** Merges the first safe fix of every finding, in the order of the findings. */
export function mergeSafeFixes(
  findings: readonly Finding[],
  fixesOf: (finding: Finding) => readonly Fix[] = finding => finding.fixes,
): MergedFixes {
  const chosen: ChosenFix[] = []
  const edits: Edit[] = []
  const byPath = new Map<string, Edit[]>()
  for (const finding of findings) {
    const fix = fixesOf(finding).find(({ kind }) => kind === 'safe')
    if (!fix || fix.edits.length === 0) continue
    const fresh = fix.edits.filter(edit => !(byPath.get(edit.path) ?? []).some(other => sameEdit(edit, other)))
    if (fresh.some(edit => (byPath.get(edit.path) ?? []).some(other => touches(edit.range, other.range)))) continue
    chosen.push({ finding, fix })
    for (const edit of fresh) {
      edits.push(edit)
      const list = byPath.get(edit.path)
      if (list) list.push(edit)
      else byPath.set(edit.path, [edit])
    }
  }
  edits.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : compare(a.range.start, b.range.start)))
  return { chosen, edits }
}

const compare = (a: Position, b: Position) => a.line - b.line || a.character - b.character

const sameEdit = (a: Edit, b: Edit) =>
  a.newText === b.newText && compare(a.range.start, b.range.start) === 0 && compare(a.range.end, b.range.end) === 0

/** Whether two ranges share text, or two insertions the same place (their order would then be a guess). */
function touches(a: Range, b: Range): boolean {
  if (compare(a.start, b.start) === 0) return true
  return compare(a.start, b.end) < 0 && compare(b.start, a.end) < 0
}
