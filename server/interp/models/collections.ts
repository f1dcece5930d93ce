// Lists, tuples, sets and dicts of both languages. Where a change cannot be followed the collection is marked open:
// it may then hold anything besides.

import { failPython } from '../run/refusals'
import { asKey } from '../values/keys'
import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf, keysOf, mergeDict } from '../run/expressions'
import { placeKey, unknown } from '../run/machine'
import { isPosition } from '../values/positions'
import { placed } from '../values/listItems'
import { fromPairs } from '../values/pairs'
import { fillMap } from '../values/mapObjects'
import { dictItem } from '../members/members'
import { iterate } from '../run/statements'
import { dropItem, dropKey, setItem } from '../run/targets'
import { joinedParts, textOf } from '../values/text'
import {
  constant,
  type DictValue,
  dict,
  isNumber,
  isOptional,
  isString,
  isUndefined,
  join,
  list,
  type ListValue,
  none,
  nothing,
  truth,
  type Value,
  type ConstValue,
} from '../values/value'
import type { LibraryModel } from './index'

export { fromPairs } from '../values/pairs'

export const selfDict = (c: LibraryCall) => c.self as DictValue
export const selfList = (c: LibraryCall) => c.self as ListValue

/** Key-value pairs; the values of a checkpoint are looked up one by one. */
export function entriesOf(c: LibraryCall, v: DictValue): Value {
  const keys = keysOf(c.m, v)
  if (!keys) return list([], 'list', true)
  return list(keys.map(key => list([key, dictItem(c.m, v, key, c.at) ?? none], 'tuple')))
}

function get(c: LibraryCall): Value {
  const key = c.get(0)
  if (!key) return unknown(c.m, 'get')
  // A map of JavaScript is asked like any object.
  if (c.javascript) return perhaps(c, key, c.getItem(selfDict(c), key))
  const found = dictItem(c.m, selfDict(c), key, c.at)
  return found ? perhaps(c, key, found) : (c.get(1, 'default') ?? nothing)
}

/** What a key that is not known gives: where all that is held is one text or number, that, or nothing. */
const perhaps = (c: LibraryCall, key: Value, found: Value): Value =>
  asKey(key).kind !== 'const' && found.kind === 'const' ? unknown(c.m, 'a key that is not known') : found

function pop(c: LibraryCall): Value {
  const self = c.self
  const key = c.get(0) && asKey(c.get(0) ?? none)
  if (self?.kind === 'list' && key && isNumber(key) && !c.javascript)
    return dropItem(c.m, self, key.value) ?? unknown(c.m, 'pop')
  if (self?.kind === 'list')
    return key === undefined && !self.open
      ? (self.items.pop() ?? (c.javascript ? nothing : none))
      : ((self.open = true), unknown(c.m, 'pop'))
  // Without a default Python raises where there is no such key.
  const isAsked = self?.kind === 'dict' && key && !c.javascript && !c.get(1, 'default')
  const value = isAsked ? c.getItem(self, key) : get(c)
  if (self?.kind === 'dict') {
    if (key && (isString(key) || isNumber(key))) dropKey(c.m, self, key.value)
    else self.open = true
  }
  return value
}

/** What is made of all that may be left out may be left out as well. */
const leftOut = (c: LibraryCall): { optional?: true } => (isOptional(selfList(c)) ? { optional: true } : {})

/** Calls a callback for each item, as `map`, `filter` and `forEach` do. */
function each(c: LibraryCall, visit: (result: Value, item: Value, sure: boolean) => void): boolean {
  const callback = c.get(0)
  if (!callback) return false
  let index = 0
  let complete = true
  iterate(
    c.m,
    selfList(c),
    'values',
    (item, sure) => {
      visit(callFunction(c.m, callback, [item, constant(index++), selfList(c)], c), item, sure)
      return true
    },
    () => (complete = false),
  )
  return complete
}

