// Parts of lists.

import { withOp } from '../arrays/arrays'
import { type Machine, someNumber, unknown } from '../run/machine'
import { type ArrayValue, isNumber, list, type ListValue, none, type Value } from './value'

/** `items[slice(…)]`: what is between known bounds. */
export function slicedList(object: ListValue, key: Value): Value | undefined {
  if (key.kind !== 'instance' || key.of.kind !== 'library' || key.of.name !== 'py.slice') return undefined
  const bounds = ['start', 'stop', 'step'].map(name => key.attributes.get(name))
  const items = object.open ? undefined : sliceOf(object.items, bounds)
  return items ? list([...items], object.shape) : list([...object.items], object.shape, true)
}

/**
 * `items[start:stop:step]` as Python slices, of what may be left out or None; undefined where a bound is not known or the
 * step is 0.
 */
export function sliceOf<T>(items: readonly T[], bounds: readonly (Value | undefined)[]): readonly T[] | undefined {
  const [from, to, by] = bounds.map(v => (v === undefined ? null : v.kind === 'const' ? v.value : undefined))
  const step = by ?? (by === null ? 1 : undefined)
  if (typeof step !== 'number' || step === 0) return undefined
  // Positions that are counted from the end, and no further than just beyond either end.
  const [lowest, highest] = step > 0 ? [0, items.length] : [-1, items.length - 1]
  const placeOf = (given: typeof from, otherwise: number): number | undefined => {
    if (given === null) return otherwise
    if (typeof given !== 'number') return undefined
    return Math.max(lowest, Math.min(highest, given < 0 ? given + items.length : given))
  }
  const [start, stop] = step > 0 ? [placeOf(from, 0), placeOf(to, highest)] : [placeOf(from, highest), placeOf(to, -1)]
  if (start === undefined || stop === undefined) return undefined
  const taken: T[] = []
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) taken.push(items[i] as T)
  return taken
}

/** One of several parts of the same array that are alike, such as `split` gives: which one is not known. */
export function anyPart(items: readonly Value[]): ArrayValue | undefined {
  const [first] = items
  if (items.length < 2 || first?.kind !== 'array' || !first.variants.some(v => v.stored)) return undefined
  const isAlike = (item: Value): boolean =>
    item.kind === 'array' &&
    item.variants.length === first.variants.length &&
    item.variants.every((v, i) => {
      const own = first.variants[i]
      return v.stored?.sources === own?.stored?.sources && JSON.stringify(v.shape) === JSON.stringify(own?.shape)
    })
  if (!items.every(isAlike)) return undefined
  return { ...first, variants: first.variants.map(v => ({ ...v, stored: withOp(v.stored, undefined) })) }
}

/** One of several items, part by part where they are lists of one length. */
function either(m: Machine, a: Value, b: Value): Value {
  if (a === b || (a.kind === 'const' && b.kind === 'const' && a.value === b.value)) return a
  if (a.kind === 'list' && b.kind === 'list' && !a.open && !b.open && a.items.length === b.items.length)
    return { ...a, items: a.items.map((item, i) => either(m, item, b.items[i] ?? none)) }
  const areNumbers = [a, b].every(v => isNumber(v) || (v.kind === 'unknown' && v.isNumber === true))
  return areNumbers ? someNumber(m, 'one of several numbers') : unknown(m, 'one of several items')
}

/** The items of a list, each of them any where their order is not known. */
export function placed(m: Machine, { items, isShuffled }: ListValue): readonly Value[] {
  const [first, ...rest] = items
  if (!isShuffled || !first) return items
  const any = rest.reduce((a, b) => either(m, a, b), first)
  return items.map(() => any)
}

/** Behind this property a generator, which is a list, has what it returns. */
export const returnedKey = '#returned'
