// Functions that compute with the elements: sums of two arrays, functions of one, reductions, sorting. The same table serves
// `mx.f(a, …)`, `a.f(…)` and NumPy; shapes come from shapes/, dtypes as MLX 0.32.4 gives them.

import { anyArray } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { carried } from '../arrays/heads'
import { change, libraryOf, operate, refuse } from '../run/operate'
import { onlyReading } from '../values/readings'
import { asFloat, isFloat, isInteger, promote, summedDType, withScalar } from '../shapes/dtypes'
import {
  along,
  broadcast,
  overflow,
  reduce,
  refusedBits,
  refusedDType,
  shifted,
  softmaxDType,
  take,
  takeAlong,
  takeOne,
  top,
} from '../shapes/elementwise'
import { Refused } from '../shapes/shape'
import { type ArrayValue, type ArrayVariant, isNumber, type Value } from '../values/value'
import {
  argument,
  asArray,
  flag,
  isFraction,
  isNone,
  libraryCalled,
  lost,
  numberOf,
  numbers,
  type Operation,
} from './arguments'
import type { Site } from '../run/operate'

type DTypeOf = (dtype: string | undefined) => string | undefined

const same: DTypeOf = d => d
const bool: DTypeOf = () => 'BOOL'
/** Indices of MLX; NumPy's are wider. */
const index = (c: LibraryCall, array: ArrayValue): DTypeOf =>
  libraryCalled(c.name) === 'numpy' || array.library === 'numpy' ? () => 'I64' : () => 'U32'
/** Sums of flags are counts. */
const counted: DTypeOf = d => (d === 'BOOL' ? 'I32' : d)
/** Deviations of complex numbers are real. */
const real: DTypeOf = d => (d === 'C64' ? 'F32' : asFloat(d))
const magnitude: DTypeOf = d => (d === 'C64' ? 'F32' : d)

/** The dtype of an operation on two values, one of which may be a number. */
function together({ at }: Site, a: Value, b: Value, x: string | undefined, y: string | undefined) {
  // Every number of JavaScript is a float.
  const isFloat = at.program.language !== 'python'
  if (isFlag(b)) return x
  if (isFlag(a)) return y
  if (isNumber(b)) return scalar(x, b, isFloat)
  if (isNumber(a)) return scalar(y, a, isFloat)
  return promote(x, y)
}

const isFlag = (v: Value): boolean => v.kind === 'const' && typeof v.value === 'boolean'

function scalar(dtype: string | undefined, v: Value & { value: number }, isScript: boolean): string | undefined {
  if (dtype !== undefined && isFloat(dtype)) return dtype
  const fraction = isScript || isFraction(v)
  return fraction === undefined ? undefined : withScalar(dtype, v.value, fraction)
}

/** Two values, element by element; undefined where neither is an array. */
export function pairwise(
  site: Site,
  c: LibraryCall | undefined,
  a: Value,
  b: Value,
  result: DTypeOf,
  library = whose(a, b),
  check: Check = () => undefined,
): ArrayValue | undefined {
  const [x, y] = [operand(site, c, a), operand(site, c, b)]
  if (!x || !y) return undefined
  const isMlx = library === 'mlx'
  return operate(
    site,
    [x, y],
    ([v, w]) => {
      const dtype = together(site, a, b, v?.dtype, w?.dtype)
      const bad = isMlx
        ? (tooLarge(b, v?.dtype) ?? tooLarge(a, w?.dtype) ?? check(dtype, v?.dtype, w?.dtype))
        : undefined
      if (bad) return bad
      const shape = broadcast(v?.shape, w?.shape)
      if (shape instanceof Refused) return shape
      return carried({ shape, dtype: result(dtype) }, [v, w])
    },
    library,
  )
}

/** What MLX asks of the dtype that two meet in, and of their own. */
type Check = (meet: string | undefined, a: string | undefined, b: string | undefined) => Refused | undefined

/** A whole number of Python that the array beside it cannot hold. */
const tooLarge = (v: Value, dtype: string | undefined): Refused | undefined =>
  isNumber(v) && isFraction(v) === false ? overflow(dtype, v.value) : undefined

