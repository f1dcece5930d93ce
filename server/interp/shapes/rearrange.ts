// Operations that move, add, join or cut axes. Sources: mlx/ops.cpp and python/src/indexing.cpp of MLX 0.32.4, measured.

import { axisOf, badAxis, type Dim, mlxShow, product, Refused, type Shape, type ShapeResult, show } from './shape'

/** `reshape`; one -1 is worked out. */
export function reshape(shape: Shape | undefined, to: Shape): ShapeResult {
  if (to.filter(d => d === -1).length > 1)
    return new Refused(
      `${show(to)} leaves two sizes open`,
      'one -1 at most',
      '[reshape] Reshape can only infer one dimension.',
    )
  const total = product(shape)
  const rest = to.reduce<number | undefined>(
    (n, d) => (d === -1 ? n : n === undefined || d === undefined ? undefined : n * d),
    1,
  )
  const open = to.includes(-1)
  if (total === undefined || rest === undefined) {
    // One size that is not known takes what is left.
    return to.map(d => (d === -1 ? undefined : d))
  }
  const filled = to.map(d => (d === -1 ? (rest === 0 ? 0 : Math.floor(total / rest)) : d))
  if (open ? rest === 0 || total % rest !== 0 : total !== rest)
    return new Refused(
      `${show(shape ?? [])} has ${total} elements`,
      open ? `a multiple of ${rest} for ${show(to)}` : `${rest} for ${show(to)}`,
      rest === 0 && open
        ? '[reshape] Cannot infer the shape of an empty array'
        : `[reshape] Cannot reshape array of size ${total} into shape ${mlxShow(filled)}.`,
    )
  return filled
}

/** The order of axes that a transpose means; undefined axes reverse them all. */
export function orderOf(rank: number, axes: readonly number[] | undefined): readonly number[] | Refused {
  if (!axes) return Array.from({ length: rank }, (_, i) => rank - 1 - i)
  if (axes.length !== rank)
    return new Refused(
      `${axes.length} axes for an array with ${rank} dimensions`,
      'every axis once',
      `[transpose] Received ${axes.length} axes for array with ${rank} dimensions.`,
    )
  const order: number[] = []
  for (const axis of axes) {
    const at = axisOf(axis, rank)
    if (at === undefined)
      return badAxis(
        'transpose',
        axis,
        rank,
        `[transpose] Invalid axis (${axis < 0 ? axis + rank : axis}) for array with ${rank} dimensions.`,
      )
    if (order.includes(at))
      return new Refused(`axis ${axis} stands twice`, 'every axis once', '[transpose] Repeat axes not allowed.')
    order.push(at)
  }
  return order
}

export function swapOrder(rank: number, a: number, b: number, op = 'swapaxes'): readonly number[] | Refused {
  const [i, j] = [axisOf(a, rank), axisOf(b, rank)]
  const bad = i === undefined ? a : j === undefined ? b : undefined
  if (i === undefined || j === undefined)
    return badAxis(op, bad ?? a, rank, `[${op}] Invalid axis ${bad} for array with ${rank} dimensions.`)
  const order = Array.from({ length: rank }, (_, k) => k)
  order[i] = j
  order[j] = i
  return order
}

export function moveOrder(rank: number, from: number, to: number): readonly number[] | Refused {
  const [i, j] = [axisOf(from, rank), axisOf(to, rank)]
  const bad = i === undefined ? from : to
  if (i === undefined || j === undefined)
    return badAxis('moveaxis', bad, rank, `[moveaxis] Invalid axis ${bad} for array with ${rank} dimensions.`)
  const order = Array.from({ length: rank }, (_, k) => k)
  order.splice(j, 0, ...order.splice(i, 1))
  return order
}

export function expandDims(shape: Shape, axes: readonly number[]): ShapeResult {
  const rank = shape.length + axes.length
  const at = new Set<number>()
  for (const axis of axes) {
    const i = axisOf(axis, rank)
    if (i === undefined) return badAxis('expand_dims', axis, rank)
    at.add(i)
  }
  if (at.size < axes.length)
    return new Refused(`the axes ${show(axes)}`, 'every axis once', '[expand_dims] Received duplicate axes.')
  const rest = [...shape]
  return Array.from({ length: rank }, (_, i) => (at.has(i) ? 1 : rest.shift()))
}

