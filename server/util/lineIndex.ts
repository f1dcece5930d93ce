// Offsets to positions and back, in UTF-16 units as the Language Server Protocol counts them.
// A line ends at \n, \r\n or a lone \r.

import type { Position, Range } from '../protocol'

export interface LineIndex {
  position(offset: number): Position
  range(start: number, end: number): Range
  offset(position: Position): number
}

/** Builds the index of line starts once; every query is then a binary search. */
export function lineIndex(text: string): LineIndex {
  const starts = [0]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1)
  }
  const position = (offset: number): Position => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low, character: offset - (starts[low] ?? 0) }
  }
  return {
    position,
    range: (start, end) => ({ start: position(start), end: position(end) }),
    offset: p => Math.min(text.length, (starts[p.line] ?? text.length) + p.character),
  }
}
