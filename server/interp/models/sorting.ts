// Sorting in both languages: exact where every two items can be compared, and where they cannot, the items in an order
// that is not known.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { constant, isNumber, isString, list, type ListValue, none, truth, type Value } from '../values/value'
import type { LibraryModel } from './index'
import { partsOf } from '../values/text'

/** More items than this are not sorted by a function of the program. */
const comparedItems = 2_000

/** Below, above or at zero as Python orders two values; undefined where that is not known. */
function compareValues(a: Value, b: Value): number | undefined {
  if (a.kind === 'file' && b.kind === 'file') return compareValues(a.path, b.path)
  if ((isNumber(a) && isNumber(b)) || (isString(a) && isString(b)))
    return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
  if (a.kind !== 'list' || b.kind !== 'list' || a.open || b.open) return undefined
  for (const [i, item] of a.items.entries()) {
    const other = b.items[i]
    if (!other) return 1
    const order = compareValues(item, other)
    if (order !== 0) return order
  }
  return a.items.length - b.items.length
}

/** A sorted copy; undefined where two items could not be compared. */
export function sortedBy<T>(items: readonly T[], compare: (a: T, b: T) => number | undefined): T[] | undefined {
  let known = true
  const sorted = [...items].sort((a, b) => {
    if (!known) return 0
    const order = compare(a, b)
    if (order === undefined) known = false
    return order ?? 0
  })
  return known ? sorted : undefined
}

/** `sorted(items, key=…, reverse=…)` of Python. */
export function sortAsPython(c: LibraryCall, items: readonly Value[]): Value[] | undefined {
  const key = c.get(-1, 'key')
  const isKeyed = key !== undefined && !(key.kind === 'const' && key.value === null)
  const rows = items.map(item => ({ item, by: isKeyed ? callFunction(c.m, key, [item], c) : item }))
  const sorted = sortedBy(rows, (a, b) => compareValues(a.by, b.by))
  const reverse = c.get(-1, 'reverse')
  if (!sorted || !reverse) return sorted?.map(r => r.item)
  const isReversed = truth(reverse, false)
  if (isReversed === undefined) return undefined
  // Python keeps equal items in their order even when it reverses.
  const falling = isReversed && sortedBy(rows, (a, b) => compareValues(b.by, a.by))
  return (falling || sorted).map(r => r.item)
}

/** `items.sort(compare)` of JavaScript, which by itself orders by text, `undefined` last. */
function sortAsScript(c: LibraryCall, items: readonly Value[]): Value[] | undefined {
  const compare = c.get(0)
  const isNothing = (v: Value) => v.kind === 'const' && v.value === null
  const rest = items.filter(i => !isNothing(i))
  const nothing = items.filter(isNothing)
  if (rest.length > comparedItems && compare) return undefined
  const sorted = sortedBy(rest, (a, b) => {
    if (compare) {
      const order = callFunction(c.m, compare, [a, b], c)
      return isNumber(order) ? order.value : undefined
    }
    const [x, y] = [partsOf(a), partsOf(b)].map(parts => (parts?.length === 1 ? parts[0] : undefined))
    if (typeof x !== 'string' || typeof y !== 'string') return undefined
    return x < y ? -1 : x > y ? 1 : 0
  })
  return sorted && [...sorted, ...nothing]
}

const sortAny = (c: LibraryCall, items: readonly Value[]): Value[] | undefined =>
  c.javascript ? sortAsScript(c, items) : sortAsPython(c, items)

/** `list.sort`, in place. */
function sortInPlace(c: LibraryCall): Value {
  const self = c.self as ListValue
  const sorted = self.open ? undefined : sortAny(c, self.items)
  if (c.m.uncertain > 0) self.open ||= self.items.length > 1
  else if (sorted) {
    self.items.splice(0, self.items.length, ...sorted)
    self.isShuffled = false
  } else self.isShuffled = self.items.length > 1
  return c.javascript ? self : none
}

export const sorting: LibraryModel = {
  calls: {
    'list.sort': sortInPlace,
    'list.toSorted': c => {
      const self = c.self as ListValue
      const sorted = self.open ? undefined : sortAny(c, self.items)
      return { ...list(sorted ?? [...self.items], 'list', self.open), isShuffled: !sorted && self.items.length > 1 }
    },
    'str.localeCompare': c => {
      const [a, b, options] = [c.self, c.get(0), c.get(2)]
      if (!a || !b || !isString(a) || !isString(b)) return unknown(c.m, 'localeCompare of texts that are not known')
      const numeric = options?.kind === 'dict' ? options.map.get('numeric') : undefined
      return constant(a.value.localeCompare(b.value, 'en', { numeric: numeric && truth(numeric, true) === true }))
    },
  },
}
