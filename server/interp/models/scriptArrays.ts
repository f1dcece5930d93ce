// Arrays, sets and maps of JavaScript: the methods that Python's lists and dicts have not. Those that both have are in
// collections.ts. Specification: ECMA-262, 2024.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import {
  constant,
  type DictValue,
  isNumber,
  isOptional,
  join,
  list,
  none,
  nothing,
  truth,
  type Value,
} from '../values/value'
import { asKey, keyValue } from '../values/keys'
import { entriesOf, selfDict, selfList } from './collections'
import type { LibraryModel } from './index'

const numberAt = (c: LibraryCall, position: number): number | undefined => {
  const v = c.get(position)
  return v && isNumber(v) ? v.value : undefined
}
const lost = (c: LibraryCall): Value => ({
  ...unknown(c.m, `${c.name} of a list that is not known`),
  ...(c.self && isOptional(c.self) ? { optional: true } : {}),
})

/** Changes a list in place where that is sure to happen; otherwise it may hold anything besides. */
function change(c: LibraryCall, f: (items: Value[]) => Value | undefined): Value {
  const self = selfList(c)
  if (!self.open && c.m.uncertain === 0 && !c.args.open) {
    const result = f(self.items)
    if (result) return result
  }
  self.open = true
  return lost(c)
}

/** Calls the callback for items in order, until `visit` has its answer; undefined where an answer is not known. */
function search<T>(
  c: LibraryCall,
  items: readonly Value[],
  visit: (known: boolean, item: Value, index: number) => T | undefined,
): { found: T } | 'none' | undefined {
  const callback = c.get(0)
  if (!callback) return undefined
  for (const [index, item] of items.entries()) {
    const known = truth(callFunction(c.m, callback, [item, constant(index), selfList(c)], c), true)
    if (known === undefined) return undefined
    const found = visit(known, item, index)
    if (found !== undefined) return { found }
  }
  return 'none'
}

/** `find` and its kin: the answer for the first item that the callback admits. */
const finder =
  (answer: (item: Value, index: number) => Value, otherwise: Value, wanted = true, fromEnd = false) =>
  (c: LibraryCall): Value => {
    const { items, open } = selfList(c)
    const count = items.length
    const order = fromEnd ? items.toReversed() : items
    const result = search(c, order, (known, item, i) =>
      known === wanted ? answer(item, fromEnd ? count - 1 - i : i) : undefined,
    )
    if (result === undefined) return lost(c)
    if (result !== 'none') return open && fromEnd ? lost(c) : result.found
    return open ? lost(c) : otherwise
  }

/** `reduce`; what has other items besides comes to nothing that is known. */
const reducer =
  (fromEnd: boolean) =>
  (c: LibraryCall): Value => {
    const self = selfList(c)
    const callback = c.get(0)
    if (!callback) return lost(c)
    const order = fromEnd ? self.items.toReversed() : [...self.items]
    let result = c.get(1) ?? order.shift()
    const skipped = c.get(1) ? 0 : 1
    for (const [i, item] of order.entries()) {
      const index = fromEnd ? order.length - 1 - i : i + skipped
      result = callFunction(c.m, callback, [result ?? none, item, constant(index), self], c)
    }
    // What may be given on the command line besides is not given.
    return (self.open && !self.optional) || !result ? lost(c) : result
  }

function flatten(items: readonly Value[], depth: number): { items: Value[]; open: boolean } {
  let open = false
  const flat = items.flatMap(item => {
    if (item.kind !== 'list' || depth < 1) return [item]
    if (item.open) open = true
    const inner = flatten(item.items, depth - 1)
    if (inner.open) open = true
    return inner.items
  })
  return { items: flat, open }
}

/** Positions of `slice`, `splice` and `at`: counted from the end where they are below zero. */
const position = (index: number, length: number): number =>
  index < 0 ? Math.max(0, length + index) : Math.min(index, length)

function splice(c: LibraryCall): Value {
  const [start, count] = [numberAt(c, 0), numberAt(c, 1)]
  if (start === undefined || (c.get(1) && count === undefined)) {
    selfList(c).open = true
    return list([], 'list', true)
  }
  return change(c, items => {
    const from = position(start, items.length)
    return list(items.splice(from, count ?? items.length, ...c.args.positional.slice(2).map(a => a.value)))
  })
}

function fill(c: LibraryCall): Value {
  const self = selfList(c)
  const value = c.get(0) ?? none
  const [from, to] = [numberAt(c, 1) ?? 0, numberAt(c, 2) ?? self.items.length]
  for (let i = position(from, self.items.length); i < position(to, self.items.length); i++) {
    const before = self.items[i]
    self.items[i] = c.m.uncertain > 0 ? join(before, value, w => unknown(c.m, w)) : value
  }
  return self
}

const isSame = (a: Value, b: Value): boolean =>
  a === b || (a.kind === 'const' && b.kind === 'const' && a.value === b.value)