/** Whose arrays come out of two values: an array with a number is the array's. */
function whose(a: Value, b: Value) {
  const arrays = [a, b].filter(v => v.kind === 'array')
  const known = [a, b].every(v => v.kind === 'array' || v.kind === 'const')
  return known ? libraryOf(arrays) : undefined
}

function operand({ m }: Site, c: LibraryCall | undefined, v: Value): ArrayValue | undefined {
  if (v.kind === 'array') return v
  if (c) return asArray(c, v)
  if (isNumber(v) || isFlag(v))
    return { ...anyArray(m.frame.activation), variants: [{ readings: onlyReading, shape: [], dtype: undefined }] }
  return v.kind === 'unknown' ? anyArray(m.frame.activation) : undefined
}

/** `mx.add(a, b)`. */
const ofTwo =
  (result: DTypeOf, check?: Check): Operation =>
  (c, array, args) => {
    const other = argument(c, args, 0, 'b')
    const library = libraryCalled(c.name) ?? (other && whose(array, other))
    return (other && pairwise(c, c, array, other, result, library, check)) ?? lost(c)
  }

/** A number is an array like any other here: it does not take its dtype from the one beside it. */
const logical: Operation = (c, array, args) =>
  ofTwo(bool)(
    c,
    array,
    args.map(v => (v.kind === 'const' ? (asArray(c, v) ?? v) : v)),
  )

/** Bitwise functions and shifts, which take whole numbers alone. */
const bitwise = (op: string): Operation =>
  ofTwo(op.endsWith('shift') ? shifted : same, (_, a, b) => refusedBits(a, b, op))

/** Shifts and bitwise operators take whole numbers only. */
export function refuseFloats(site: Site, array: ArrayValue, name: string): void {
  const bad = array.variants.find(v => v.dtype !== undefined && isFloat(v.dtype))
  if (bad && array.variants.every(v => v.dtype !== undefined && isFloat(v.dtype)))
    refuse(
      site,
      new Refused(`an array of ${bad.dtype}`, 'whole numbers', `Floating point types not allowed with ${name}.`),
      [bad],
      array.library,
    )
}

/** Each element by itself. */
export const ofOne =
  (result: DTypeOf, op = ''): Operation =>
  (c, array) =>
    change(c, array, v => {
      const bad = array.library === 'mlx' ? refusedDType(v.dtype, op) : undefined
      return bad ?? { readings: v.readings, shape: v.shape, dtype: result(v.dtype), heads: v.heads }
    })

/** Axes of a reduction: undefined are all; null where they are not known. */
function axesOf(c: LibraryCall, args: readonly Value[], position = 0): readonly number[] | undefined | null {
  const given = argument(c, args, position, 'axis')
  if (isNone(given)) return undefined
  return numbers(c, given) ?? null
}

/** The axis is at a place behind the array, and whether it is kept behind that. */
const reduction =
  (op: string, result: DTypeOf, place = 0): Operation =>
  (c, array, args) => {
    const [axes, keep] = [axesOf(c, args, place), flag(c, argument(c, args, place + 1, 'keepdims'), false)]
    if (axes === null || keep === undefined) return lost(c)
    return change(c, array, v => {
      const shape = reduce(v.shape, axes, keep, op)
      const isNothing = (axes ?? v.shape)?.length === 0 && (op === 'sum' || op === 'prod')
      return shape instanceof Refused
        ? shape
        : { readings: v.readings, shape, dtype: isNothing ? v.dtype : result(v.dtype) }
    })
  }

/** `linalg.norm(a, ord, axis, keepdims)`. */
export const norm: Operation = (c, array, args) =>
  reduction('norm', c.name.startsWith('numpy.') ? wide : asFloat, 1)(c, array, args)

/** NumPy computes with whole numbers in double precision. */
const wide: DTypeOf = d => (d === undefined || isFloat(d) ? d : 'F64')

