// What is not followed may set any attribute of an object that it gets, or that a function which it gets can reach.

import type { Value } from '../values/value'

/** Objects inside objects that are looked at. */
const deepest = 3

/** Something that is not followed gets a value. */
export function noteShared(v: Value, depth = 0): void {
  if (depth > deepest) return
  if (v.kind === 'instance') {
    v.isShared = true
    if (v.of.kind === 'library') for (const inner of v.attributes.values()) noteShared(inner, depth + 1)
  } else if (v.kind === 'list') for (const item of v.items) noteShared(item, depth + 1)
  else if (v.kind === 'dict') for (const item of v.map.values()) noteShared(item, depth + 1)
  else if (v.kind === 'function') {
    if (v.self) noteShared(v.self, depth + 1)
    // What a function sees around it, but for the names of its whole program.
    for (let scope = v.scope; scope.parent; scope = scope.parent)
      for (const inner of scope.vars.values()) if (inner.kind === 'instance') inner.isShared = true
  }
}
