// `__metadata__` of a header: an object of strings, or null, which MLX writes when it has nothing to say.
// The Rust reference insists on that and on its being there once; MLX takes a few things more.

import { maxHeaderDepth } from './limits'
import { both, type ProblemList, rustOnly } from './problemList'

/** The strings of `__metadata__`; empty where it is absent, null or unusable. `texts`: the JSON of each one found. */
export function readMetadata(
  texts: readonly string[],
  deepest: number,
  into: ProblemList,
): ReadonlyMap<string, string> {
  const strings = new Map<string, string>()
  if (texts.length > 1)
    into.add('bad-metadata', rustOnly, `the header has __metadata__ ${texts.length} times, expected once`)
  const text = texts[texts.length - 1]
  if (text === undefined || deepest > maxHeaderDepth) return strings
  const value: unknown = JSON.parse(text)
  if (value === null) return strings
  if (typeof value !== 'object' || Array.isArray(value)) {
    const items: unknown[] = Array.isArray(value) ? value : [value]
    const mlx = items.some(item => typeof item !== 'string')
    into.add('bad-metadata', { rust: true, mlx }, `__metadata__ is ${kindOf(value)}, expected an object of strings`)
    return strings
  }
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === 'string') strings.set(key, item)
    else
      into.add('bad-metadata', both, `__metadata__ has ${kindOf(item)} for ${JSON.stringify(key)}, expected a string`)
  }
  return strings
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
