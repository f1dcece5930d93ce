// Draws the lines of a source with carets under a range, for a terminal.

import type { Range } from '../protocol'

/** Wider than this, a line is cut to the part around the range. */
const MAX_COLUMNS = 140

/** The first line of the range with carets below it; nothing for a line that the text does not have. */
export function drawCarets(text: string, range: Range): readonly string[] {
  const line = lineAt(text, range.start.line)
  if (line === undefined) return []
  const begin = Math.min(range.start.character, line.length)
  const end = range.end.line > range.start.line ? line.length : Math.min(range.end.character, line.length)
  const from = end <= MAX_COLUMNS ? 0 : Math.max(0, begin - 40)
  const shown = line.slice(from, from + MAX_COLUMNS)
  const number = String(range.start.line + 1)
  // Tabs are kept in the line of carets, so that both lines are as wide in any terminal.
  const indent = line.slice(from, begin).replace(/[^\t]/g, ' ')
  const carets = '^'.repeat(Math.max(1, Math.min(end, from + MAX_COLUMNS) - begin))
  return [`${number} | ${printable(shown)}`, `${' '.repeat(number.length)} | ${indent}${carets}`]
}

/** Text from files as it may be printed: control characters (other than tabs) cannot drive the terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function lineAt(text: string, line: number): string | undefined {
  let start = 0
  for (let i = 0; i < line; i++) {
    const end = /\r\n|\n|\r/g
    end.lastIndex = start
    const found = end.exec(text)
    if (!found) return undefined
    start = end.lastIndex
  }
  return /^[^\r\n]*/.exec(text.slice(start))?.[0]
}
