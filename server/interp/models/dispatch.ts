// `functools.singledispatch`: a function that is another one for each class of its first argument.
// Source: Lib/functools.py of CPython 3.12.

import { callWith, handedOut } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { evaluate } from '../run/expressions'
import { type InstanceValue, list, type ListValue, none, type Value } from '../values/value'
import type { LibraryModel } from './index'
import { isOneOf } from './isInstance'

const dispatcher = 'functools.singledispatch'
const registrar = `${dispatcher}.register`

const instanceOf = (name: string, attributes: readonly (readonly [string, Value])[]): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name },
  attributes: new Map(attributes),
})

/** Pairs of a class and the function for it, in order. */
function tableOf(v: Value | undefined): ListValue | undefined {
  const held = v?.kind === 'instance' ? v.attributes.get('#table') : undefined
  return held?.kind === 'list' ? held : undefined
}

/** Puts a function into the table; where it is not known for which class, any call may be one of it. */
function put(c: LibraryCall, of: Value | undefined, f: Value): Value {
  const table = tableOf(c.self)
  if (of && of.kind !== 'unknown') table?.items.push(list([of, f], 'tuple'))
  else if (table) table.open = true
  return f
}

/** `register(cls)`, `register(cls, function)`, or `register(function)`, whose first parameter says the class. */
function register(c: LibraryCall): Value {
  const [first, second] = [c.get(0, 'cls'), c.get(1, 'func')]
  if (first?.kind === 'function') {
    const annotation = first.def.params[0]?.annotation
    return put(c, annotation && evaluate(c.m, annotation, first.scope), first)
  }
  if (first && second) return put(c, first, second)
  return instanceOf(registrar, [
    ['#table', tableOf(c.self) ?? none],
    ['#class', first ?? none],
  ])
}

/** Calls the function for the class of the first argument. */
function dispatch(c: LibraryCall): Value {
  const table = tableOf(c.self)
  const [self, first] = [c.self, c.get(0)]
  if (!table || table.open || self?.kind !== 'instance' || !first) return handedOut(c.m, c.args, c.name)
  const rows = table.items.map(row => (row.kind === 'list' ? row.items : []))
  const answers = rows.map(([of]) => isOneOf(first, of ?? none))
  const meant = rows.filter((_, i) => answers[i] === true)
  // Of several classes the nearest is meant, which is not worked out here.
  if (answers.includes(undefined) || meant.length > 1) return handedOut(c.m, c.args, c.name)
  return callWith(c.m, meant[0]?.[1] ?? self.attributes.get('#default') ?? none, c.args, c)
}

export const dispatching: LibraryModel = {
  calls: {
    [dispatcher]: c =>
      instanceOf(dispatcher, [
        ['#default', c.get(0) ?? none],
        ['#table', list([])],
      ]),
    [registrar]: register,
    [`${registrar}.__call__`]: c =>
      put(c, c.self?.kind === 'instance' ? c.self.attributes.get('#class') : undefined, c.get(0) ?? none),
    [`${dispatcher}.__call__`]: dispatch,
  },
}
