// Rarer functions of mlx.core: second spellings of the array API, diagonals, grids, random choices, Fourier transforms.
// Signatures as of MLX 0.32.4 (python/src/ops.cpp, random.cpp, fft.cpp).

import { anyArray, lastTurned, pick, shaped } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { change } from '../run/operate'
import { asFloat } from '../shapes/dtypes'
import { broadcast } from '../shapes/elementwise'
import { type Dim, type Dims, Refused, type Shape } from '../shapes/shape'
import { type ArrayValue, isString, list, type Value } from '../values/value'
import { argument, asArray, dtypeOf, isNone, numberOf, type Operation } from './arguments'
import { like, literal, ofShape } from './creation'
import { computing, ofOne } from './elementwise'
import { concatenate } from './joining'
import { asFunction } from './mlxArray'
import type { LibraryModel } from './index'

const made = (c: LibraryCall, shape: Dims, dtype: string | undefined): ArrayValue =>
  shaped(shape, c.m.frame.activation, dtype, 'mlx')

const lost = (c: LibraryCall): ArrayValue => ({ ...anyArray(c.m.frame.activation), library: 'mlx' })

/** The same elements or some of them, as the shape says. */
const shapedBy =
  (f: (shape: Shape, c: LibraryCall, args: readonly Value[]) => Dims | Refused): Operation =>
  (c, array, args) =>
    change(c, array, v => {
      const shape = v.shape && f(v.shape, c, args)
      return shape instanceof Refused ? shape : { readings: v.readings, shape, dtype: v.dtype }
    })

/** At least so many axes: [n] is [1, n] and [1, n, 1]. */
const atLeast = (rank: 1 | 2 | 3): Operation =>
  shapedBy(shape => {
    if (shape.length >= rank) return shape
    if (rank === 3 && shape.length === 2) return [...shape, 1]
    if (rank === 3 && shape.length === 1) return [1, ...shape, 1]
    return [...Array.from({ length: rank - shape.length }, () => 1), ...shape]
  })

const length = (rows: Dim, columns: Dim, offset: number | undefined): Dim =>
  rows === undefined || columns === undefined || offset === undefined
    ? undefined
    : Math.max(0, Math.min(rows + Math.min(offset, 0), columns - Math.max(offset, 0)))

/** A given number, or 0 where there is none. */
const offsetOf = (v: Value | undefined): number | undefined => (v === undefined ? 0 : numberOf(v))

/** `diag(a, k)`: a matrix of a vector, and the other way round. */
const diag: Operation = shapedBy((shape, c, args) => {
  const k = offsetOf(argument(c, args, 0, 'k'))
  const [n, m] = shape
  if (shape.length === 2) return [length(n, m, k)]
  const side = shape.length !== 1 || n === undefined || k === undefined ? undefined : n + Math.abs(k)
  return shape.length === 1 ? [side, side] : undefined
})

/** `diagonal(a, offset, axis1, axis2)`: along the first two axes unless others are said. */
const diagonal: Operation = shapedBy((shape, c, args) => {
  const [k, isPlain] = [offsetOf(argument(c, args, 0, 'offset')), args.length < 2 && !c.args.keywords.has('axis1')]
  return isPlain && !c.args.keywords.has('axis2') && shape.length >= 2
    ? [...shape.slice(2), length(shape[0], shape[1], k)]
    : undefined
})

/** `unstack(a, axis)`: the parts along the first axis. */
function unstack(c: LibraryCall): Value {
  const [array, axis] = [c.get(0, 'a'), c.get(1, 'axis')]
  const count = array?.kind === 'array' ? array.variants[0]?.shape?.[0] : undefined
  const isFirst = axis === undefined || numberOf(axis) === 0
  if (array?.kind !== 'array' || !isFirst || count === undefined || count > 4096) return list([], 'list', true)
  if (array.variants.some(v => v.shape?.[0] !== count)) return list([], 'list', true)
  return list(Array.from({ length: count }, (_, i) => ({ ...pick(array, i, c.at), library: 'mlx' as const })))
}