/** `slice` of a list; a typed array has `subarray` besides. */
function slice(c: LibraryCall): Value {
  const [from, to] = [c.get(0), c.get(1)]
  const known = (v: Value | undefined) => v === undefined || isNumber(v)
  const n = (v: Value | undefined) => (v && isNumber(v) ? v.value : undefined)
  const self = selfList(c)
  const start = from === undefined ? 0 : n(from)
  if (isOptional(self) && to === undefined && start !== undefined && start >= 0)
    return { ...list(self.items.slice(start), 'list', true), optional: true }
  return known(from) && known(to) && !self.open
    ? list(placed(c.m, self).slice(n(from), n(to)))
    : list([...self.items], 'list', true)
}

export const collections: LibraryModel = {
  calls: {
    'list.append': c => push(c),
    'list.push': c => push(c),
    'list.extend': c => {
      const more = c.get(0)
      const items = more && itemsOf(c.m, more)
      if (items) selfList(c).items.push(...items)
      else selfList(c).open = true
      return none
    },
    'list.pop': pop,
    'list.index': c => indexOf(c),
    'list.indexOf': c => indexOf(c),
    'list.includes': c => {
      const key = c.get(0)
      const self = selfList(c)
      if (key?.kind !== 'const') return unknown(c.m, 'includes')
      if (isOptional(self)) return { ...unknown(c.m, 'includes'), optional: true }
      if (self.items.some(i => i.kind === 'const' && i.value === key.value)) return constant(true)
      return self.open || self.items.some(i => i.kind !== 'const') ? unknown(c.m, 'includes') : constant(false)
    },
    'list.slice': slice,
    'list.subarray': slice,
    'list.concat': c => {
      const more = c.args.positional.map(a => a.value)
      const isWhole = more.every(v => v.kind !== 'unknown' && !(v.kind === 'list' && v.open))
      const made = list(
        [...selfList(c).items, ...more.flatMap(v => (v.kind === 'list' ? v.items : [v]))],
        'list',
        selfList(c).open || c.args.open || !isWhole,
      )
      return isWhole && !c.args.open ? { ...made, ...leftOut(c) } : made
    },
    'list.join': c => {
      const separator = c.get(0)
      const items = itemsOf(c.m, selfList(c))
      const between = separator && !isUndefined(separator) ? separator : constant(',')
      const parts = items && isString(between) ? joinedParts(items, between.value) : undefined
      return parts ? textOf(parts) : unknown(c.m, 'a joined list')
    },
    'list.map': c => {
      const made: Value[] = []
      const complete = each(c, result => made.push(result))
      return { ...list(made, 'list', !complete), isShuffled: selfList(c).isShuffled, ...leftOut(c) }
    },
    'list.filter': c => {
      const made: Value[] = []
      let open = false
      const complete = each(c, (result, item) => {
        const known = truth(result, c.javascript)
        if (known !== false) made.push(item)
        if (known === undefined) open = true
      })
      return { ...list(made, 'list', open || !complete), ...leftOut(c) }
    },
    'list.forEach': c => {
      each(c, () => undefined)
      return none
    },
    'list.entries': c =>
      list(
        selfList(c).items.map((item, i) => list([constant(i), item], 'tuple')),
        'list',
        selfList(c).open,
      ),
    'list.values': c => (c.self?.kind === 'list' ? { ...c.self, items: [...c.self.items] } : none),
    'list.keys': c =>
      list(
        selfList(c).items.map((_, i) => constant(i)),
        'list',
        selfList(c).open,
      ),
    'list.copy': c => list([...selfList(c).items], selfList(c).shape, selfList(c).open),
    'dict.get': get,
    'dict.pop': pop,
    'dict.keys': c => {
      const keys = keysOf(c.m, selfDict(c))
      // What Python gives compares and combines like a set.
      return list(keys ?? [], c.javascript ? 'list' : 'set', keys === undefined)
    },
    'dict.values': c => {
      const entries = entriesOf(c, selfDict(c))
      return entries.kind === 'list'
        ? list(
            entries.items.map(e => (e.kind === 'list' ? (e.items[1] ?? none) : none)),
            'list',
            entries.open,
          )
        : entries
    },
    'dict.items': c => entriesOf(c, selfDict(c)),
    'dict.update': c => {
      const other = c.get(0)
      if (other) mergeDict(c.m, selfDict(c), other.kind === 'list' ? fromPairs(other) : other)
      for (const [key, argument] of c.args.keywords) selfDict(c).map.set(key, argument.value)
      return none
    },
    'dict.setdefault': c => {
      const key = asKey(c.get(0) ?? none)
      if (!isString(key) && !isNumber(key)) return unknown(c.m, 'setdefault')
      const found = dictItem(c.m, selfDict(c), key, c.at)
      if (found) return found
      const value = c.get(1) ?? none
      selfDict(c).map.set(key.value, value)
      return value
    },
    'dict.__init__': c => {
      if (c.self?.kind === 'instance') fillMap(c.m, c.self, c.args)
      return none
    },
    'dict.__getitem__': c => c.getItem(selfDict(c), c.get(0) ?? none),
    'dict.__setitem__': c => {
      setItem(c.m, selfDict(c), c.get(0), c.get(1) ?? none)
      return none
    },
    'dict.copy': c => {
      const made = dict()
      mergeDict(c.m, made, selfDict(c))
      for (const key of selfDict(c).deleted) made.deleted.add(key)
      return made
    },
    /** `.get(key)` on a free input reads like brackets do. */
    'any.get': c => {
      const key = c.get(0)
      const object = c.self
      if (!key || object?.kind !== 'unknown') return unknown(c.m, 'get')
      const found = freeItem(c, object, key)
      const fallback = c.get(1)
      // Every rank runs the same program: its default is only where counting starts.
      if (!found && object.optional && isString(key) && isPosition(key.value)) return unknown(c.m, key.value, true)
      if (!found && object.optional && fallback) return fallback
      return (
        found ??
        (fallback
          ? join(fallback, unknown(c.m, 'get with a default'), w => unknown(c.m, w))
          : {
              ...unknown(c.m, `get at ${placeKey(c.at)}`, object.free),
              ...(object.optional ? { optional: true } : {}),
            })
      )
    },
  },
}

