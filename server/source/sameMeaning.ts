// Whether an edit of a text changed what the program means. Remarks, blank lines and spaces do not, and while they are
// typed everything that was found out about the program stays true.

import type { Program, Span } from './ir'
import type { Replacement } from '../util/textEdits'

/** A comment of ours says something, and where it stands matters. */
const spoken = 'tensorlint:'

/**
 * Whether two programs that could be read differ in remarks and spaces only; `edit` is where their texts differ. A program
 * that says the same in other words (`4` and `0x4`, another annotation) is another program.
 */
export function sameMeaning(old: Program, next: Program, edit: Replacement): boolean {
  const span = { start: edit.start, end: edit.start + edit.length }
  if (words(old, edit) !== words(next, span)) return false
  const isSpoken = old.text.includes(spoken) || next.text.includes(spoken)
  if (isSpoken && !samePlaces(old, next, edit)) return false
  return sameNodes(old.body, next.body)
}

/** What a part of a text holds besides remarks and spaces. */
function words({ text, comments }: Program, { start, end }: Span): string {
  let held = ''
  let at = start
  for (const comment of comments) {
    if (comment.end <= start || comment.start >= end) continue
    held += text.slice(at, Math.max(at, comment.start))
    at = Math.max(at, comment.end)
  }
  return (held + text.slice(at, Math.max(at, end))).replace(/\s+/g, '')
}

/** Whether the edit leaves all comments of ours at their lines. */
function samePlaces(old: Program, next: Program, edit: Replacement): boolean {
  if (linesIn(old.text, edit.start, edit.end) !== linesIn(next.text, edit.start, edit.start + edit.length)) return false
  const ours = ({ text, comments }: Program) =>
    comments.map(({ start, end }) => text.slice(start, end)).filter(comment => comment.includes(spoken))
  return ours(old).join('\n') === ours(next).join('\n')
}

const linesIn = (text: string, start: number, end: number): number => text.slice(start, end).split('\n').length

/** Whether two nodes are the same but for where they stand. */
function sameNodes(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!sameNodes(a[i], b[i])) return false
    return true
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  let count = 0
  for (const key in left) {
    count++
    if (key !== 'span' && !sameNodes(left[key], right[key])) return false
  }
  for (const key in right) {
    count--
    if (!(key in left)) return false
  }
  return count === 0
}
