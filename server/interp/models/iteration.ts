// More of what Python programs walk with: groups, queues with two ends, counters without an end.

import { asKey } from '../values/keys'
import { callFunction, callWith } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { binary } from '../run/operators'
import { getAttribute } from '../members/members'
import {
  constant,
  dict,
  isNumber,
  isString,
  list,
  type ListValue,
  none,
  truth,
  type Value,
  wholeNumber,
} from '../values/value'
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

/** Those items for which a test says what is wanted; with `once`, all that follow the first such one. */
const sieve =
  (wanted: boolean, once: boolean) =>
  (c: LibraryCall): Value => {
    const [f, over] = [c.get(0), c.get(1)]
    const items = over && itemsOf(c.m, over)
    if (!f || !items) return list([], 'list', true)
    const isPlain = f.kind === 'const' && f.value === null
    const made: Value[] = []
    for (const item of items) {
      if (once && made.length > 0) made.push(item)
      else {
        const answer = truth(isPlain ? item : callFunction(c.m, f, [item], c), false)
        if (answer === undefined) return list(items, 'list', true)
        if (answer === wanted) made.push(item)
      }
    }
    return list(made)
  }

/** `compress(data, selectors)`. */
function compress(c: LibraryCall): Value {
  const [items, chosen] = [c.get(0, 'data'), c.get(1, 'selectors')].map(v => v && itemsOf(c.m, v))
  const answers = chosen?.map(v => truth(v, false))
  if (!items || !answers || answers.includes(undefined)) return list([], 'list', true)
  return list(items.filter((_, i) => answers[i] === true))
}

/** `combinations(items, n)`, or with every order `permutations(items, n)`. */
const chosen =
  (isOrdered: boolean) =>
  (c: LibraryCall): Value => {
    const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
    const count = c.get(1, 'r') ?? (isOrdered && items ? wholeNumber(items.length) : none)
    if (!items || !isNumber(count) || items.length ** count.value > mostCounted) return list([], 'list', true)
    const choose = (from: readonly Value[], left: number): Value[][] =>
      left === 0
        ? [[]]
        : from.flatMap((item, i) =>
            choose(isOrdered ? from.filter((_, at) => at !== i) : from.slice(i + 1), left - 1).map(rest => [
              item,
              ...rest,
            ]),
          )
    return list(choose(items, count.value).map(row => list(row, 'tuple')))
  }

/** `batched(items, n)`: tuples of so many. */
function batched(c: LibraryCall): Value {
  const [items, size] = [c.get(0) && itemsOf(c.m, c.get(0) ?? none), c.get(1, 'n')]
  if (!items || !size || !isNumber(size) || size.value < 1) return list([], 'list', true)
  const count = Math.ceil(items.length / size.value)
  return list(Array.from({ length: count }, (_, i) => list(items.slice(i * size.value, (i + 1) * size.value), 'tuple')))
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

/** Calls the method that `methodcaller` names. */
function callMethod(c: LibraryCall): Value {
  const held = c.self?.kind === 'instance' ? c.self.attributes : undefined
  const [name, given, named] = [held?.get('name'), held?.get('given'), held?.get('named')]
  const object = c.get(0)
  if (!object || !name || !isString(name) || given?.kind !== 'list' || named?.kind !== 'dict')
    return unknown(c.m, c.name)
  const method = getAttribute(c.m, object, name.value, c.at, false)
  const keywords = new Map([...named.map].map(([key, value]) => [String(key), { value }]))
  return callWith(c.m, method, { positional: given.items.map(value => ({ value })), keywords, open: false }, c)
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
    'itertools.dropwhile': sieve(false, true),
    'itertools.filterfalse': sieve(false, false),
    'itertools.compress': compress,
    'itertools.combinations': chosen(false),
    'itertools.permutations': chosen(true),
    'itertools.batched': batched,
    'operator.methodcaller': c => ({
      kind: 'instance',
      of: { kind: 'library', name: 'operator.methodcaller' },
      attributes: new Map<string, Value>([
        ['name', c.get(0) ?? none],
        ['given', list(c.args.positional.slice(1).map(a => a.value))],
        ['named', dict([...c.args.keywords].map(([name, a]) => [name, a.value]))],
      ]),
    }),
    'operator.methodcaller.__call__': callMethod,
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