function freeItem(c: LibraryCall, object: Value & { kind: 'unknown' }, key: Value): Value | undefined {
  const item = c.getItem(object, key)
  return item.kind === 'unknown' ? undefined : item
}

function push(c: LibraryCall): Value {
  for (const a of c.args.positional) selfList(c).items.push(a.value)
  const self = selfList(c)
  if (c.args.open || c.m.uncertain > 0) self.open = true
  if (!c.javascript) return none
  return self.open ? unknown(c.m, 'the length of a list') : constant(self.items.length)
}

function indexOf(c: LibraryCall): Value {
  const key = c.get(0)
  const at = key?.kind === 'const' ? selfList(c).items.findIndex(i => i.kind === 'const' && i.value === key.value) : -1
  if (at >= 0) return constant(at)
  if (key?.kind === 'const' && c.name === 'list.index' && c.args.positional.length === 1) refuseAbsent(c, key)
  return { ...unknown(c.m, 'index'), ...leftOut(c) }
}

/** Python raises where a list of known things does not hold one. */
function refuseAbsent(c: LibraryCall, key: ConstValue): void {
  const { items, open, optional, shape } = selfList(c)
  // True is 1, and None is like nothing but itself.
  const isPlain = (v: Value): boolean => isString(v) || isNumber(v)
  if (open || optional || c.m.free || !isPlain(key) || !items.every(isPlain)) return
  const shown = typeof key.value === 'string' ? `'${key.value}'` : String(key.value)
  const text = shape === 'tuple' ? 'tuple.index(x): x not in tuple' : `${shown} is not in list`
  failPython(c.m, c.at, 'ValueError', `the ${shape} does not hold ${shown}`, undefined, text)
}
