// Broadcasting, reductions along axes, and what works along one axis. Source: mlx/ops.cpp of MLX 0.32.4, measured.

import { axisOf, badAxis, type Dims, mlxShow, Refused, type Shape, type ShapeResult, show, withSize } from './shape'

/** NumPy's broadcasting of two shapes; undefined sizes stay open. */
export function broadcast(a: Dims, b: Dims): ShapeResult {
  if (!a || !b) return undefined
  const rank = Math.max(a.length, b.length)
  const made: (number | undefined)[] = []
  for (let i = 0; i < rank; i++) {
    const x = i < rank - a.length ? 1 : a[i - rank + a.length]
    const y = i < rank - b.length ? 1 : b[i - rank + b.length]
    if (x !== undefined && y !== undefined && x !== y && x !== 1 && y !== 1)
      return new Refused(
        `${show(a)} and ${show(b)}`,
        'sizes that are equal or 1, from the last axis on',
        `[broadcast_shapes] Shapes ${mlxShow(a)} and ${mlxShow(b)} cannot be broadcast.`,
      )
    made.push(x === 1 ? y : y === 1 ? x : (x ?? y))
  }
  return made
}

export function broadcastTo(shape: Shape, to: Shape): ShapeResult {
  if (shape.length > to.length)
    return new Refused(
      `${show(shape)} has more dimensions than ${show(to)}`,
      'no more than the target',
      `Cannot broadcast array of shape ${mlxShow(shape)} into shape ${mlxShow(to)}.`,
    )
  const made = broadcast(shape, to)
  if (made instanceof Refused) return made
  if (made?.some((d, i) => d !== undefined && to[i] !== undefined && d !== to[i]))
    return new Refused(
      `${show(shape)} for ${show(to)}`,
      'sizes that are equal or 1',
      `Cannot broadcast array of shape ${mlxShow(shape)} into shape ${mlxShow(to)}.`,
    )
  return to
}

/** Sums and the like; undefined axes mean all. */
export function reduce(shape: Dims, axes: readonly number[] | undefined, keep: boolean): ShapeResult {
  if (!axes) return keep ? shape?.map(() => 1) : []
  if (!shape) return undefined
  const at = new Set<number>()
  for (const axis of axes) {
    const i = axisOf(axis, shape.length)
    if (i === undefined)
      return badAxis('', axis, shape.length, `Invalid axis ${axis} for array with ${shape.length} dimensions.`)
    at.add(i)
  }
  return keep ? shape.map((d, i) => (at.has(i) ? 1 : d)) : shape.filter((_, i) => !at.has(i))
}

/** What keeps its shape but works along an axis: softmax, sort, cumsum. */
export function along(shape: Dims, axes: readonly number[], op: string): ShapeResult {
  if (!shape) return undefined
  for (const axis of axes)
    if (axisOf(axis, shape.length) === undefined)
      return badAxis(
        op,
        axis,
        shape.length,
        op === 'softmax' || op === 'logsumexp'
          ? `Invalid axis ${axis} for array with ${shape.length} dimensions.`
          : undefined,
      )
  return shape
}

export function top(shape: Dims, k: number, axis: number, op: 'topk' | 'partition' | 'argpartition'): ShapeResult {
  if (!shape) return undefined
  const at = axisOf(axis, shape.length)
  if (at === undefined) return badAxis(op, axis, shape.length)
  const size = shape[at]
  const isBad = op === 'topk' ? k > (size ?? k) : k >= (size ?? k + 1) || k < -(size ?? Infinity)
  if (size !== undefined && isBad)
    return new Refused(
      `${op === 'topk' ? 'k' : 'kth'} is ${k}, and axis ${axis} of ${show(shape)} has size ${size}`,
      op === 'topk' ? `at most ${size}` : `less than ${size}`,
      `[${op}] Received invalid ${op === 'topk' ? 'k=' : 'kth '}${k} along axis ${axis} for array with shape: ${mlxShow(shape)}`,
    )
  return op === 'topk' ? withSize(shape, at, k) : shape
}

/** `take(a, indices, axis)`: the axis becomes the axes of the indices. */
export function take(shape: Dims, indices: Dims, axis: number | undefined): ShapeResult {
  if (axis === undefined) return indices
  if (!shape) return undefined
  const at = axisOf(axis, shape.length)
  if (at === undefined)
    return badAxis(
      'take',
      axis,
      shape.length,
      `[take] Received invalid axis ${axis} for array with ${shape.length} dimensions.`,
    )
  return indices && [...shape.slice(0, at), ...indices, ...shape.slice(at + 1)]
}

export function takeAlong(shape: Dims, indices: Dims, axis: number): ShapeResult {
  if (!shape || !indices) return indices
  if (shape.length !== indices.length)
    return new Refused(
      `indices ${show(indices)} for ${show(shape)}`,
      'the same number of dimensions',
      `[take_along_axis] Indices of dimension ${indices.length} does not match array of dimension ${shape.length}.`,
    )
  const at = axisOf(axis, shape.length)
  if (at === undefined)
    return badAxis(
      'take_along_axis',
      axis,
      shape.length,
      `[take_along_axis] Received invalid axis  for array with ${shape.length} dimensions.`,
    )
  const made = broadcast(withSize(shape, at, 1), withSize(indices, at, 1))
  return made instanceof Refused || !made ? made : withSize(made, at, indices[at])
}
