// `array[…]`: numbers, slices, `None`, `...` and arrays of indices, in every mixture whose shape is known.
// Source: python/src/indexing.cpp of MLX 0.32.4, measured. A single number past the end is not refused by MLX (it reads
// what lies there); inside a tuple it is, and NumPy refuses it always.

import type { Expr } from '../../source/ir'
import { anyArray, reshaped, sliceAxis, sliceOfLength, withOp } from '../arrays/arrays'
import { evaluate, itemsOf } from '../run/expressions'
import { type Machine, place } from '../run/machine'
import { change, operate, refuse, type Site } from '../run/operate'
import { spanOf } from '../run/operators'
import { onlyReading } from '../values/readings'
import { isFloat } from '../shapes/dtypes'
import { broadcast } from '../shapes/elementwise'
import { Refused, type Dim, type Shape, show } from '../shapes/shape'
import {
  type ArrayLibrary,
  type ArrayValue,
  type DictValue,
  isNumber,
  isString,
  type Place,
  type Scope,
  type Value,
} from '../values/value'

/** Undefined bounds are the ends; null ones are not known, but the length may be. */
interface Slice {
  readonly kind: 'slice'
  readonly from: number | undefined | null
  readonly to: number | undefined | null
  readonly step: number | undefined | null
  readonly length?: number
}

type Item =
  | Slice
  | { readonly kind: 'number'; readonly value: number | undefined }
  | { readonly kind: 'array'; readonly array: ArrayValue }
  | { readonly kind: 'none' | 'ellipsis' | 'unknown' }

export function indexArray(m: Machine, array: ArrayValue, index: Expr, scope: Scope, at: Place): Value {
  const isPlain =
    index.kind !== 'tuple' && index.kind !== 'slice' && !(index.kind === 'name' && index.name === 'Ellipsis')
  if (isPlain) return indexByValue({ m, at }, array, evaluate(m, index, scope))
  const exprs = index.kind === 'tuple' ? index.items : [index]
  const items = exprs.flatMap(e => itemOf(m, e, scope))
  return indexBy({ m, at }, array, items, index.kind === 'tuple' || items.length !== 1)
}

/** The same where the index is known as a value. */
export function indexByValue(site: Site, array: ArrayValue, index: Value): Value {
  const items = index.kind === 'list' && index.shape === 'tuple' ? index.items : [index]
  return indexBy(
    site,
    array,
    items.map(v => itemOfValue(site.m, v)),
    items.length !== 1,
  )
}

function itemOf(m: Machine, e: Expr, scope: Scope): Item {
  if (e.kind === 'name' && e.name === 'Ellipsis') return { kind: 'ellipsis' }
  if (e.kind !== 'slice') return itemOfValue(m, evaluate(m, e, scope))
  const bound = (b: Expr | undefined): number | undefined | null => {
    if (!b) return undefined
    const v = evaluate(m, b, scope)
    return isNumber(v) && Number.isInteger(v.value)
      ? v.value
      : v.kind === 'const' && v.value === null
        ? undefined
        : null
  }
  const [from, to, step] = [bound(e.from), bound(e.to), bound(e.step)]
  const length = from === null || to === null ? lengthOf(m, e, scope) : undefined
  return { kind: 'slice', from, to, step, length }
}

/** Length of `a[i * n : (i + 1) * n]`, where only `n` is known. */
function lengthOf(m: Machine, slice: Expr & { kind: 'slice' }, scope: Scope): number | undefined {
  if (!slice.from || !slice.to) return undefined
  const length = spanOf(evaluate(m, slice.from, scope), evaluate(m, slice.to, scope))
  return length !== undefined && Number.isInteger(length) && length > 0 ? length : undefined
}

/** `mx.Slice(start, stop, step)` of the binding for Node, an object with these three. */
function sliceOfObject({ map }: DictValue): Slice {
  const bound = (name: string): number | undefined | null => {
    const v = map.get(name)
    if (!v || (v.kind === 'const' && v.value === null)) return undefined
    return isNumber(v) && Number.isInteger(v.value) ? v.value : null
  }
  const [from, to, step] = [bound('start'), bound('stop'), bound('step')]
  const [start, stop] = [map.get('start'), map.get('stop')]
  const length = (from === null || to === null) && start && stop ? spanOf(start, stop) : undefined
  const isLength = length !== undefined && Number.isInteger(length) && length > 0
  return { kind: 'slice', from, to, step, ...(isLength ? { length } : {}) }
}