/** Items of a set, each once; what cannot be compared stays. */
export const distinct = (items: readonly Value[]): Value[] => {
  const seen = new Set<unknown>()
  return items.filter(item => {
    const key = item.kind === 'const' ? item.value : item
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** `add` of a set, in both languages. */
function addToSet(c: LibraryCall): Value {
  const self = selfList(c)
  const value = c.get(0) ?? none
  if (!self.items.some(item => isSame(item, value))) self.items.push(value)
  if (c.m.uncertain > 0 || c.args.open) self.open = true
  return c.javascript ? self : none
}

function removeFromSet(c: LibraryCall): Value {
  const value = c.get(0) ?? none
  return change(c, items => {
    const at = items.findIndex(item => isSame(item, value))
    if (at >= 0) items.splice(at, 1)
    else if (value.kind !== 'const' || items.some(item => item.kind !== 'const')) return undefined
    return constant(at >= 0)
  })
}

function forEachEntry(c: LibraryCall): Value {
  const callback = c.get(0)
  const entries = entriesOf(c, selfDict(c))
  if (!callback || entries.kind !== 'list') return none
  if (entries.open) c.m.uncertain++
  for (const entry of entries.items)
    if (entry.kind === 'list')
      callFunction(c.m, callback, [entry.items[1] ?? none, entry.items[0] ?? none, selfDict(c)], c)
  if (entries.open) c.m.uncertain--
  return none
}

export const scriptArrays: LibraryModel = {
  calls: {
    'list.reduce': reducer(false),
    'list.reduceRight': reducer(true),
    'list.find': finder(item => item, nothing),
    'list.findLast': finder(item => item, nothing, true, true),
    'list.findIndex': finder((_, index) => constant(index), constant(-1)),
    'list.findLastIndex': finder((_, index) => constant(index), constant(-1), true, true),
    'list.some': finder(() => constant(true), constant(false)),
    'list.every': finder(() => constant(false), constant(true), false),
    'list.flat': c => {
      const depth = c.get(0)
      const { items, open } = flatten(selfList(c).items, depth ? (numberAt(c, 0) ?? 0) : 1)
      return list(items, 'list', open || selfList(c).open)
    },
    'list.flatMap': c => {
      const callback = c.get(0)
      if (!callback) return lost(c)
      const made = selfList(c).items.map((item, i) => callFunction(c.m, callback, [item, constant(i), selfList(c)], c))
      // What is not followed may be a list of any length.
      const open = selfList(c).open || made.some(v => v.kind === 'unknown')
      const flat = flatten(made, 1)
      return list(flat.items, 'list', open || flat.open)
    },
    'list.at': c => {
      const index = numberAt(c, 0)
      const { items, open } = selfList(c)
      if (index === undefined || open) return lost(c)
      return items[index < 0 ? items.length + index : index] ?? nothing
    },
    'list.shift': c => change(c, items => items.shift() ?? nothing),
    'list.unshift': c => change(c, items => constant(items.unshift(...c.args.positional.map(a => a.value)))),
    'list.reverse': c => {
      const self = selfList(c)
      if (c.m.uncertain > 0 && self.items.length > 1) self.open = true
      else self.items.reverse()
      return c.javascript ? self : none
    },
    'list.toReversed': c => list(selfList(c).items.toReversed(), 'list', selfList(c).open),
    'list.with': c => {
      const index = numberAt(c, 0)
      const { items, open } = selfList(c)
      if (index === undefined) return list([...items], 'list', true)
      return list(items.with(position(index, items.length - 1), c.get(1) ?? none), 'list', open)
    },
    'list.splice': splice,
    'list.toSpliced': c => {
      const [start, count, given] = [numberAt(c, 0), numberAt(c, 1), c.args.positional.slice(2)]
      const { items, open } = selfList(c)
      if (start === undefined || open || c.args.open || (c.get(1) && count === undefined))
        return list([...items], 'list', true)
      return list(items.toSpliced(position(start, items.length), count ?? items.length, ...given.map(a => a.value)))
    },
    'list.fill': fill,
    'list.add': addToSet,
    'list.delete': removeFromSet,
    'list.clear': c =>
      change(c, items => {
        items.length = 0
        return none
      }),
    'list.lastIndexOf': c => {
      const value = c.get(0) ?? none
      const { items, open } = selfList(c)
      const at = items.findLastIndex(item => isSame(item, value))
      return at >= 0 && !open ? constant(at) : lost(c)
    },
    'dict.delete': c => {
      const self = selfDict(c)
      const key = asKey(c.get(0) ?? none, self.isMap)
      if (key.kind !== 'const' || (typeof key.value !== 'string' && typeof key.value !== 'number')) {
        self.open = true
        return unknown(c.m, 'delete')
      }
      if (c.m.uncertain > 0) self.map.set(key.value, unknown(c.m, 'removed on one path of the program'))
      else {
        const had = self.map.delete(key.value)
        self.deleted.add(key.value)
        if (had || (!self.open && self.views.length === 0)) return constant(had)
      }
      return unknown(c.m, 'whether there was such a key')
    },
    'dict.clear': c => {
      const self = selfDict(c)
      self.map.clear()
      self.views = []
      if (c.m.uncertain > 0) self.open = true
      return none
    },
    'dict.forEach': forEachEntry,
  },
}

/** What a spread or a walk over a map gives: its entries. */
export const mapItems = (map: DictValue): Value[] | undefined =>
  map.open || map.views.length > 0
    ? undefined
    : [...map.map].map(([key, value]) => list([keyValue(key), value], 'tuple'))
