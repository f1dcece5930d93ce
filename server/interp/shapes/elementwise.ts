// Broadcasting, reductions along axes, and what works along one axis. Source: mlx/ops.cpp of MLX 0.32.4, measured.

import { asFloat, isFloat, mlxName, overflows, promote } from './dtypes'
import {
  axisOf,
  badAxis,
  type Dims,
  isKnown,
  mlxShow,
  product,
  Refused,
  type Shape,
  type ShapeResult,
  show,
  withSize,
} from './shape'

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
  const made = broadcast(shape, to)
  if (made instanceof Refused) return made
  if (shape.length > to.length || made?.some((d, i) => d !== undefined && to[i] !== undefined && d !== to[i]))
    return new Refused(
      `${show(shape)} for ${show(to)}`,
      'sizes that are equal or 1',
      `Cannot broadcast array of shape ${mlxShow(shape)} into shape ${mlxShow(to)}.`,
    )
  return to
}

/** Sums and the like; undefined axes mean all. */
export function reduce(shape: Dims, axes: readonly number[] | undefined, keep: boolean, op: string): ShapeResult {
  if (op === 'logsumexp') {
    if (shape?.includes(0)) return empty(shape, '[logsumexp] Received empty array.')
    const bad = axes && ofScalar(shape, axes, op)
    if (bad) return bad
  }
  if (op.startsWith('arg') && shape?.includes(0)) return empty(shape, `[${op}] Cannot ${op} reduce zero size array.`)
  if (!axes) {
    const zero = op === 'max' || op === 'min' ? shape?.indexOf(0) : undefined
    if (shape && zero !== undefined && zero >= 0)
      return empty(shape, `[${op}] Cannot ${op} reduce over axis ${zero} with size 0.`)
    return keep ? shape?.map(() => 1) : []
  }
  if (!shape) return undefined
  const at = new Set<number>()
  for (const axis of axes) {
    const i = axisOf(axis, shape.length)
    if (i === undefined) return badAxis(op, axis, shape.length, outOfBounds(op, axis, shape.length))
    at.add(i)
  }
  if (at.size < axes.length)
    return new Refused(`the axes ${show(axes)}`, 'every axis once', 'Duplicate axes detected in reduction.')
  const zero = shape.findIndex((d, i) => d === 0 && at.has(i))
  if (zero >= 0 && (op === 'max' || op === 'min'))
    return empty(shape, `[${op}] Cannot ${op} reduce over axis ${zero} with size 0.`)
  return keep ? shape.map((d, i) => (at.has(i) ? 1 : d)) : shape.filter((_, i) => !at.has(i))
}

const empty = (shape: Shape, text: string): Refused => new Refused(show(shape), 'at least one element', text)

const ofScalar = (shape: Dims, axes: readonly number[], op: string): Refused | undefined =>
  shape?.length === 0 && axes.length > 0
    ? new Refused(
        `axis ${axes[0]} of a scalar`,
        'no axis',
        `[${op}] Received non-empty axes for array with 0 dimensions.`,
      )
    : undefined

/** Most reductions say it alike; those that are put together of others say it themselves. */
function outOfBounds(op: string, axis: number, rank: number): string | undefined {
  if (op === 'mean' || op === 'var' || op === 'std')
    return `[mean] axis ${axis} is out of bounds for array with ${rank} dimensions.`
  return `Invalid axis ${axis} for array with ${rank} dimensions.`
}

/** What keeps its shape but works along an axis: softmax, sort, cumsum. */
export function along(shape: Dims, axes: readonly number[], op: string): ShapeResult {
  if (!shape) return undefined
  const isSoft = op === 'softmax'
  if (isSoft && shape.includes(0)) return shape
  const bad = isSoft ? ofScalar(shape, axes, op) : undefined
  if (bad) return bad
  for (const axis of axes)
    if (axisOf(axis, shape.length) === undefined)
      return badAxis(op, axis, shape.length, isSoft ? outOfBounds(op, axis, shape.length) : undefined)
  return shape
}

/** Softmax computes in floats along the last axis alone; else whole numbers come out as they went in. */
export function softmaxDType(shape: Dims, axes: readonly number[] | undefined, dtype: string | undefined) {
  if (!shape || dtype === undefined) return dtype !== undefined && isFloat(dtype) ? dtype : undefined
  const all = axes ?? shape.map((_, i) => i)
  const last = all[all.length - 1]
  const isLast = last === -1 || last === shape.length - 1
  const isPlain = all.slice(0, -1).every((axis, i) => axis + 1 === all[i + 1] && shape.at(axis) === 1)
  return !shape.includes(0) && all.length > 0 && isLast && isPlain ? asFloat(dtype) : dtype
}

export function top(shape: Dims, k: number, axis: number, op: 'topk' | 'partition' | 'argpartition'): ShapeResult {
  if (!shape) return undefined
  const at = axisOf(axis, shape.length)
  if (at === undefined) return badAxis(op, axis, shape.length)
  const size = shape[at]
  const isBad = op === 'topk' ? k < 0 || k > (size ?? k) : k >= (size ?? k + 1) || k < -(size ?? Infinity)
  if (size !== undefined && isBad)
    return new Refused(
      `${op === 'topk' ? 'k' : 'kth'} is ${k}, and axis ${axis} of ${show(shape)} has size ${size}`,
      op === 'topk' ? `at most ${size}` : `less than ${size}`,
      `[${op}] Received invalid ${op === 'topk' ? `k=${k} ` : op === 'partition' ? `kth ${k}` : `kth ${k} `}along axis ${axis} for array with shape: ${mlxShow(shape)}`,
    )
  return op === 'topk' ? withSize(shape, at, k) : shape
}