/** What `slice(…)` gave, as the brackets take it. */
function sliceOf(v: Value): Slice | undefined {
  if (v.kind !== 'instance' || v.of.kind !== 'library' || v.of.name !== 'py.slice') return undefined
  const bound = (name: string): number | undefined | null => {
    const held = v.attributes.get(name)
    if (!held || (held.kind === 'const' && held.value === null)) return undefined
    return isNumber(held) && Number.isInteger(held.value) ? held.value : null
  }
  return { kind: 'slice', from: bound('start'), to: bound('stop'), step: bound('step') }
}

function itemOfValue(m: Machine, v: Value): Item {
  const slice = sliceOf(v)
  if (slice) return slice
  if (v.kind === 'library' && v.name === 'py.Ellipsis') return { kind: 'ellipsis' }
  if (isNumber(v)) return { kind: 'number', value: v.value }
  if (v.kind === 'const' && v.value === null) return { kind: 'none' }
  if (isString(v) && v.value === '...') return { kind: 'ellipsis' }
  if (v.kind === 'dict' && v.map.has('start') && v.map.has('stop')) return sliceOfObject(v)
  if (v.kind === 'array') return { kind: 'array', array: v }
  // A symbol that a number was computed with, or that stands for the numbers of a loop, is a number.
  if (v.kind === 'unknown' && (v.isNumber || v.linear || m.ranges.has(v.symbol)))
    return { kind: 'number', value: undefined }
  if (v.kind === 'list') {
    const items = itemsOf(m, v)
    if (items?.every(isNumber))
      return {
        kind: 'array',
        array: { ...anyArray(), variants: [{ readings: onlyReading, shape: [items.length], dtype: 'I32' }] },
      }
  }
  return { kind: 'unknown' }
}

function indexBy(site: Site, array: ArrayValue, items: readonly Item[], isTuple: boolean): ArrayValue {
  const [only] = items
  if (!isTuple && only) {
    if (only.kind === 'number') return pick(site, array, only.value)
    if (only.kind === 'unknown') return gatherUnknown(site, array)
  }
  if (items.some(i => i.kind === 'unknown')) return { ...anyArray(site.m.frame.activation), library: array.library }
  const dots = items.filter(i => i.kind === 'ellipsis').length
  if (dots > 1) {
    const text = 'An index can only have a single ellipsis (...)'
    refuse(site, new Refused(`${dots} ellipses`, 'one at most', text), [], array.library)
    return { ...anyArray(site.m.frame.activation), library: array.library }
  }
  const tooMany = items.filter(i => i.kind !== 'none' && i.kind !== 'ellipsis').length
  const checked = change(site, array, v =>
    v.shape && tooMany > v.shape.length
      ? new Refused(
          `${tooMany} indexes for ${show(v.shape)}`,
          `${v.shape.length} at most`,
          v.shape.length === 0 && items.length === 1
            ? 'too many indices for array: array is 0-dimensional'
            : `Too many indices for array with ${v.shape.length} dimensions.`,
          array.library === 'numpy' ? 'IndexError' : 'ValueError',
        )
      : v,
  )
  if (checked.variants.every(v => v.shape === undefined)) return checked
  return items.some(i => i.kind === 'array') ? gather(site, checked, items) : cut(site, checked, items)
}

/** More rows than this are not told apart where a program walks them. */
const mostRows = 16

/** The entries of the first axis, which Python walks; undefined where they are not so many in every reading, or too many. */
export function rowsIn(m: Machine, array: ArrayValue): Value[] | undefined {
  const [count, ...others] = array.variants.map(v => v.shape?.[0])
  if (count === undefined || count > mostRows || others.some(other => other !== count)) return undefined
  const [program] = m.programs
  const at = array.at ?? (program && place(program, { start: 0, end: 0 }))
  return at && Array.from({ length: count }, (_, i) => pick({ m, at }, array, i))
}

/** One entry of the first axis. */
function pick(site: Site, array: ArrayValue, index: number | undefined): ArrayValue {
  const checked = change(site, array, v => {
    const size = v.shape?.[0]
    if (v.shape?.length === 0)
      return new Refused('an index for a scalar', 'an array', 'too many indices for array: array is 0-dimensional')
    const isOut = index !== undefined && size !== undefined && (index >= size || index < -size)
    return isOut && array.library === 'numpy'
      ? new Refused(`index ${index} of ${show(v.shape ?? [])}`, `less than ${size}`, 'out of bounds', 'IndexError')
      : v
  })
  if (index === undefined)
    return change(site, checked, v => ({ ...v, shape: v.shape?.slice(1), stored: withOp(v.stored, undefined) }))
  const part = sliceAxis(checked, 0, index, index === -1 ? undefined : index + 1, site.at)
  return change(site, part, v => reshaped(v, v.shape?.slice(1)))
}

