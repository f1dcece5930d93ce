// What array operations do to stored tensors: shapes move, the list of operations grows, and anything that cannot be
// repeated on the real bytes drops it. Axes are counted from the front; shapes are in elements.

import type { ArrayOp } from '../../protocol'
import { onlyReading, pick as pickRows, type Picked, pickedFrom, type Readings, together } from '../values/readings'
import type { ArrayLibrary, ArrayValue, ArrayVariant, Heads, Place, Source, Stored } from '../values/value'

/** An array of which nothing is known, such as an activation. */
export const anyArray = (activation = 0): ArrayValue => ({
  kind: 'array',
  variants: [{ readings: onlyReading, shape: undefined, dtype: undefined }],
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

/** `.mT`: the last two axes change places. */
export const lastTurned = (array: ArrayValue, at?: Place): ArrayValue =>
  mapVariants(
    array,
    v => {
      const rank = v.shape?.length ?? 0
      if (rank < 2) return { ...v, shape: undefined, stored: withOp(v.stored, undefined), decoded: undefined }
      const order = Array.from({ length: rank }, (_, i) => i)
      return permuted(v, [...order.slice(0, -2), rank - 1, rank - 2])
    },
    at,
  )

/** `.real`: complex numbers become floats. */
export const realPart = (array: ArrayValue, at?: Place): ArrayValue =>
  mapVariants(
    array,
    v => ({ ...v, dtype: v.dtype === 'C64' ? 'F32' : v.dtype, stored: withOp(v.stored, undefined) }),
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

/** Readings of tensors whose names are not among these. */
export function withoutNames(
  variants: readonly ArrayVariant[],
  names: ReadonlySet<string | number>,
): readonly ArrayVariant[] {
  return variants.flatMap(v => {
    const { stored, readings } = v
    if (!stored?.sources.some(s => names.has(s.tensor.name))) return [v]
    const rows = Int32Array.from(stored.sources.flatMap((s, i) => (names.has(s.tensor.name) ? [] : [i])))
    if (rows.length === 0) return []
    return [
      {
        ...v,
        readings: { ...readings, rows: pickRows(readings.rows, rows, rows.length) },
        stored: { ...stored, sources: pickRows(stored.sources, rows, rows.length) },
      },
    ]
  })
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
  variants: [{ readings: onlyReading, shape, dtype }],
  activation,
})

interface Joined {
  readonly readings: Readings
  readonly variants: readonly ArrayVariant[]
  /** For each variant, which of its readings are in the rows. */
  readonly picked: readonly Picked[]
}

/** Readings that several arrays can have at the same time, combined by `f`. */
export function combine(
  arrays: readonly ArrayValue[],
  activation: number,
  f: (variants: readonly ArrayVariant[], readings: Readings) => Omit<ArrayVariant, 'readings'> | undefined,
  at?: Place,
): ArrayValue {
  let all: readonly Joined[] = [{ readings: onlyReading, variants: [], picked: [] }]
  for (const array of arrays) {
    const longer: Joined[] = []
    for (const { readings, variants, picked } of all)
      for (const v of array.variants) {
        const both = together(readings, v.readings)
        if (!both) return anyArray(activation)
        if (both.readings.rows.length === 0) continue
        longer.push({
          readings: both.readings,
          variants: [...variants, v],
          picked: [...picked.map(rows => pickedFrom(rows, both.left)), both.right],
        })
      }
    all = longer
  }
  const variants = all.flatMap(joined => {
    const made = f(joined.variants, joined.readings)
    return made ? [{ ...made, ...sourcesOf(made, joined), readings: joined.readings }] : []
  })
  return { kind: 'array', variants: collapsed(variants), at, activation }
}

/** What a result has of the tensors of one of its operands, for the readings that are left. */
function sourcesOf(
  { stored, decoded }: Omit<ArrayVariant, 'readings'>,
  joined: Joined,
): Pick<ArrayVariant, 'stored' | 'decoded'> {
  const inOrder = (sources: readonly Source[]): readonly Source[] => {
    const i = joined.variants.findIndex(v => v.stored?.sources === sources || v.decoded?.sources === sources)
    return pickRows(sources, joined.picked[i] ?? 'all', joined.readings.rows.length)
  }
  return {
    stored: stored && { ...stored, sources: inOrder(stored.sources) },
    decoded: decoded && { ...decoded, sources: inOrder(decoded.sources) },
  }
}

/** One variant for all, where nothing but what their symbols stand for tells them apart: the activations of many experts. */
const shapes = new WeakMap<readonly ArrayVariant[], readonly ArrayVariant[]>()
/** An array without what it stores, for those who ask for its shape alone: one variant where all have the same. */
export function shapesOnly(array: ArrayValue): ArrayValue {
  let known = shapes.get(array.variants)
  if (!known) {
    known = collapsed(array.variants.map(({ readings, shape, dtype, heads }) => ({ readings, shape, dtype, heads })))
    shapes.set(array.variants, known)
  }
  return { ...array, variants: known }
}

function collapsed(variants: readonly ArrayVariant[]): readonly ArrayVariant[] {
  const first = variants[0]
  if (!first || (variants.length === 1 && first.readings === onlyReading)) return variants
  const isLike = (v: ArrayVariant): boolean =>
    !v.stored &&
    !v.decoded &&
    sameHeads(v.heads, first.heads) &&
    v.dtype === first.dtype &&
    v.role === first.role &&
    v.shape?.length === first.shape?.length &&
    (v.shape === undefined || v.shape.every((d, i) => d === first.shape?.[i]))
  return variants.every(isLike) ? [{ ...first, readings: onlyReading }] : variants
}

const sameHeads = (a: Heads | undefined, b: Heads | undefined): boolean =>
  a === b ||
  (a?.at === b?.at &&
    a?.attended === b?.attended &&
    a?.axes.length === b?.axes.length &&
    a?.axes.every((axis, i) => axis.kind === b?.axes[i]?.kind && axis.size === b.axes[i].size) === true)

export type Dimensions = readonly (number | undefined)[] | undefined
