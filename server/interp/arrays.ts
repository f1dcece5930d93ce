// What array operations do to stored tensors: shapes move, the list of operations grows, and anything that cannot be
// repeated on the real bytes drops it. Axes are counted from the front; shapes are in elements.

import type { ArrayOp } from '../protocol'
import {
  type ArrayLibrary,
  type ArrayValue,
  type ArrayVariant,
  type Assign,
  mergeAssigns,
  type Place,
  type Stored,
} from './value'

/** An array of which nothing is known, such as an activation. */
export const anyArray = (activation = 0): ArrayValue => ({
  kind: 'array',
  variants: [{ assign: [], shape: undefined, dtype: undefined }],
  activation,
})

export function mapVariants(
  array: ArrayValue,
  f: (v: ArrayVariant, index: number) => ArrayVariant | undefined,
  at?: Place,
): ArrayValue {
  const variants = array.variants.flatMap((v, i) => f(v, i) ?? [])
  return { ...array, variants, at: at ?? array.at, handedOver: undefined }
}

/** A stored tensor after one more operation; undefined: one that cannot be repeated on its bytes. */
export const withOp = (stored: Stored | undefined, op: ArrayOp | undefined): Stored | undefined =>
  stored && { ...stored, ops: op && stored.ops ? [...stored.ops, op] : undefined }

/** One reading with its axes in another order. */
export function permuted(v: ArrayVariant, order: readonly number[]): ArrayVariant {
  const rank = order.length
  const isTurn = order[rank - 1] === rank - 2
  return {
    ...v,
    shape: order.map(a => v.shape?.[a]),
    stored: withOp(v.stored, { op: 'transpose', axes: order }),
    decoded: v.decoded && { ...v.decoded, turned: v.decoded.turned !== isTurn },
    heads: v.heads && { ...v.heads, axes: order.flatMap(a => v.heads?.axes[a] ?? []) },
  }
}

/** `.T`: all axes reversed. */
export const reversed = (array: ArrayValue, at?: Place): ArrayValue =>
  mapVariants(
    array,
    v =>
      v.shape
        ? permuted(v, v.shape.map((_, i) => i).reverse())
        : { ...v, stored: withOp(v.stored, undefined), decoded: undefined },
    at,
  )

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

/** One reading in another shape, its elements in the same order. */
export function reshaped(v: ArrayVariant, shape: Dimensions): ArrayVariant {
  const known = shape?.every((d): d is number => d !== undefined) ? (shape as readonly number[]) : undefined
  return {
    ...v,
    shape,
    stored: withOp(v.stored, known ? { op: 'reshape', shape: known } : undefined),
    decoded: undefined,
    heads: undefined,
  }
}

/** Same shape, other values: arithmetic, `astype`, `view`. */
export const changed = (array: ArrayValue, dtype?: string, at?: Place): ArrayValue =>
  mapVariants(array, v => ({ ...v, dtype, stored: withOp(v.stored, undefined) }), at)

/** An array of a known shape with no stored bytes behind it. */
export const shaped = (
  shape: readonly (number | undefined)[] | undefined,
  activation: number,
  dtype?: string,
  library?: ArrayLibrary,
): ArrayValue => ({
  kind: 'array',
  library,
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
    v.heads === first.heads &&
    v.dtype === first.dtype &&
    v.role === first.role &&
    v.shape?.length === first.shape?.length &&
    (v.shape === undefined || v.shape.every((d, i) => d === first.shape?.[i]))
  return variants.every(isLike) ? [{ ...first, assign: [] }] : variants
}

export type Dimensions = readonly (number | undefined)[] | undefined
