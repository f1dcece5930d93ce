// More of what Python programs walk with: groups, queues with two ends, counters without an end.

import { asKey } from '../values/keys'
import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { binary } from '../run/operators'
import { constant, isNumber, list, type ListValue, none, type Value, wholeNumber } from '../values/value'
import type { LibraryModel } from './index'

/** A value as a text that is equal for equal keys; undefined where equality is not known. */
function keyOf(v: Value): string | undefined {
  const key = asKey(v)
  return key.kind === 'const' ? `${typeof key.value} ${String(key.value)}` : undefined
}

/** Neighbours with the same key, as pairs of that key and a list. */
function groupBy(c: LibraryCall): Value {
  const [over, key] = [c.get(0, 'iterable'), c.get(1, 'key')]
  const items = over && itemsOf(c.m, over)
  if (!items || (over.kind === 'list' && over.isShuffled)) return list([], 'list', true)
  const isPlain = !key || (key.kind === 'const' && key.value === null)
  const groups: { readonly text: string; readonly key: Value; readonly items: Value[] }[] = []
  for (const item of items) {
    const of = isPlain ? item : callFunction(c.m, key, [item], c)
    const text = keyOf(of)
    if (text === undefined) return list([], 'list', true)
    const last = groups.at(-1)
    if (last?.text === text) last.items.push(item)
    else groups.push({ text, key: of, items: [item] })
  }
  return list(groups.map(group => list([group.key, list(group.items)], 'tuple')))
}

/** `deque(items)`; one of a limited length drops what is not followed. */
function deque(c: LibraryCall): Value {
  const [over, most] = [c.get(0, 'iterable'), c.get(1, 'maxlen')]
  const items = over ? itemsOf(c.m, over) : []
  const isLimited = most !== undefined && !(most.kind === 'const' && most.value === null)
  return list([...(items ?? [])], 'list', !items || isLimited)
}

const self = (c: LibraryCall): ListValue => c.self as ListValue

function takeFirst(c: LibraryCall): Value {
  const queue = self(c)
  if (!queue.open && c.m.uncertain === 0 && c.m.summaries === 0) return queue.items.shift() ?? unknown(c.m, 'popleft')
  queue.open = true
  return unknown(c.m, 'popleft')
}

function putFirst(c: LibraryCall, items: readonly Value[] | undefined): Value {
  if (items) self(c).items.unshift(...items)
  if (!items || c.m.uncertain > 0 || c.m.summaries > 0) self(c).open = true
  return none
}

/** `itertools.count(start, step)` has no end; so many are more than a loop over it takes beside anything else. */
const mostCounted = 10_000

function count(c: LibraryCall): Value {
  const [start, step] = [c.get(0, 'start') ?? constant(0), c.get(1, 'step') ?? constant(1)]
  if (!isNumber(start) || !isNumber(step)) return list([], 'list', true)
  return list(Array.from({ length: mostCounted }, (_, i) => wholeNumber(start.value + i * step.value)))
}

/** `map(f, a, b)` and `starmap(f, rows)`. */
function starMap(c: LibraryCall): Value {
  const [f, over] = [c.get(0), c.get(1)]
  const rows = over && itemsOf(c.m, over)?.map(row => itemsOf(c.m, row))
  if (!f || !rows || rows.includes(undefined)) return list([], 'list', true)
  return list(rows.map(row => callFunction(c.m, f, row ?? [], c)))
}

function takeWhile(c: LibraryCall): Value {
  const [f, over] = [c.get(0), c.get(1)]
  const items = over && itemsOf(c.m, over)
  if (!f || !items) return list([], 'list', true)
  const made: Value[] = []
  for (const item of items) {
    const answer = callFunction(c.m, f, [item], c)
    if (answer.kind !== 'const') return list(made, 'list', true)
    if (!answer.value) break
    made.push(item)
  }
  return list(made)
}

const operators: Readonly<Record<string, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  truediv: '/',
  floordiv: '//',
  matmul: '@',
  or_: '|',
}

/** `a op b`, as an operator between them gives it. */
const combined = (c: LibraryCall, op: string, a: Value, b: Value): Value =>
  binary(c.m, op, a, b, c.scope, { kind: 'literal', value: null, span: c.at.span })

export const iteration: LibraryModel = {
  calls: {
    'itertools.groupby': groupBy,
    'itertools.count': count,
    'itertools.starmap': starMap,
    'itertools.takewhile': takeWhile,
    'itertools.cycle': c => {
      const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
      if (!items || items.length === 0) return list([], 'list', true)
      return list(Array.from({ length: mostCounted }, (_, i) => items[i % items.length] ?? none))
    },
    'collections.deque': deque,
    'list.popleft': takeFirst,
    'list.appendleft': c => putFirst(c, [c.get(0) ?? none]),
    'list.extendleft': c => putFirst(c, [...((c.get(0) && itemsOf(c.m, c.get(0) ?? none)) ?? [])].reverse()),
    ...Object.fromEntries(
      Object.entries(operators).map(([name, op]) => [
        `operator.${name}`,
        (c: LibraryCall): Value => combined(c, op, c.get(0) ?? none, c.get(1) ?? none),
      ]),
    ),
    'py.sum': c => {
      const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
      if (!items) return unknown(c.m, 'sum')
      return items.reduce<Value>((sum, item) => combined(c, '+', sum, item), c.get(1, 'start') ?? constant(0))
    },
  },
}
