// How a stored array looks after a loader's transposes, slices and reshapes: shape and strides, as NumPy and MLX keep
// them, so that nothing is copied before it must be. Only a reshape of a view that is not contiguous needs a copy; the
// view then begins anew over that copy. What MLX refuses is refused in its words; a slice past the end is clipped, as in
// Python. Knows nothing of files and dtypes.

import type { ArrayOp } from '../../protocol'
import { never } from '../../util/never'
import { showShape } from './validate'

/** Element `i, j, …` lies at `offset + i·strides[0] + j·strides[1] + …`, all counted in elements. */
export interface View {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/** Each view but the first is over the copy, in row-major order, of the one before. */
export type Delivery =
  { readonly ok: true; readonly views: readonly View[] } | { readonly ok: false; readonly error: string }

/** The views through which an array of the stored shape is delivered. */
export function deliver(stored: readonly number[], ops: readonly ArrayOp[]): Delivery {
  const views = [plainView(stored)]
  for (const op of ops) {
    const view = views[views.length - 1] as View
    const made = applyOp(view, op)
    if (typeof made === 'string') return { ok: false, error: made }
    if (op.op === 'reshape' && !isContiguous(view)) views.push(made)
    else views[views.length - 1] = made
  }
  return { ok: true, views }
}

function plainView(shape: readonly number[], offset = 0): View {
  const strides: number[] = new Array<number>(shape.length)
  for (let axis = shape.length - 1, step = 1; axis >= 0; step *= shape[axis] ?? 1, axis--) strides[axis] = step
  return { shape, strides, offset }
}

/** Whether the elements lie one after another in row-major order. */
export function isContiguous(view: View): boolean {
  const plain = plainView(view.shape)
  return (
    view.shape.includes(0) || view.shape.every((size, axis) => size === 1 || view.strides[axis] === plain.strides[axis])
  )
}

/** The view after one operation, or MLX's words against it. */
function applyOp(view: View, op: ArrayOp): View | string {
  const { shape, strides, offset } = view
  switch (op.op) {
    case 'contiguous':
      return view
    case 'transpose': {
      const { axes } = op
      if (axes.length !== shape.length) {
        return `[transpose] Received ${axes.length} axes for array with ${shape.length} dimensions.`
      }
      const invalid = axes.find(axis => shape[axis] === undefined)
      if (invalid !== undefined) {
        return `[transpose] Invalid axis (${invalid}) for array with ${shape.length} dimensions.`
      }
      if (new Set(axes).size < axes.length) return '[transpose] Repeat axes not allowed.'
      return { shape: axes.map(axis => shape[axis] ?? 0), strides: axes.map(axis => strides[axis] ?? 0), offset }
    }
    case 'slice': {
      const size = shape[op.axis]
      if (size === undefined) return `Too many indices for array with ${shape.length} dimensions.`
      const start = Math.min(op.start, size)
      const stop = Math.max(start, Math.min(op.stop, size))
      return {
        shape: shape.map((n, axis) => (axis === op.axis ? stop - start : n)),
        strides,
        offset: offset + start * (strides[op.axis] ?? 0),
      }
    }
    case 'reshape': {
      const size = product(shape)
      const wanted = inferred(op.shape, size)
      if (typeof wanted === 'string') return wanted
      if (product(wanted) !== size)
        return `[reshape] Cannot reshape array of size ${size} into shape ${showShape(wanted)}.`
      return plainView(wanted, isContiguous(view) ? offset : 0)
    }
    default:
      return never(op)
  }
}

/** The shape with its -1, if it has one, worked out. */
function inferred(shape: readonly number[], size: number): readonly number[] | string {
  const unknown = shape.filter(n => n === -1).length
  if (unknown === 0) return shape
  if (unknown > 1) return '[reshape] Reshape can only infer one dimension.'
  const known = product(shape.filter(n => n !== -1))
  if (known === 0) return '[reshape] Cannot infer the shape of an empty array'
  return shape.map(n => (n === -1 ? Math.floor(size / known) : n))
}

/** The elements of a view in row-major order, each `itemBytes` (2 or 4) wide. */
export function copyView(source: Uint8Array, view: View, itemBytes: number): Uint8Array {
  const { shape, strides, offset } = view
  const from = cellsOf(source, itemBytes)
  const out = new Uint8Array(product(shape) * itemBytes)
  const to = cellsOf(out, itemBytes)
  const rank = shape.length
  const columns = shape[rank - 1] ?? 1
  const columnStep = strides[rank - 1] ?? 1
  const index = new Array<number>(rank).fill(0)
  for (let at = 0, base = offset; at < to.length;) {
    for (let j = 0, i = base; j < columns; j++, i += columnStep) to[at++] = from[i] as number
    for (let axis = rank - 2; axis >= 0; axis--) {
      base += strides[axis] as number
      const next = (index[axis] as number) + 1
      index[axis] = next < (shape[axis] as number) ? next : 0
      if (index[axis]) break
      base -= (strides[axis] as number) * (shape[axis] as number)
    }
  }
  return out
}

function cellsOf(bytes: Uint8Array, itemBytes: number): Uint16Array | Uint32Array {
  const aligned = bytes.byteOffset % itemBytes === 0 ? bytes : bytes.slice()
  return itemBytes === 2
    ? new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 1)
    : new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2)
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
