// `mx.split(array, parts, axis=0)[i]` as text: the same part of another array.

import type { Place } from '../interp/values/value'
import { textAt } from './show'

/** The text of a split call and its index with another array in it; undefined where the place is no such call. */
export function splitLike(place: Place, operand: string): string | undefined {
  const call = textAt(place)
  const { text } = place.program
  const index = /^\s*\[[^\][:,'"`]*\]/.exec(text.slice(place.span.end))?.[0]
  const [, name, inside] = /^((?:\w+\.)*split\()(.*)\)$/s.exec(call) ?? []
  if (index === undefined || name === undefined || inside === undefined) return undefined
  const end = firstComma(inside)
  if (end < 0) return undefined
  const parts = inside.slice(end)
  // Parts that are counted are the same for both; bounds in columns are not.
  return /^,\s*[\w.]+\s*(,[^[\]]*)?$/.test(parts) ? `${name}${operand}${parts})${index.trim()}` : undefined
}

/** Where the first argument ends; -1 where there is but one. */
function firstComma(text: string): number {
  let depth = 0
  let quote = ''
  for (const [i, char] of [...text].entries()) {
    if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === "'" || char === '`') quote = char
    else if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char)) depth--
    else if (char === ',' && depth === 0) return i
  }
  return -1
}
