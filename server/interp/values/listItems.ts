// Parts of lists.

import { withOp } from '../arrays/arrays'
import { type Machine, someNumber, unknown } from '../run/machine'
import { type ArrayValue, isNumber, list, type ListValue, none, type Value } from './value'

/** `items[slice(…)]`: what is between known bounds. */
export function slicedList(object: ListValue, key: Value): Value | undefined {
  if (key.kind !== 'instance' || key.of.kind !== 'library' || key.of.name !== 'py.slice') return undefined
  const [from, to, step] = ['start', 'stop', 'step'].map(name => key.attributes.get(name) ?? none)
  const isPlain = step?.kind === 'const' && (step.value === null || step.value === 1)
  const bound = (v: Value | undefined) => (v && isNumber(v) ? v.value : undefined)
  const isBound = (v: Value | undefined) => v?.kind === 'const' && (v.value === null || typeof v.value === 'number')
  if (!isPlain || !isBound(from) || !isBound(to) || object.open) return list([...object.items], object.shape, true)
  return list(object.items.slice(bound(from), bound(to)), object.shape)
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
