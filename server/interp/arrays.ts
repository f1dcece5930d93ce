// What array operations do to stored tensors: shapes move, the list of operations grows, and anything that cannot be
// repeated on the real bytes drops it. Axes are counted from the front; shapes are in elements.

import type { ArrayOp } from '../protocol'
import { type ArrayValue, type ArrayVariant, type Assign, mergeAssigns, type Place, type Stored } from './value'

/** An array of which nothing is known, such as an activation. */
export const anyArray = (activation = 0): ArrayValue => ({
  kind: 'array',
  variants: [{ assign: [], shape: undefined, dtype: undefined }],
  activation,
})

function mapVariants(array: ArrayValue, f: (v: ArrayVariant) => ArrayVariant | undefined, at?: Place): ArrayValue {
  const variants = array.variants.flatMap(v => f(v) ?? [])
  return { ...array, variants, at: at ?? array.at, handedOver: undefined }
}

const withOp = (stored: Stored | undefined, op: ArrayOp | undefined): Stored | undefined =>
  stored && { ...stored, ops: op && stored.ops ? [...stored.ops, op] : undefined }

/** Permutes the axes; undefined axes reverse them all. */
export function transpose(array: ArrayValue, axes: readonly number[] | undefined, at?: Place): ArrayValue {
  return mapVariants(
    array,
    v => {
      const rank = v.shape?.length
      if (rank === undefined) return { ...v, stored: withOp(v.stored, undefined) }
      const order = axes ? axes.map(a => (a < 0 ? a + rank : a)) : Array.from({ length: rank }, (_, i) => rank - 1 - i)
      if (order.length !== rank || order.some(a => a < 0 || a >= rank))
        return { ...v, shape: undefined, stored: withOp(v.stored, undefined), decoded: undefined }
      const isTurn = order[rank - 1] === rank - 2
      return {
        ...v,
        shape: order.map(a => v.shape?.[a]),
        stored: withOp(v.stored, { op: 'transpose', axes: order }),
        decoded: v.decoded && { ...v.decoded, turned: v.decoded.turned !== isTurn },
      }
    },
    at,
  )
}

export function swapAxes(array: ArrayValue, a: number, b: number, at?: Place): ArrayValue {
  const rank = array.variants[0]?.shape?.length
  if (rank === undefined || array.variants.some(v => v.shape?.length !== rank)) return transpose(array, [], at)
  const axes = Array.from({ length: rank }, (_, i) => i)
  const [i, j] = [a < 0 ? a + rank : a, b < 0 ? b + rank : b]
  if (axes[i] === undefined || axes[j] === undefined) return transpose(array, [], at)
  axes[i] = j
  axes[j] = i
  return transpose(array, axes, at)
}

export function moveAxis(array: ArrayValue, from: number, to: number, at?: Place): ArrayValue {
  const rank = array.variants[0]?.shape?.length
  if (rank === undefined || array.variants.some(v => v.shape?.length !== rank)) return transpose(array, [], at)
  const axes = Array.from({ length: rank }, (_, i) => i)
  const [moved] = axes.splice(from < 0 ? from + rank : from, 1)
  if (moved === undefined) return transpose(array, [], at)
  axes.splice(to < 0 ? to + rank : to, 0, moved)
  return transpose(array, axes, at)
}

export const contiguous = (array: ArrayValue, at?: Place): ArrayValue =>
  mapVariants(array, v => ({ ...v, stored: withOp(v.stored, { op: 'contiguous' }) }), at)

/** A range of one axis whose bounds are not known but whose length is. */
export const sliceOfLength = (array: ArrayValue, axis: number, length: number, at?: Place): ArrayValue =>
  mapVariants(
    array,
    v => ({ ...v, shape: v.shape?.map((d, i) => (i === axis ? length : d)), stored: withOp(v.stored, undefined) }),
    at,
  )

/** A range of one axis; undefined bounds are the ends, negative ones count from the back. Unknown bounds: null. */
export function sliceAxis(
  array: ArrayValue,
  axis: number,
  from: number | undefined | null,
  to: number | undefined | null,
  at?: Place,
): ArrayValue {
  return mapVariants(
    array,
    v => {
      const size = v.shape?.[axis]
      if (!v.shape) return v
      if (size === undefined || from === null || to === null)
        return { ...v, shape: v.shape.map((d, i) => (i === axis ? undefined : d)), stored: withOp(v.stored, undefined) }
      const bound = (n: number) => Math.max(0, Math.min(size, n < 0 ? n + size : n))
      const start = bound(from ?? 0)
      const stop = Math.max(start, bound(to ?? size))
      if (start === 0 && stop === size) return v
      return {
        ...v,
        shape: v.shape.map((d, i) => (i === axis ? stop - start : d)),
        stored: withOp(v.stored, { op: 'slice', axis, start, stop }),
      }
    },
    at,
  )
}

