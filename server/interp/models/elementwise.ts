// Functions that compute with the elements: sums of two arrays, functions of one, reductions, sorting. The same table serves
// `mx.f(a, …)`, `a.f(…)` and NumPy; shapes come from shapes/, dtypes as MLX 0.32.4 gives them.

import { anyArray } from '../arrays'
import type { LibraryCall } from '../calls'
import { carried } from '../heads'
import { change, libraryOf, operate, refuse } from '../operate'
import { asFloat, isFloat, isInteger, promote, withScalar } from '../shapes/dtypes'
import { along, broadcast, reduce, take, takeAlong, top } from '../shapes/elementwise'
import { Refused } from '../shapes/shape'
import { type ArrayValue, type ArrayVariant, isNumber, type Value } from '../value'
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
import type { Site } from '../operate'

type DTypeOf = (dtype: string | undefined) => string | undefined

const same: DTypeOf = d => d
const bool: DTypeOf = () => 'BOOL'
const index: DTypeOf = () => 'U32'
/** Sums count in whole numbers. */
const summed: DTypeOf = d => (d === 'BOOL' ? 'I32' : d)

/** The dtype of an operation on two values, one of which may be a number. */
function together({ at }: Site, a: Value, b: Value, x: string | undefined, y: string | undefined) {
  // Every number of JavaScript is a float.
  const isFloat = at.program.language !== 'python'
  if (isNumber(b)) return scalar(x, b, isFloat)
  if (isNumber(a)) return scalar(y, a, isFloat)
  return promote(x, y)
}

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
): ArrayValue | undefined {
  const [x, y] = [operand(site, c, a), operand(site, c, b)]
  if (!x || !y) return undefined
  return operate(
    site,
    [x, y],
    ([v, w]) => {
      const shape = broadcast(v?.shape, w?.shape)
      if (shape instanceof Refused) return shape
      return carried({ shape, dtype: result(together(site, a, b, v?.dtype, w?.dtype)) }, [v, w])
    },
    library,
  )
}

/** Whose arrays come out of two values: an array with a number is the array's. */
function whose(a: Value, b: Value) {
  const arrays = [a, b].filter(v => v.kind === 'array')
  const known = [a, b].every(v => v.kind === 'array' || v.kind === 'const')
  return known ? libraryOf(arrays) : undefined
}

function operand({ m }: Site, c: LibraryCall | undefined, v: Value): ArrayValue | undefined {
  if (v.kind === 'array') return v
  if (c) return asArray(c, v)
  if (isNumber(v)) return { ...anyArray(m.frame.activation), variants: [{ assign: [], shape: [], dtype: undefined }] }
  return v.kind === 'unknown' ? anyArray(m.frame.activation) : undefined
}

/** `mx.add(a, b)`. */
const ofTwo =
  (result: DTypeOf): Operation =>
  (c, array, args) => {
    const other = argument(c, args, 0, 'b')
    return (other && pairwise(c, c, array, other, result, libraryCalled(c.name) ?? whose(array, other))) ?? lost(c)
  }

const bitwise =
  (name: string): Operation =>
  (c, array, args) => {
    const made = ofTwo(same)(c, array, args)
    refuseFloats(c, array, name)
    return made
  }

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
  (result: DTypeOf): Operation =>
  (c, array) =>
    change(c, array, v => ({ assign: v.assign, shape: v.shape, dtype: result(v.dtype), heads: v.heads }))

/** Axes of a reduction: undefined are all; null where they are not known. */
function axesOf(c: LibraryCall, args: readonly Value[], position = 0): readonly number[] | undefined | null {
  const given = argument(c, args, position, 'axis')
  if (isNone(given)) return undefined
  return numbers(c, given) ?? null
}

const reduction =
  (result: DTypeOf): Operation =>
  (c, array, args) => {
    const [axes, keep] = [axesOf(c, args), flag(c, argument(c, args, 1, 'keepdims'), false)]
    if (axes === null || keep === undefined) return lost(c)
    return change(c, array, v => {
      const shape = reduce(v.shape, axes, keep)
      return shape instanceof Refused ? shape : { assign: v.assign, shape, dtype: result(v.dtype) }
    })
  }

