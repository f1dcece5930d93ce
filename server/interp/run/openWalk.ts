// What a loop leaves in variables that it carries from turn to turn (`x = block(x)`) where it walks over more items than are
// known: blocks that nobody has seen may have given the array any other shape.

import type { Stmt } from '../../source/ir'
import { anyArray } from '../arrays/arrays'
import { namesSet } from './idling'
import type { ArrayValue, Scope, Value } from '../values/value'

type Carried = ReadonlyMap<string, ArrayValue>

/** Arrays that a loop over `iterable` may carry on, as they are before its first turn. */
export function carriedInto(iterable: Value, body: readonly Stmt[], scope: Scope): Carried {
  const carried = new Map<string, ArrayValue>()
  if (iterable.kind !== 'list' || !iterable.open || iterable.optional) return carried
  for (const name of namesSet(body)) {
    const held = scope.vars.get(name)
    if (held?.kind === 'array') carried.set(name, held)
  }
  return carried
}

/** Blocks that have left the shape as it was, from which on the others are taken to do the same. */
const fewestAlike = 2

/** What was carried through the loop is of any shape afterwards, but where several turns have left its shape alone. */
export function loosen(carried: Carried, iterable: Value, scope: Scope): void {
  const areMany = iterable.kind === 'list' && iterable.items.length >= fewestAlike
  for (const [name, before] of carried) {
    const after = scope.vars.get(name)
    if (after?.kind !== 'array' || after === before || (areMany && shapesOf(after) === shapesOf(before))) continue
    scope.vars.set(name, { ...anyArray(after.activation), library: after.library })
  }
}

const shapesOf = ({ variants }: ArrayValue): string =>
  [...new Set(variants.map(({ shape }) => String(shape)))].join(';')