/** Without axes every axis of size 1 goes. */
export function squeeze(shape: Shape, axes: readonly number[] | undefined): ShapeResult {
  if (!axes) return shape.includes(undefined) ? undefined : shape.filter(d => d !== 1)
  const at = new Set<number>()
  for (const axis of axes) {
    const i = axisOf(axis, shape.length)
    if (i === undefined) return badAxis('squeeze', axis, shape.length)
    const size = shape[i]
    if (size !== undefined && size !== 1)
      return new Refused(
        `axis ${axis} of ${show(shape)} has size ${size}`,
        'size 1',
        `[squeeze] Cannot squeeze axis ${axis} with size ${size} which is not equal to 1.`,
      )
    at.add(i)
  }
  return shape.filter((_, i) => !at.has(i))
}

export function flatten(shape: Shape, start: number, end: number): ShapeResult {
  const rank = shape.length
  if (rank === 0) return [1]
  const from = Math.max(0, start < 0 ? start + rank : start)
  const to = Math.min(rank - 1, end < 0 ? end + rank : end)
  if (from > to)
    return new Refused(
      `axes from ${start} to ${end} of ${show(shape)}`,
      'the first before the last',
      '[flatten] start_axis must be less than or equal to end_axis',
    )
  return [...shape.slice(0, from), product(shape.slice(from, to + 1)), ...shape.slice(to + 1)]
}

export function unflatten(shape: Shape, axis: number, sizes: Shape): ShapeResult {
  if (sizes.length === 0)
    return new Refused('no sizes', 'one at least', '[unflatten] Shape to unflatten to cannot be empty.')
  const at = axisOf(axis, shape.length)
  if (at === undefined)
    return badAxis(
      'unflatten',
      axis,
      shape.length,
      `[unflatten] Invalid axes ${axis < 0 ? axis + shape.length : axis} for array with ${shape.length} dimensions.`,
    )
  const size = shape[at]
  const rest = product(sizes.filter(d => d !== -1))
  const shown = sizes.map(d => (d === -1 && size !== undefined && rest ? Math.floor(size / rest) : d))
  const made = reshape([size], sizes)
  if (made instanceof Refused)
    return new Refused(
      made.found,
      made.expected,
      sizes.filter(d => d === -1).length > 1
        ? '[Unflatten] Can only infer one dimension.'
        : `[Unflatten] Cannot unflatten axis ${axis} with size ${size} into shape ${mlxShow(shown)}.`,
    )
  return [...shape.slice(0, at), ...(made ?? sizes), ...shape.slice(at + 1)]
}

export function tile(shape: Shape, times: readonly number[]): ShapeResult {
  const rank = Math.max(shape.length, times.length)
  return Array.from({ length: rank }, (_, i) => {
    const [d, n] = [i < rank - shape.length ? 1 : shape[i - rank + shape.length], times[i - rank + times.length] ?? 1]
    return d === undefined ? undefined : d * n
  })
}

export function repeat(shape: Shape, times: number, axis: number | undefined): ShapeResult {
  const scale = (d: Dim) => (d === undefined ? undefined : d * times)
  if (axis === undefined) return [scale(product(shape))]
  const at = axisOf(axis, shape.length)
  return at === undefined ? badAxis('repeat', axis, shape.length) : shape.map((d, i) => (i === at ? scale(d) : d))
}

/** Widths for each axis; one pair holds for all. */
export function pad(shape: Shape, given: readonly (readonly [number, number])[]): ShapeResult {
  const [first] = given
  const widths = given.length === 1 && first ? shape.map(() => first) : given
  if (widths.length !== shape.length)
    return new Refused(
      `${widths.length} widths for ${show(shape)}`,
      `one for each of ${shape.length} axes`,
      `Invalid number of padding sizes passed to pad with axes of size ${shape.length}`,
    )
  return shape.map((d, i) => {
    const width = widths[i]
    return d === undefined || !width ? d : d + width[0] + width[1]
  })
}

