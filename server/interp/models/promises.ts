// Promises and errors of JavaScript. A promise is what it comes to: `await` is dropped where programs are lowered.
// Specification: ECMA-262, 2024.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { constant, dict, type InstanceValue, join, library, list, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

/** Holds what a promise is resolved with. */
const promiseValue = '#value'

/** `new Promise((resolve, reject) => …)`: what it is resolved with while the function runs; later is not followed. */
function promised(c: LibraryCall): Value {
  const executor = c.get(0)
  const held: InstanceValue = {
    kind: 'instance',
    of: { kind: 'library', name: 'js.promise' },
    attributes: new Map<string, Value>(),
  }
  if (executor) callFunction(c.m, executor, [library('js.promise.fulfil', held), library('js.promise.reject', held)], c)
  return held.attributes.get(promiseValue) ?? unknown(c.m, 'what a promise is resolved with')
}

/** `resolve(value)`: the first time counts. */
function fulfil(c: LibraryCall): Value {
  if (c.self?.kind !== 'instance') return none
  const { attributes } = c.self
  const before = attributes.get(promiseValue)
  const value = c.get(0) ?? none
  if (c.m.uncertain > 0 || c.m.alternative > 0)
    attributes.set(
      promiseValue,
      before ? join(before, value, w => unknown(c.m, w)) : unknown(c.m, 'one of several values'),
    )
  else if (!before) attributes.set(promiseValue, value)
  return none
}

const errors = ['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']

/** `new Error(message, { cause })`. */
function madeError(c: LibraryCall): Value {
  const attributes = new Map<string, Value>([
    ['message', c.get(0) ?? constant('')],
    ['name', constant(c.name.slice('js.'.length))],
  ])
  const options = c.get(1)
  const cause = options?.kind === 'dict' ? options.map.get('cause') : undefined
  if (cause) attributes.set('cause', cause)
  return { kind: 'instance', of: { kind: 'library', name: c.name }, attributes }
}

/** Whichever is done first. */
function firstOf(c: LibraryCall): Value {
  const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
  const [first, ...others] = items ?? []
  return first
    ? others.reduce((made, other) => join(made, other, why => unknown(c.m, why)), first)
    : unknown(c.m, 'what a promise comes to')
}

export const promises: LibraryModel = {
  calls: {
    'js.Promise': promised,
    'js.promise.fulfil': c => fulfil(c),
    'js.promise.reject': () => none,
    'js.Promise.all': c => c.get(0) ?? none,
    'js.Promise.race': firstOf,
    'js.Promise.any': firstOf,
    'js.Promise.resolve': c => c.get(0) ?? none,
    'js.Promise.allSettled': c => {
      const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
      const settled = (value: Value) =>
        dict([
          ['status', constant('fulfilled')],
          ['value', value],
        ])
      return list(items?.map(settled) ?? [], 'list', !items)
    },
    'js.promise.then': c => (c.get(0) ? callFunction(c.m, c.get(0) ?? none, [c.self ?? none], c) : (c.self ?? none)),
    'js.promise.catch': c => c.self ?? none,
    'js.promise.finally': c => {
      callFunction(c.m, c.get(0) ?? none, [], c)
      return c.self ?? none
    },
    ...Object.fromEntries(errors.map(name => [`js.${name}`, madeError] as const)),
  },
}
