// Nodes of the intermediate representation at another place of a text.

import type { Span } from './ir'

/** A copy of nodes, `by` characters further on. */
export function shifted<T>(node: T, by: number): T {
  if (Array.isArray(node)) {
    const made: unknown[] = new Array(node.length)
    for (let i = 0; i < node.length; i++) made[i] = shifted(node[i], by)
    return made as T
  }
  if (typeof node !== 'object' || node === null) return node
  const made: Record<string, unknown> = {}
  for (const key in node) {
    const value = node[key] as unknown
    made[key] =
      key === 'span'
        ? moved(value as Span, by)
        : typeof value === 'object' && value !== null
          ? shifted(value, by)
          : value
  }
  return made as T
}

/** What is not in the text has no place in it. */
const moved = ({ start, end }: Span, by: number): Span =>
  end === 0 ? { start, end } : { start: start + by, end: end + by }
