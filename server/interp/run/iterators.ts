// Iterables of JavaScript that a program makes itself: what their iterators give, until these say that they are done.
// A generator is a list here, since it is run at once. Specification: ECMA-262, 2024, section 27.1.

import { callFunction } from './calls'
import { itemsOf } from './expressions'
import { type Machine, turnLimit } from './machine'
import { findMember } from '../members/members'
import { type FunctionValue, none, truth, type Value } from '../values/value'

/** Names of the members that a walk calls. */
const walkers = ['[Symbol.iterator]', '[Symbol.asyncIterator]'] as const

/** A method of an object, by class or of its own. */
function methodOf(object: Value, name: string): FunctionValue | undefined {
  const found =
    object.kind === 'instance'
      ? (object.attributes.get(name) ?? findMember(object.of, name)?.value)
      : object.kind === 'dict'
        ? object.map.get(name)
        : undefined
  if (found?.kind !== 'function') return undefined
  return found.def.isArrow || found.self ? found : { ...found, self: object }
}

/** What walking an object of the program gives; null where it is none that can be walked, undefined where that is not known. */
export function itemsOfIterable(m: Machine, object: Value): Value[] | null | undefined {
  for (const name of walkers) {
    const walker = methodOf(object, name)
    if (!walker) continue
    const iterator = callFunction(m, walker, [])
    return iterator.kind === 'instance' || (iterator.kind === 'dict' && !iterator.isMap)
      ? itemsOfIterator(m, iterator)
      : iterator === object
        ? undefined
        : itemsOf(m, iterator)
  }
  return null
}

/** Calls `next` until it says that it is done. */
function itemsOfIterator(m: Machine, iterator: Value): Value[] | undefined {
  const next = methodOf(iterator, 'next')
  if (!next) return undefined
  const items: Value[] = []
  while (items.length < turnLimit && m.work > 0) {
    const step = callFunction(m, next, [])
    if (step.kind !== 'dict') return undefined
    const done = step.map.get('done')
    const isDone = done ? truth(done, true) : step.open ? undefined : false
    if (isDone === undefined) return undefined
    if (isDone) return items
    items.push(step.map.get('value') ?? none)
  }
  return undefined
}
