// A keyword argument added to a call of Python, behind what is there, in the author's own layout.

import type { Place } from '../interp/values/value'
import type { Edit } from '../protocol'
import { rangeIn } from './show'

/** The edit that passes `argument` (`bits=4`); undefined where the place is no call with its bracket at the end. */
export function argumentEdit({ program, span }: Place, argument: string): Edit | undefined {
  const close = span.end - 1
  if (program.text[close] !== ')') return undefined
  const inside = program.text.slice(span.start, close).trimEnd()
  const separator = inside.endsWith('(') ? '' : inside.endsWith(',') ? ' ' : ', '
  const at = span.start + inside.length
  return { path: program.path, range: rangeIn(program, at, at), newText: `${separator}${argument}` }
}