/** `meshgrid(x, y, indexing="xy")`: as many grids as there are vectors. */
function meshgrid(c: LibraryCall): Value {
  const vectors = c.args.positional.map(a => asArray(c, a.value))
  const indexing = c.get(-1, 'indexing')
  const isPlain = !c.args.open && (isNone(indexing) || (indexing && isString(indexing))) && !c.get(-1, 'sparse')
  if (!isPlain || vectors.some(v => !v || v.variants.length !== 1)) return list([], 'list', true)
  const lengths = vectors.map(v => v?.variants[0]?.shape).map(s => (s?.length === 1 ? s[0] : undefined))
  const [x, y, ...rest] = lengths
  const isTurned = lengths.length > 1 && !(indexing && isString(indexing) && indexing.value === 'ij')
  const shape = isTurned ? [y, x, ...rest] : lengths
  return list(vectors.map(v => made(c, shape, v?.variants[0]?.dtype)))
}

function broadcastAll(c: LibraryCall): Value {
  const arrays = c.args.positional.map(a => asArray(c, a.value))
  if (c.args.open || arrays.some(a => !a || a.variants.length !== 1)) return list([], 'list', true)
  const shape = arrays.reduce<Dims | Refused>((all, a) => {
    return all instanceof Refused ? all : broadcast(all, a?.variants[0]?.shape)
  }, [])
  return list(arrays.map(a => made(c, shape instanceof Refused ? undefined : shape, a?.variants[0]?.dtype)))
}

/** `tri(n, m, k, dtype)`. */
function tri(c: LibraryCall): Value {
  const [n, m, dtype] = [numberOf(c.get(0, 'n')), c.get(1, 'm'), c.get(3, 'dtype')]
  return made(c, [n, isNone(m) ? n : numberOf(m)], isNone(dtype) ? 'F32' : dtypeOf(dtype))
}

/** `random.permutation(x)`: a number is a range. */
const permuted = (c: LibraryCall): Value => {
  const x = c.get(0, 'x')
  if (x?.kind !== 'array') return made(c, [numberOf(x)], 'U32')
  return { ...x, variants: x.variants.map(v => ({ readings: v.readings, shape: v.shape, dtype: v.dtype })) }
}

/** `fft.rfft(a, n, axis)` along the last axis: half of it and one. */
const halved: Operation = (c, array, args) => {
  const [n, axis] = [argument(c, args, 0, 'n'), argument(c, args, 1, 'axis')]
  if (axis !== undefined && numberOf(axis) !== -1) return lost(c)
  return change(c, array, v => {
    const last = isNone(n) ? v.shape?.[v.shape.length - 1] : numberOf(n)
    const size = last === undefined ? undefined : Math.floor(last / 2) + 1
    return { readings: v.readings, shape: v.shape && [...v.shape.slice(0, -1), size], dtype: 'C64' }
  })
}

/** Second names. */
const spellings: Readonly<Record<string, string>> = {
  acos: 'arccos',
  asin: 'arcsin',
  atan: 'arctan',
  atan2: 'arctan2',
  conjugate: 'conj',
  pow: 'power',
  cumulative_sum: 'cumsum',
  cumulative_prod: 'cumprod',
}

const floats = 'acosh asinh atanh arccosh arcsinh arctanh degrees radians'

export const mlxRarer: LibraryModel = {
  calls: {
    ...Object.fromEntries(
      Object.entries(spellings).flatMap(([name, other]) => {
        const operation = computing[other]
        return operation ? [[`mlx.core.${name}`, asFunction(operation)] as const] : []
      }),
    ),
    ...Object.fromEntries(floats.split(' ').map(name => [`mlx.core.${name}`, asFunction(ofOne(asFloat))] as const)),
    'mlx.core.positive': asFunction(ofOne(d => d)),
    'mlx.core.trunc': asFunction(ofOne(d => d)),
    'mlx.core.concat': concatenate,
    'mlx.core.asarray': literal,
    'mlx.core.empty': ofShape(0, 1),
    'mlx.core.empty_like': like,
    'mlx.core.matrix_transpose': c => {
      const a = c.get(0, 'a')
      return a?.kind === 'array' ? lastTurned(a, c.at) : lost(c)
    },
    'mlx.core.atleast_1d': asFunction(atLeast(1)),
    'mlx.core.atleast_2d': asFunction(atLeast(2)),
    'mlx.core.atleast_3d': asFunction(atLeast(3)),
    'mlx.core.diag': asFunction(diag),
    'mlx.core.diagonal': asFunction(diagonal),
    'mlx.core.unstack': unstack,
    'mlx.core.meshgrid': meshgrid,
    'mlx.core.broadcast_arrays': broadcastAll,
    'mlx.core.tri': tri,
    'mlx.core.random.permutation': permuted,
    'mlx.core.fft.rfft': asFunction(halved),
  },
}