/** Keeps the shape but works along an axis, the last unless it is said; without an axis some flatten. */
const alongAxis =
  (op: string, result: DTypeOf, otherwise: number | 'flat' | 'all' = -1): Operation =>
  (c, array, args) => {
    const given = argument(c, args, 0, 'axis')
    const axes =
      given === undefined
        ? typeof otherwise === 'string'
          ? undefined
          : [otherwise]
        : isNone(given)
          ? undefined
          : numbers(c, given)
    if (!isNone(given) && !axes) return lost(c)
    return change(c, array, v => {
      const shape = axes
        ? along(v.shape, axes, op)
        : op === 'softmax'
          ? v.shape
          : v.shape && [v.shape.reduce((n, d) => (n === undefined || d === undefined ? undefined : n * d), 1)]
      const dtype = op === 'softmax' ? softmaxDType(v.shape, axes, v.dtype) : result(v.dtype)
      return shape instanceof Refused
        ? shape
        : { readings: v.readings, shape, dtype, heads: axes ? v.heads : undefined }
    })
  }

const topmost =
  (op: 'topk' | 'partition' | 'argpartition', result: DTypeOf): Operation =>
  (c, array, args) => {
    const [k, given] = [numberOf(argument(c, args, 0, 'k', 'kth')), argument(c, args, 1, 'axis')]
    const axis = given === undefined ? -1 : numberOf(given)
    return change(c, array, v => {
      const shape =
        k === undefined || axis === undefined
          ? op === 'topk'
            ? v.shape?.map(() => undefined)
            : v.shape
          : top(v.shape, k, axis, op)
      return shape instanceof Refused ? shape : { readings: v.readings, shape, dtype: result(v.dtype) }
    })
  }

const taken: Operation = (c, array, args) => {
  const [indices, given] = [argument(c, args, 0, 'indices'), argument(c, args, 1, 'axis')]
  const at = asArray(c, indices)
  const axis = numberOf(given)
  if (!at || (!isNone(given) && axis === undefined)) return lost(c)
  return operate(
    c,
    [array, at],
    ([v, i]) => {
      const isMlx = array.library === 'mlx'
      const shape =
        isMlx && indices && isNumber(indices)
          ? takeOne(v?.shape, indices.value, axis)
          : take(v?.shape, i?.shape, axis, isMlx ? i?.dtype : undefined)
      return shape instanceof Refused
        ? shape
        : { shape, dtype: v?.dtype, stored: v?.stored && { ...v.stored, ops: undefined } }
    },
    array.library,
  )
}

const takenAlong: Operation = (c, array, args) => {
  const at = asArray(c, argument(c, args, 0, 'indices'))
  const axis = numberOf(argument(c, args, 1, 'axis'))
  if (!at || axis === undefined) return lost(c)
  return operate(
    c,
    [array, at],
    ([v, i]) => {
      const shape = takeAlong(v?.shape, i?.shape, axis)
      // The older MLX of Node does not look at the axis.
      if (shape instanceof Refused && shape.error === 'IndexError' && libraryCalled(c.name) === 'frost')
        return { shape: undefined, dtype: v?.dtype }
      return shape instanceof Refused ? shape : { shape, dtype: v?.dtype }
    },
    array.library,
  )
}

/** `where(condition, a, b)`. */
const where: Operation = (c, condition, args) => {
  const [a, b] = [argument(c, args, 0, 'x'), argument(c, args, 1, 'y')]
  const [x, y] = [a && operand(c, c, a), b && operand(c, c, b)]
  if (!a || !b || !x || !y) return lost(c)
  return operate(
    c,
    [condition, x, y],
    ([u, v, w]) => {
      const large = libraryCalled(c.name) === 'mlx' ? (tooLarge(b, v?.dtype) ?? tooLarge(a, w?.dtype)) : undefined
      if (large) return large
      const first = broadcast(u?.shape, v?.shape)
      const shape = first instanceof Refused ? first : broadcast(first, w?.shape)
      if (shape instanceof Refused) return shape
      // A number is an array of floats to the binding for Node.
      const isFrost = libraryCalled(c.name) === 'frost'
      const own = (value: Value, dtype: string | undefined) => (isFrost && isNumber(value) ? 'F32' : dtype)
      return {
        shape,
        dtype: isFrost ? promote(own(a, v?.dtype), own(b, w?.dtype)) : together(c, a, b, v?.dtype, w?.dtype),
      }
    },
    libraryCalled(c.name) ?? condition.library,
  )
}

