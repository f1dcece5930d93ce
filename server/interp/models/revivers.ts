// The function that `JSON.parse` takes: it is called for every value, the inner ones first, as a method of the object or
// list that holds it, and gives what stands there instead. What it gives as `undefined` is left out.
// Specification: ECMA-262, 2024, InternalizeJSONProperty.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { constant, dict, type FunctionValue, isUndefined, list, type Value } from '../values/value'

/** Texts with more values than this are not followed, as an index of a large checkpoint is. */
const mostValues = 5_000

/** What a function of the program makes of a parsed text; the value itself may be shared and is not changed. */
export function revived(c: LibraryCall, value: Value, reviver: Value): Value {
  if (reviver.kind !== 'function' || countOf(value, mostValues) > mostValues)
    return unknown(c.m, 'JSON with a function that is not followed')
  const holder = dict([['', copied(value)]])
  return inner(c, reviver, holder, '', holder.map.get('') ?? value)
}

function inner(c: LibraryCall, reviver: FunctionValue, holder: Value, key: string, value: Value): Value {
  if (value.kind === 'list')
    for (const i of value.items.keys()) {
      const made = inner(c, reviver, value, String(i), value.items[i] ?? constant(null))
      value.items[i] = made
    }
  else if (value.kind === 'dict')
    for (const [name, held] of [...value.map]) {
      const made = inner(c, reviver, value, String(name), value.map.get(name) ?? held)
      if (isUndefined(made)) value.map.delete(name)
      else value.map.set(name, made)
    }
  const self = reviver.def.isArrow ? reviver : { ...reviver, self: holder }
  return callFunction(c.m, self, [constant(key), value], c)
}

const copied = (v: Value): Value =>
  v.kind === 'list'
    ? list(v.items.map(copied), v.shape, v.open)
    : v.kind === 'dict'
      ? { ...v, map: new Map([...v.map].map(([key, held]) => [key, copied(held)])), deleted: new Set(v.deleted) }
      : v

/** How many values there are, counted until there are too many. */
function countOf(v: Value, most: number): number {
  const held = v.kind === 'list' ? v.items : v.kind === 'dict' ? v.map.values() : []
  let count = 1
  for (const item of held) if ((count += countOf(item, most)) > most) break
  return count
}