/** One entry of the first axis. */
export const pick = (array: ArrayValue, index: number, at?: Place): ArrayValue => {
  const part = sliceAxis(array, 0, index, index === -1 ? undefined : index + 1, at)
  return mapVariants(part, v => {
    const shape = v.shape?.slice(1)
    const known = shape?.every((d): d is number => d !== undefined) ? (shape as number[]) : undefined
    return { ...v, shape, stored: withOp(v.stored, known && { op: 'reshape', shape: known }) }
  })
}

/** `reshape`; one -1 is worked out. */
export function reshape(array: ArrayValue, shape: readonly (number | undefined)[], at?: Place): ArrayValue {
  return mapVariants(
    array,
    v => {
      const total = v.shape?.every(d => d !== undefined) ? v.shape.reduce<number>((a, d) => a * (d ?? 0), 1) : undefined
      const rest = shape.reduce<number>((a, d) => (d === -1 ? a : a * (d ?? Number.NaN)), 1)
      const filled = shape.map(d =>
        d === -1 ? (total !== undefined && Number.isInteger(total / rest) ? total / rest : undefined) : d,
      )
      const known = filled.every((d): d is number => d !== undefined)
      const stored = withOp(v.stored, known ? { op: 'reshape', shape: filled } : undefined)
      return { ...v, shape: filled, stored, decoded: undefined }
    },
    at,
  )
}

/** Same shape, other values: arithmetic, `astype`, `view`. */
export const changed = (array: ArrayValue, dtype?: string, at?: Place): ArrayValue =>
  mapVariants(array, v => ({ ...v, dtype, stored: withOp(v.stored, undefined) }), at)

/** An array of a known shape with no stored bytes behind it. */
export const shaped = (
  shape: readonly (number | undefined)[] | undefined,
  activation: number,
  dtype?: string,
): ArrayValue => ({
  kind: 'array',
  variants: [{ assign: [], shape, dtype }],
  activation,
})

/** Readings that several arrays can have at the same time, combined by `f`; more than this many are not followed. */
const combinedReadings = 20_000

export function combine(
  arrays: readonly ArrayValue[],
  activation: number,
  f: (variants: readonly ArrayVariant[]) => ArrayVariant | undefined,
  at?: Place,
): ArrayValue {
  let rows: { assign: Assign; variants: readonly ArrayVariant[] }[] = [{ assign: [], variants: [] }]
  for (const array of arrays) {
    const only = array.variants[0]
    if (only && array.variants.length === 1 && only.assign.length === 0) {
      rows = rows.map(row => ({ assign: row.assign, variants: [...row.variants, only] }))
      continue
    }
    if (rows.length * array.variants.length > combinedReadings) return anyArray(activation)
    rows = rows.flatMap(row =>
      array.variants.flatMap(v => {
        const assign = mergeAssigns(row.assign, v.assign)
        return assign ? [{ assign, variants: [...row.variants, v] }] : []
      }),
    )
  }
  const variants = rows.flatMap(({ assign, variants }) => {
    const made = f(variants)
    return made ? [{ ...made, assign }] : []
  })
  return { kind: 'array', variants: collapsed(variants), at, activation }
}

/** One variant for all, where nothing but what their symbols stand for tells them apart: the activations of many experts. */
const shapes = new WeakMap<readonly ArrayVariant[], readonly ArrayVariant[]>()
/** An array without what it stores, for those who ask for its shape alone: one variant where all have the same. */
export function shapesOnly(array: ArrayValue): ArrayValue {
  let known = shapes.get(array.variants)
  if (!known) {
    known = collapsed(array.variants.map(({ assign, shape, dtype }) => ({ assign, shape, dtype })))
    shapes.set(array.variants, known)
  }
  return { ...array, variants: known }
}

function collapsed(variants: readonly ArrayVariant[]): readonly ArrayVariant[] {
  const first = variants[0]
  if (!first || variants.length === 1) return variants
  const isLike = (v: ArrayVariant): boolean =>
    !v.stored &&
    !v.decoded &&
    v.dtype === first.dtype &&
    v.shape?.length === first.shape?.length &&
    (v.shape === undefined || v.shape.every((d, i) => d === first.shape?.[i]))
  return variants.every(isLike) ? [{ ...first, assign: [] }] : variants
}

/** NumPy's broadcasting of two shapes; undefined dimensions stay open. */
export function broadcast(a: Dimensions, b: Dimensions): Dimensions {
  if (!a || !b) return undefined
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[a.length - rank + i], b[b.length - rank + i]]
    const [hasX, hasY] = [i >= rank - a.length, i >= rank - b.length]
    if (!hasX) return y
    if (!hasY) return x
    return x === 1 ? y : y === 1 ? x : (x ?? y)
  })
}

export type Dimensions = readonly (number | undefined)[] | undefined