/** `take(a, indices, axis)`: the axis becomes the axes of the indices. */
export function take(
  shape: Dims,
  indices: Dims,
  axis: number | undefined,
  dtype: string | undefined = undefined,
): ShapeResult {
  if (axis === undefined) return shape ? take([product(shape)], indices, 0, dtype) : indices
  if (!shape) return undefined
  const at = axisOf(axis, shape.length)
  if (at === undefined)
    return badAxis(
      'take',
      axis,
      shape.length,
      `[take] Received invalid axis ${axis} for array with ${shape.length} dimensions.`,
    )
  if (shape[at] === 0 && isKnown(indices) && !indices.includes(0))
    return empty(shape, '[take] Cannot do a non-empty take from an ')
  if (dtype !== undefined && (isFloat(dtype) || dtype === 'BOOL'))
    return new Refused(
      `indices of ${dtype}`,
      'whole numbers',
      dtype === 'BOOL'
        ? '[Gather] Boolean indices not supported.'
        : '[gather] Got indices with invalid dtype. Indices must be integral.',
    )
  return indices && [...shape.slice(0, at), ...indices, ...shape.slice(at + 1)]
}

/** `take(a, number, axis)`, which cuts a slice of one entry: the last one, -1, has no such slice. */
export function takeOne(shape: Dims, index: number, axis: number | undefined): ShapeResult {
  if (!shape) return undefined
  if (axis === undefined) return takeOne([product(shape)], index, 0)
  const made = take(shape, [], axis)
  if (made instanceof Refused && !made.raises.includes('non-empty take')) return made
  if (shape.includes(0)) return empty(shape, '[take] Cannot do a non-empty take from an array with zero elements.')
  const at = axisOf(axis, shape.length) ?? 0
  const size = shape[at]
  if (size !== undefined && (index >= size || index < -size || index === -1))
    return new Refused(
      `entry ${index} on axis ${axis} of ${show(shape)}`,
      `one between ${-size} and ${size - 1}, but not -1`,
      `[squeeze] Cannot squeeze axis ${at} with size 0 which is not equal to 1.`,
    )
  return made
}

export function takeAlong(shape: Dims, indices: Dims, axis: number): ShapeResult {
  if (!shape || !indices) return indices
  const at = axisOf(axis, shape.length)
  if (at === undefined) return badAxis('take_along_axis', axis, shape.length)
  if (shape.length !== indices.length)
    return new Refused(
      `indices ${show(indices)} for ${show(shape)}`,
      'the same number of dimensions',
      `[take_along_axis] Indices of dimension ${indices.length} does not match array of dimension ${shape.length}.`,
    )
  const without = (s: Shape) => s.filter((_, i) => i !== at)
  const made = broadcast(without(shape), without(indices))
  return made instanceof Refused || !made ? made : [...made.slice(0, at), indices[at], ...made.slice(at)]
}

/** A Python number that an integer array beside it cannot hold. */
export const overflow = (dtype: string | undefined, value: number): Refused | undefined =>
  dtype !== undefined && overflows(dtype, value)
    ? new Refused(
        `${value} beside an array of ${dtype}`,
        'a number that it can hold',
        `Converting ${value} to ${mlxName(dtype)} would result in overflow.`,
      )
    : undefined

/** Functions that take no complex numbers. */
const realOnly = /^(remainder|floor|ceil|expm1|sigmoid|erf|erfinv)$/

/** What a function of one or two arrays says of the dtype that it computes in. */
export function refusedDType(dtype: string | undefined, op: string): Refused | undefined {
  if (dtype === 'C64' && realOnly.test(op)) {
    const text = op === 'remainder' ? 'Complex type not supported.' : 'Not supported for complex64.'
    return new Refused('complex numbers', 'real ones', `[${op}] ${text}`)
  }
  if (dtype === 'BOOL' && op === 'negative')
    return new Refused('flags', 'numbers', '[negative] Not supported for bool, use logical_not instead.')
  return undefined
}

/** Flags are shifted as bytes. */
export const shifted = (dtype: string | undefined) => (dtype === 'BOOL' ? 'U8' : dtype)

/** Shifts and bitwise functions: the dtype that both meet in must be of whole numbers. */
export function refusedBits(a: string | undefined, b: string | undefined, op: string): Refused | undefined {
  const meet = promote(a, b)
  if (meet === undefined || !isFloat(meet)) return undefined
  const [x, y] = op === 'right_shift' ? [meet, meet] : [a ?? '', b ?? '']
  return new Refused(
    `arrays of ${a} and ${b}`,
    'whole numbers',
    `[${op}] Only allowed on integer or boolean types but got types ${mlxName(x)} and ${mlxName(y)}.`,
    'RuntimeError',
  )
}