export function concatenate(shapes: readonly (Shape | undefined)[], axis: number): ShapeResult {
  const known = shapes.filter(s => s !== undefined)
  const first = known[0]
  if (!first || shapes.length === 1) return first
  const at = axisOf(axis, first.length)
  if (at === undefined) return badAxis('concatenate', axis, first.length)
  const merged = [...first]
  // In the order of the arrays, as MLX finds it.
  for (const s of known) {
    if (s.length !== first.length)
      return new Refused(
        `${show(first)} and ${show(s)}`,
        'arrays of the same number of dimensions',
        `[concatenate] All the input arrays must have the same number of dimensions. However, got arrays with dimensions ${first.length} and ${s.length}.`,
      )
    if (s.some((d, i) => i !== at && d !== undefined && merged[i] !== undefined && d !== merged[i]))
      return new Refused(
        `${show(first)} and ${show(s)}`,
        `equal sizes but for axis ${axis}`,
        `[concatenate] All the input array dimensions must match exactly except for the concatenation axis. However, the provided shapes are ${known.map(mlxShow).join(', ')}, and the concatenation axis is ${axis}.`,
      )
    s.forEach((d, i) => (merged[i] ??= d))
  }
  const sizes = shapes.map(s => s?.[at])
  const total = sizes.every(s => s !== undefined) ? sizes.reduce((a, s) => a + s, 0) : undefined
  return merged.map((d, i) => (i === at ? total : d))
}

export function stack(shapes: readonly (Shape | undefined)[], axis: number): ShapeResult {
  const known = shapes.filter(s => s !== undefined)
  const first = known[0]
  if (!first) return undefined
  const odd = known.find(
    s => s.length !== first.length || s.some((d, i) => d !== undefined && first[i] !== undefined && d !== first[i]),
  )
  if (odd)
    return new Refused(
      `${show(first)} and ${show(odd)}`,
      'arrays of one shape',
      '[stack] All arrays must have the same shape',
    )
  const rank = first.length + 1
  const at = axisOf(axis, rank)
  if (at === undefined) return badAxis('stack', axis, rank)
  const merged = first.map((_, i) => known.map(s => s[i]).find(x => x !== undefined))
  return [...merged.slice(0, at), shapes.length, ...merged.slice(at)]
}

/** Bounds of the parts along an axis: a number of equal parts, or the indexes where they begin. */
export function splitBounds(
  shape: Shape,
  into: number | readonly number[],
  axis: number,
): readonly (readonly [number, number])[] | Refused | undefined {
  const at = axisOf(axis, shape.length)
  if (at === undefined) return badAxis('split', axis, shape.length)
  const size = shape[at]
  if (typeof into !== 'number') {
    if (size === undefined) return undefined
    const clip = (i: number) => Math.min(size, Math.max(0, i < 0 ? i + size : i))
    const edges = [0, ...into.map(clip), size]
    return edges.slice(1).map((to, i) => [edges[i] ?? 0, Math.max(to, edges[i] ?? 0)] as const)
  }
  if (into <= 0)
    return new Refused(
      `${into} parts`,
      'at least one',
      `[split] num_splits must be positive and non-zero but got ${into}.`,
    )
  if (size === undefined) return undefined
  if (size % into !== 0)
    return new Refused(
      `axis ${axis} of ${show(shape)} has size ${size}`,
      `a multiple of ${into}`,
      `Array split does not result in sub arrays with equal size: attempting ${into} splits along axis ${axis} for shape ${mlxShow(shape)}.`,
    )
  return Array.from({ length: into }, (_, i) => [(i * size) / into, ((i + 1) * size) / into] as const)
}

/** `view`: the last axis grows or shrinks with the width of the dtype. */
export function view(shape: Shape, fromBits: number, toBits: number): ShapeResult {
  if (fromBits === toBits) return shape
  if (shape.length === 0)
    return new Refused(
      'a scalar',
      'a dtype of the same size',
      '[view] Changing the type of a scalar is only allowed for types with the same size.',
    )
  const last = shape[shape.length - 1]
  if (last === undefined) return shape
  const size = (last * fromBits) / toBits
  if (!Number.isInteger(size))
    return new Refused(
      `a last axis of ${(last * fromBits) / 8} bytes`,
      `a multiple of ${toBits / 8}`,
      '[view] When viewing as a larger dtype, the size in bytes of the last axis must be a multiple of the requested type size.',
    )
  return [...shape.slice(0, -1), size]
}
