// Sets of Python, and the methods of its lists and dicts that change them in place. Two items of a set are never equal;
// where it is not known whether two are, the set is marked open.

import { asKey } from '../values/keys'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf, keysOf } from '../run/expressions'
import { type Machine, placeKey, unknown } from '../run/machine'
import { constant, type DictValue, list, type ListValue, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

const selfList = (c: LibraryCall) => c.self as ListValue

/** What tells an item apart from others; undefined where it may be equal to any. */
function markOf(v: Value): unknown {
  const key = asKey(v)
  if (key.kind === 'const') return `${typeof key.value} ${key.value}`
  if (key.kind === 'library' && !key.self) return `library ${key.name}`
  return key.kind === 'instance' || key.kind === 'class' || key.kind === 'function' ? key : undefined
}

/** A set of items, each once. */
export function setOf(items: readonly Value[], open = false): ListValue {
  const seen = new Map<unknown, Value>()
  const others: Value[] = []
  for (const item of items) {
    const mark = markOf(item)
    if (mark === undefined) others.push(item)
    else if (!seen.has(mark)) seen.set(mark, item)
  }
  return list([...seen.values(), ...others], 'set', open || (others.length > 0 && items.length > 1))
}

type Combine = (marks: ReadonlySet<unknown>, others: ReadonlySet<unknown>, mark: unknown) => boolean

const combinations: Readonly<Record<string, Combine>> = {
  union: () => true,
  intersection: (a, b, mark) => a.has(mark) && b.has(mark),
  difference: (a, b, mark) => a.has(mark) && !b.has(mark),
  symmetric_difference: (a, b, mark) => a.has(mark) !== b.has(mark),
}

const operatorNames: Readonly<Record<string, string>> = {
  '|': 'union',
  '&': 'intersection',
  '-': 'difference',
  '^': 'symmetric_difference',
}

function combine(m: Machine, name: string, left: Value, right: Value): ListValue {
  const [a, b] = [itemsOf(m, left), itemsOf(m, right)]
  const marks = [a, b].map(items => items?.map(markOf))
  const keep = combinations[name]
  if (!a || !b || !keep || marks.some(of => of === undefined || of.includes(undefined)))
    return list(name === 'union' ? [...(a ?? []), ...(b ?? [])] : [...(a ?? [])], 'set', true)
  const [mine, others] = marks.map(of => new Set(of)) as [Set<unknown>, Set<unknown>]
  return setOf([...a, ...b].filter(item => keep(mine, others, markOf(item))))
}

/** `a | b`, `a - b` and the like, of sets and of the keys of dicts. */
export function setOperator(m: Machine, op: string, left: Value, right: Value): Value | undefined {
  const name = operatorNames[op]
  if (name === undefined || left.kind !== 'list' || right.kind !== 'list') return undefined
  return left.shape === 'set' || right.shape === 'set' ? combine(m, name, left, right) : undefined
}

/** Whether two sets have the same items; undefined where that is not known. */
export function sameSet(a: ListValue, b: ListValue): boolean | undefined {
  if (a.open || b.open) return undefined
  const [mine, others] = [a.items.map(markOf), b.items.map(markOf)]
  if (mine.includes(undefined) || others.includes(undefined)) return undefined
  return mine.length === others.length && mine.every(mark => others.includes(mark))
}

/** Puts other items in the place of a collection's own, unless it is not sure that this happens. */
function become(c: LibraryCall, made: ListValue): Value {
  const self = selfList(c)
  if (c.m.uncertain > 0 || made.open) {
    self.open = true
    for (const item of made.items) if (!self.items.includes(item)) self.items.push(item)
  } else self.items.splice(0, self.items.length, ...made.items)
  return none
}

const method =
  (name: string) =>
  (c: LibraryCall): Value =>
    c.args.positional.reduce<Value>(
      (made, a) => combine(c.m, name, made, a.value),
      setOf(selfList(c).items, selfList(c).open),
    )

const inPlace =
  (name: string) =>
  (c: LibraryCall): Value => {
    const made = method(name)(c)
    return become(c, made as ListValue)
  }

/** `issubset` and its kin. */
const relation =
  (holds: (mine: ReadonlySet<unknown>, others: ReadonlySet<unknown>) => boolean) =>
  (c: LibraryCall): Value => {
    const items = itemsOf(c.m, c.get(0) ?? none)
    const self = selfList(c)
    const [mine, others] = [self.items.map(markOf), items?.map(markOf)]
    if (self.open || !others || mine.includes(undefined) || others.includes(undefined)) return unknown(c.m, c.name)
    return constant(holds(new Set(mine), new Set(others)))
  }

/** Takes one item out; undefined where it is not known which. */
function without(c: LibraryCall): readonly Value[] | undefined {
  const mark = markOf(c.get(0) ?? none)
  const { items, open } = selfList(c)
  const marks = items.map(markOf)
  const at = marks.indexOf(mark)
  if (open || mark === undefined || marks.slice(0, at < 0 ? undefined : at).includes(undefined)) return undefined
  return items.filter((_, i) => i !== at)
}

function remove(c: LibraryCall): Value {
  const rest = without(c)
  if (rest) return become(c, list([...rest], selfList(c).shape))
  selfList(c).open = true
  return none
}

function insert(c: LibraryCall): Value {
  const [at, item] = [c.get(0), c.get(1)]
  const self = selfList(c)
  if (at?.kind !== 'const' || typeof at.value !== 'number' || !item || self.open || c.m.uncertain > 0) self.open = true
  else self.items.splice(at.value, 0, item)
  return none
}

function count(c: LibraryCall): Value {
  const mark = markOf(c.get(0) ?? none)
  const marks = selfList(c).items.map(markOf)
  if (selfList(c).open || mark === undefined || marks.includes(undefined)) return unknown(c.m, 'count')
  return constant(marks.filter(other => other === mark).length)
}

/** Empties a dict; where that is not sure, it may hold what it held. */
function clearDict(c: LibraryCall): Value {
  const self = c.self as DictValue
  if (c.m.uncertain > 0) self.open = true
  self.map.clear()
  self.views = []
  return none
}

function popItem(c: LibraryCall): Value {
  const self = c.self as DictValue
  const keys = keysOf(c.m, self)
  const key = keys?.at(-1)
  if (c.m.uncertain > 0 || key?.kind !== 'const' || key.value === null || typeof key.value === 'boolean') {
    self.open = true
    return unknown(c.m, `popitem at ${placeKey(c.at)}`)
  }
  const value = c.getItem(self, key)
  self.map.delete(key.value)
  self.deleted.add(key.value)
  return list([key, value], 'tuple')
}

export const sets: LibraryModel = {
  calls: {
    ...Object.fromEntries(Object.keys(combinations).map(name => [`list.${name}`, method(name)] as const)),
    'list.update': inPlace('union'),
    'list.difference_update': inPlace('difference'),
    'list.intersection_update': inPlace('intersection'),
    'list.issubset': relation((a, b) => [...a].every(mark => b.has(mark))),
    'list.issuperset': relation((a, b) => [...b].every(mark => a.has(mark))),
    'list.isdisjoint': relation((a, b) => [...a].every(mark => !b.has(mark))),
    'list.discard': remove,
    'list.remove': remove,
    'list.insert': insert,
    'list.count': count,
    'dict.clear': clearDict,
    'dict.popitem': popItem,
  },
}
