// The top-level statements of a Python text, told by its logical lines: each begins where a line is not indented, but for
// the lines that go on with a statement, and for definitions, which begin with their decorators.

import { logicalLines } from './lines'

const goesOn = /^(?:elif|else|except|finally)\b/

/** Where the top-level statements begin, with the comments and empty lines before the first; undefined where no line can be told. */
export function parts(text: string): readonly number[] | undefined {
  const lines = logicalLines(text)
  if (!lines) return undefined
  const starts = [0]
  let isDecorator = false
  for (const { start, indent } of lines) {
    if (indent > 0) continue
    const goes = isDecorator || goesOn.test(text.slice(start, start + 8))
    isDecorator = text[start] === '@'
    if (!goes && start > 0) starts.push(start)
  }
  return starts
}