/** Keeps the shape but works along an axis, the last unless it is said; without an axis some flatten. */
const alongAxis =
  (op: string, result: DTypeOf, otherwise: number | 'flat' = -1): Operation =>
  (c, array, args) => {
    const given = argument(c, args, 0, 'axis')
    const axes =
      given === undefined
        ? otherwise === 'flat'
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
      return shape instanceof Refused
        ? shape
        : { assign: v.assign, shape, dtype: result(v.dtype), heads: axes ? v.heads : undefined }
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
      return shape instanceof Refused ? shape : { assign: v.assign, shape, dtype: result(v.dtype) }
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
      const shape = take(v?.shape, i?.shape, axis)
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
      return shape instanceof Refused ? shape : { shape, dtype: v?.dtype }
    },
    array.library,
  )
}

/** `where(condition, a, b)`. */
const where: Operation = (c, condition, args) => {
  const [a, b] = [argument(c, args, 0, 'x'), argument(c, args, 1, 'y')]
  const both = a && b && pairwise(c, c, a, b, same, libraryCalled(c.name))
  if (!both) return lost(c)
  return operate(
    c,
    [condition, both],
    ([v, w]) => {
      const shape = broadcast(v?.shape, w?.shape)
      return shape instanceof Refused ? shape : { shape, dtype: w?.dtype }
    },
    libraryCalled(c.name) ?? condition.library,
  )
}

const clip: Operation = (c, array, args) => {
  const bounds = [argument(c, args, 0, 'a_min', 'min'), argument(c, args, 1, 'a_max', 'max')].filter(
    v => v && !isNone(v),
  )
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
        : { assign: v.assign, shape: v.shape, dtype: v.dtype },
    )

const plain = (v: ArrayVariant): ArrayVariant => ({ assign: v.assign, shape: v.shape, dtype: v.dtype })

const floats =
  'exp expm1 log log1p log2 log10 sqrt rsqrt sin cos tan arcsin arccos arctan sinh cosh tanh sigmoid erf erfinv reciprocal'
const sameKind = 'abs absolute negative sign square floor ceil round real conj stop_gradient nan_to_num roll flip copy'
const tests = 'isnan isinf isfinite isneginf isposinf logical_not'
const two = 'add subtract multiply maximum minimum remainder mod power floor_divide'
const compared = 'equal not_equal less less_equal greater greater_equal logical_and logical_or isclose'

const each = (names: string, operation: Operation) => names.split(' ').map(name => [name, operation] as const)

/** Functions of an array, by name. */
export const computing: Readonly<Record<string, Operation>> = Object.fromEntries([
  ...each(floats, ofOne(asFloat)),
  ...each(sameKind, ofOne(same)),
  ...each(tests, ofOne(bool)),
  ...each(two, ofTwo(same)),
  ...each('divide true_divide logaddexp arctan2', ofTwo(asFloat)),
  ...each(compared, ofTwo(bool)),
  ...['bitwise_and', 'bitwise_or', 'bitwise_xor'].map(n => [n, bitwise(n.replace('_', ' '))] as const),
  ['left_shift', bitwise('left shift')],
  ['right_shift', bitwise('right shift')],
  ...each('sum prod', reduction(summed)),
  ...each('max min', reduction(same)),
  ...each('mean var std logsumexp', reduction(asFloat)),
  ...each('all any', reduction(bool)),
  ...each('argmax argmin', reduction(index)),
  ['softmax', alongAxis('softmax', asFloat)],
  ...['cumsum', 'cumprod', 'cummax', 'cummin', 'logcumsumexp'].map(n => [n, alongAxis(n, summed, 'flat')] as const),
  ['sort', alongAxis('sort', same)],
  ['argsort', alongAxis('argsort', index)],
  ['topk', topmost('topk', same)],
  ['partition', topmost('partition', same)],
  ['argpartition', topmost('argpartition', index)],
  ['take', taken],
  ['take_along_axis', takenAlong],
  ['put_along_axis', (c, array) => change(c, array, plain)],
  ['where', where],
  ['clip', clip],
  ['tril', triangle('tril')],
  ['triu', triangle('triu')],
])

export const isWhole = (dtype: string | undefined): boolean => dtype !== undefined && isInteger(dtype)