/**
 * Rows gathered by something that is not known keep their relation to one another: the table stands for itself, but how
 * many axes there are is not known.
 */
const gatherUnknown = (site: Site, array: ArrayValue): ArrayValue =>
  change(site, array, v => ({ ...v, shape: undefined, table: v.shape ?? v.table }))

/** Numbers, slices and new axes. */
function cut(site: Site, array: ArrayValue, items: readonly Item[]): ArrayValue {
  const rank = array.variants[0]?.shape?.length
  if (rank === undefined || array.variants.some(v => v.shape?.length !== rank))
    return { ...anyArray(site.m.frame.activation), library: array.library }
  const taken = items.filter(i => i.kind !== 'none' && i.kind !== 'ellipsis').length
  let result = array
  let axis = 0
  /** What becomes of the axes: a number is one that stays, `new` one that comes; those of numbers go. */
  const axes: (number | 'new')[] = []
  for (const item of items) {
    if (item.kind === 'none') axes.push('new')
    else if (item.kind === 'ellipsis') for (const end = axis + rank - taken; axis < end; axis++) axes.push(axis)
    else if (item.kind === 'slice') {
      result = slice(site, result, axis, item)
      axes.push(axis++)
    } else if (item.kind === 'number') result = one(site, result, axis++, item.value)
  }
  for (; axis < rank; axis++) axes.push(axis)
  if (axes.length === rank && axes.every((a, i) => a === i)) return result
  return change(site, result, v => reshaped(v, v.shape && axes.map(a => (a === 'new' ? 1 : v.shape?.[a]))))
}

function slice(site: Site, array: ArrayValue, axis: number, { from, to, step, length }: Slice): ArrayValue {
  if (step === undefined || step === 1)
    return length !== undefined
      ? sliceOfLength(array, axis, length, site.at)
      : sliceAxis(array, axis, from, to, site.at)
  return change(site, array, v => ({
    ...v,
    shape: v.shape?.map((d, i) => (i === axis ? stepped(d, from, to, step) : d)),
    stored: withOp(v.stored, undefined),
  }))
}

/** Length of a slice with a step. */
function stepped(size: Dim, from: Slice['from'], to: Slice['to'], step: number | null): Dim {
  if (size === undefined || from === null || to === null || step === null || step === 0) return undefined
  const clip = (n: number, low: number, high: number) => Math.min(high, Math.max(low, n < 0 ? n + size : n))
  const [start, stop] =
    step > 0
      ? [clip(from ?? 0, 0, size), clip(to ?? size, 0, size)]
      : [clip(from ?? size - 1, -1, size - 1), to === undefined ? -1 : clip(to, -1, size - 1)]
  return Math.max(0, Math.ceil((stop - start) / step))
}

/** One entry of an axis, which stays with size 1. */
function one(site: Site, array: ArrayValue, axis: number, index: number | undefined): ArrayValue {
  if (index === undefined) return sliceOfLength(array, axis, 1, site.at)
  const checked = change(site, array, v => {
    const size = v.shape?.[axis]
    return size !== undefined && isOutside(index, size, array.library)
      ? new Refused(
          `index ${index} on axis ${axis} of ${show(v.shape ?? [])}`,
          `less than ${size}`,
          `[squeeze] Cannot squeeze axis ${axis} with size 0 which is not equal to 1.`,
          array.library === 'numpy' ? 'IndexError' : 'ValueError',
        )
      : v
  })
  // What lies before the array is read without a word: nobody knows what that is.
  if (checked.variants.some(v => index < -(v.shape?.[axis] ?? Infinity)))
    return sliceOfLength(checked, axis, 1, site.at)
  return sliceAxis(checked, axis, index, index === -1 ? undefined : index + 1, site.at)
}

/** MLX counts from the back twice, so that only what lies further out is refused, and the one before the first entry. */
const isOutside = (index: number, size: number, library: ArrayLibrary | undefined): boolean =>
  index >= size || (library === 'numpy' ? index < -size : index < -2 * size || index === -size - 1)