const clip: Operation = (c, array, args) => {
  const bounds = [argument(c, args, 0, 'a_min', 'min'), argument(c, args, 1, 'a_max', 'max')].filter(
    v => v && !isNone(v),
  )
  if (bounds.length === 0 && array.library === 'mlx')
    refuse(c, new Refused('no bound', 'one at least', 'At most one of a_min and a_max may be None'), [], array.library)
  const dtypes = new Set(array.variants.map(v => v.dtype))
  const [dtype] = dtypes
  const large =
    array.library === 'mlx' && dtypes.size === 1 ? bounds.map(b => b && tooLarge(b, dtype)).find(b => b) : null
  if (large) refuse(c, large, [], array.library)
  return bounds.reduce<Value>(
    (made, bound) => (bound && made.kind === 'array' && pairwise(c, c, made, bound, same, array.library)) || lost(c),
    array,
  )
}

/** Upper and lower triangles want a matrix. */
const triangle =
  (op: string): Operation =>
  (c, array) =>
    change(c, array, v =>
      v.shape && v.shape.length < 2
        ? new Refused(`${v.shape.length} dimension`, 'at least 2', `[${op}] array must be at least 2-D`)
        : { readings: v.readings, shape: v.shape, dtype: v.dtype },
    )

const plain = (v: ArrayVariant): ArrayVariant => ({ readings: v.readings, shape: v.shape, dtype: v.dtype })

const floats =
  'exp expm1 log log1p log2 log10 sqrt rsqrt sin cos tan arcsin arccos arctan sinh cosh tanh sigmoid erf erfinv reciprocal'
const sameKind = 'negative sign square floor ceil round conj stop_gradient nan_to_num roll flip copy'
const tests = 'isnan isinf isfinite isneginf isposinf logical_not'
const two = 'add subtract multiply maximum minimum remainder mod power floor_divide'
const compared = 'equal not_equal less less_equal greater greater_equal isclose'

const each = (names: string, operation: (op: string) => Operation) =>
  names.split(' ').map(name => [name, operation(name)] as const)

/** Functions of an array, by name. */
export const computing: Readonly<Record<string, Operation>> = Object.fromEntries([
  ...each(floats, op => ofOne(asFloat, op)),
  ...each(sameKind, op => ofOne(same, op)),
  ...each('abs absolute real', () => ofOne(magnitude)),
  ...each(tests, () => ofOne(bool)),
  ...each(two, op => ofTwo(same, meet => refusedDType(meet, op))),
  ...each('divide true_divide logaddexp arctan2', () => ofTwo(asFloat)),
  ...each(compared, () => ofTwo(bool)),
  ...each('logical_and logical_or', () => logical),
  ...each('bitwise_and bitwise_or bitwise_xor left_shift right_shift', bitwise),
  ...each('sum prod', op => (c, array, args) => reduction(op, c.javascript ? counted : summedDType)(c, array, args)),
  ...each('max min', op => reduction(op, same)),
  ...each('mean logsumexp', op => reduction(op, asFloat)),
  ...each('var std', op => reduction(op, real)),
  ...each('all any', op => reduction(op, bool)),
  ...each('argmax argmin', op => (c, array, args) => reduction(op, index(c, array))(c, array, args)),
  ['softmax', alongAxis('softmax', asFloat, 'all')],
  ['cumsum', alongAxis('cumsum', counted, 'flat')],
  ...each('cumprod cummax cummin logcumsumexp', op => alongAxis(op, same, 'flat')),
  ['sort', alongAxis('sort', same)],
  ['argsort', (c, array, args) => alongAxis('argsort', index(c, array))(c, array, args)],
  ['topk', topmost('topk', same)],
  ['partition', topmost('partition', same)],
  ['argpartition', (c, array, args) => topmost('argpartition', index(c, array))(c, array, args)],
  ['take', taken],
  ['take_along_axis', takenAlong],
  ['put_along_axis', (c, array) => change(c, array, plain)],
  ['where', where],
  ['clip', clip],
  ['tril', triangle('tril')],
  ['triu', triangle('triu')],
])

export const isWhole = (dtype: string | undefined): boolean => dtype !== undefined && isInteger(dtype)
