// Applies edits to a text, all at once, as an editor would.

import type { Range } from '../protocol'
import { lineIndex } from './lineIndex'

/** The text with every range replaced. Ranges belong to the text as given and must not overlap: that would be our bug. */
export function applyEdits(
  text: string,
  edits: readonly { readonly range: Range; readonly newText: string }[],
): string {
  const lines = lineIndex(text)
  const ordered = edits
    .map(({ range, newText }) => ({ start: lines.offset(range.start), end: lines.offset(range.end), newText }))
    .sort((a, b) => a.start - b.start || a.end - b.end)
  let result = ''
  let at = 0
  for (const { start, end, newText } of ordered) {
    if (start < at || end < start) throw new Error(`edits overlap at offset ${start}`)
    result += text.slice(at, start) + newText
    at = end
  }
  return result + text.slice(at)
}