/** Arrays of indices, with numbers and slices between them. */
function gather(site: Site, array: ArrayValue, items: readonly Item[]): ArrayValue {
  const arrays = items.flatMap(i => (i.kind === 'array' ? [i.array] : []))
  refuseIndices(site, array, arrays, items.length === 1)
  const isUnclear = arrays.some(a => a.variants.some(v => v.dtype === 'BOOL'))
  if (isUnclear) return { ...anyArray(site.m.frame.activation), library: array.library }
  // A table of packed rows keeps its tensor where rows are all that is taken.
  const keeps = items.length === 1
  // Slices are turned into indices as well, whose shapes MLX then tells besides.
  const withSlices = items.some(i => i.kind === 'slice' || i.kind === 'ellipsis')
  // Where the indices' shape is not known the table stands for itself.
  if (keeps && arrays[0]?.variants.every(v => v.shape === undefined)) return gatherUnknown(site, array)
  return operate(
    site,
    [array, ...arrays],
    ([v, ...indices]) => {
      const shape =
        v?.shape &&
        gatheredShape(
          v.shape,
          items,
          indices.map(i => i.shape),
        )
      if (shape instanceof Refused)
        return withSlices ? new Refused(shape.found, shape.expected, '[broadcast_shapes] Shapes') : shape
      const stored = keeps && v?.stored ? { ...v.stored, ops: undefined } : undefined
      return { shape, dtype: v?.dtype, stored, role: v?.role }
    },
    array.library,
  )
}

function gatheredShape(shape: Shape, items: readonly Item[], indices: readonly (Shape | undefined)[]) {
  const rest = [...indices]
  const taken = items.filter(i => i.kind !== 'ellipsis' && i.kind !== 'none').length
  const out: Dim[] = []
  /** Which of the items choose by numbers. */
  const chosen: number[] = []
  let at: number | undefined
  let chosenShape: Shape | Refused | undefined = []
  let axis = 0
  for (const [i, item] of items.entries()) {
    if (item.kind === 'none') out.push(1)
    else if (item.kind === 'ellipsis')
      for (const end = axis + shape.length - taken; axis < end; axis++) out.push(shape[axis])
    else if (item.kind === 'slice') {
      const { from, to, step, length } = item
      out.push(length ?? stepped(shape[axis++], from, to, step ?? 1))
      if (length !== undefined) axis++
    } else {
      at ??= out.length
      chosen.push(i)
      axis++
      if (item.kind !== 'array') continue
      chosenShape = broadcast(chosenShape, rest.shift())
      if (chosenShape instanceof Refused || !chosenShape) return chosenShape
    }
  }
  out.push(...shape.slice(axis))
  const together = chosen.every((a, i) => i === 0 || a === (chosen[i - 1] ?? 0) + 1)
  const front = together ? (at ?? 0) : 0
  return [...out.slice(0, front), ...chosenShape, ...out.slice(front)]
}

/** Indices of MLX are whole numbers. */
function refuseIndices(site: Site, array: ArrayValue, indices: readonly ArrayValue[], isAlone: boolean): void {
  if (array.library !== 'mlx' && array.library !== 'frost') return
  const isNothing = array.variants.every(v => v.shape?.[0] === 0)
  if (isAlone && isNothing && indices.every(a => a.variants.every(v => v.shape && !v.shape.includes(0)))) {
    const text = '[take] Cannot do a non-empty take from an empty axis.'
    refuse(site, new Refused('no entries', 'one at least', text), [], array.library)
    return
  }
  const isFlags = ({ variants }: ArrayValue) => variants.every(v => v.dtype === 'BOOL')
  for (const one of [...indices].sort((a, b) => Number(isFlags(b)) - Number(isFlags(a)))) {
    const { variants } = one
    const [first] = variants
    if (variants.every(v => v.dtype !== undefined && isFloat(v.dtype)))
      refuse(
        site,
        new Refused(
          `indices of ${first?.dtype}`,
          'whole numbers',
          '[gather] Got indices with invalid dtype. Indices must be integral.',
        ),
        [],
        array.library,
      )
    else if (isFlags(one))
      refuse(
        site,
        new Refused(
          'indices of BOOL',
          'whole numbers',
          isAlone ? 'boolean indices are not yet supported' : '[Gather] Boolean indices not supported.',
        ),
        [],
        array.library,
      )
  }
}
