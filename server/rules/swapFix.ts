// Two arguments that stand in each other's place, exchanged: only where each is an expression of its own.

import { placeKey } from '../interp/run/machine'
import type { Place } from '../interp/values/value'
import type { Fix } from '../protocol'
import { rangeOf, textAt } from './show'

/** `what` names the two: `scales and biases`. */
export function swapFix(a: Place | undefined, b: Place | undefined, what: string): Fix[] {
  if (!a || !b || a.program !== b.program || placeKey(a) === placeKey(b)) return []
  const { path } = a.program
  const edits = [
    { path, range: rangeOf(a), newText: textAt(b) },
    { path, range: rangeOf(b), newText: textAt(a) },
  ]
  return [{ title: `Swap ${what}`, kind: 'safe', edits }]
}
