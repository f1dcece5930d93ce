// Arrays that a program makes itself: zeros, random numbers, literals. Only their shapes and dtypes matter here.

import { anyArray, shaped } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { refuse } from '../run/operate'
import { dtypeOfScalar } from '../shapes/dtypes'
import { overflow } from '../shapes/elementwise'
import { Refused } from '../shapes/shape'
import { type ArrayValue, isNumber, type Value } from '../values/value'
import { dtypeOf, isFraction, isNone, libraryCalled, nestedShape, numberOf, sizes } from './arguments'

const made = (c: LibraryCall, shape: readonly (number | undefined)[] | undefined, dtype: string | undefined) =>
  shaped(shape, c.m.frame.activation, dtype, libraryCalled(c.name))

/** NumPy's numbers are twice as wide. */
const own = (c: LibraryCall, kind: string | undefined) =>
  !c.name.startsWith('numpy.') ? kind : kind === 'F32' ? 'F64' : kind === 'I32' ? 'I64' : kind

/** The dtype that an argument names, the default where there is none. */
const dtypeGiven = (c: LibraryCall, position: number, otherwise: string | undefined) => {
  const given = c.get(position, 'dtype')
  return isNone(given) ? otherwise : dtypeOf(given)
}

/** A function whose shape is the argument at a position or under `shape`, and whose dtype is at another. */
export const ofShape =
  (position: number, dtypeAt = -1, otherwise: string | undefined = 'F32') =>
  (c: LibraryCall): Value => {
    const given = c.get(position, 'shape')
    const items = given?.kind === 'list' ? itemsOf(c.m, given) : given ? [given] : undefined
    const fraction = items?.find(isFraction)
    if (fraction && isNumber(fraction) && !c.javascript)
      refuse(
        c,
        new Refused(`size ${fraction.value} is a float`, 'whole numbers', 'std::bad_cast', 'RuntimeError'),
        [],
        libraryCalled(c.name),
      )
    const dtype = dtypeGiven(c, dtypeAt, c.name.startsWith('numpy.') && otherwise === 'F32' ? 'F64' : otherwise)
    if (given === undefined && !c.args.open) return made(c, [], dtype)
    return made(c, sizes(c, given), dtype)
  }

/** `full(shape, value, dtype)`. */
export function full(c: LibraryCall): Value {
  const value = c.get(1, 'vals', 'fill_value')
  const fraction = value && (c.javascript && isNumber(value) ? true : isFraction(value))
  const given = c.get(2, 'dtype')
  const wanted = isNone(given) ? undefined : dtypeOf(given)
  const isKnown = isNone(given) || wanted !== undefined
  const [only] = value?.kind === 'array' && value.variants.length === 1 ? value.variants : []
  let dtype: string | undefined
  if (value?.kind === 'array') dtype = only?.dtype
  else if (c.name.startsWith('numpy.') && wanted !== undefined) dtype = wanted
  else if (isKnown && value?.kind === 'const' && typeof value.value === 'boolean')
    dtype = dtypeOfScalar(value.value, false, wanted)
  else if (isKnown && value && isNumber(value) && fraction !== undefined)
    dtype = dtypeOfScalar(value.value, fraction, wanted)
  const large =
    wanted !== undefined && value && isNumber(value) && fraction === false ? overflow(wanted, value.value) : undefined
  if (large && c.name.startsWith('mlx.')) refuse(c, large, [], 'mlx')
  return made(c, sizes(c, c.get(0, 'shape')), wanted === undefined && value?.kind !== 'array' ? own(c, dtype) : dtype)
}

/** `zeros_like(a)`. */
export function like(c: LibraryCall): Value {
  const array = c.get(0, 'a')
  if (array?.kind !== 'array') return made(c, undefined, undefined)
  const dtype = dtypeGiven(c, -1, undefined)
  const variants = array.variants.map(v => ({ readings: v.readings, shape: v.shape, dtype: dtype ?? v.dtype }))
  return { ...anyArray(c.m.frame.activation), library: libraryCalled(c.name), variants }
}

/** `array([[1, 2], [3, 4]])`: the shape of a nested list; an array of another library becomes one of this. */
export function literal(c: LibraryCall): Value {
  const v = c.get(0, 'val', 'object')
  const dtype = dtypeGiven(c, 1, undefined)
  const library = libraryCalled(c.name)
  if (v?.kind === 'array') {
    const kept: ArrayValue = { ...v, at: c.at, library }
    return dtype ? { ...kept, variants: kept.variants.map(x => ({ ...x, dtype })) } : kept
  }
  const shape = v && nestedShape(c, v)
  if (v?.kind === 'list' && isRagged(c, v)) {
    refuse(
      c,
      new Refused('rows of different lengths', 'one length', 'Initialization encountered non-uniform length.'),
      [],
      library,
    )
    return made(c, undefined, dtype)
  }
  return made(c, shape, dtype ?? own(c, v && kindOf(c, v)))
}

function isRagged(c: LibraryCall, v: Value): boolean {
  const items = v.kind === 'list' ? itemsOf(c.m, v) : undefined
  const lengths = items?.map(i => (i.kind === 'list' && !i.open ? i.items.length : undefined))
  return lengths !== undefined && lengths.every(n => n !== undefined) && new Set(lengths).size > 1
}

/** MLX makes floats of a list with a float, int32 of whole numbers. */
function kindOf(c: LibraryCall, v: Value): string | undefined {
  if (isNumber(v)) {
    // Every number of JavaScript is a float.
    const fraction = c.javascript ? true : isFraction(v)
    return fraction === undefined ? undefined : fraction ? 'F32' : 'I32'
  }
  if (v.kind === 'const' && typeof v.value === 'boolean') return 'BOOL'
  if (v.kind === 'array') return v.variants.length === 1 ? v.variants[0]?.dtype : undefined
  const kinds = v.kind === 'list' ? itemsOf(c.m, v)?.map(item => kindOf(c, item)) : undefined
  if (kinds?.length === 0) return 'F32'
  if (!kinds || kinds.includes(undefined)) return undefined
  return kinds.includes('F32') ? 'F32' : kinds.every(k => k === kinds[0]) ? kinds[0] : undefined
}

export function arange(c: LibraryCall): Value {
  const given = [c.get(0, 'start', 'stop'), c.get(1, 'stop'), c.get(2, 'step')]
  const [a, b, step] = given.map(numberOf)
  const [from, to] = given[1] === undefined ? [0, a] : [a, b]
  const by = given[2] === undefined ? 1 : step
  const count =
    from === undefined || to === undefined || !by ? undefined : Math.max(0, Math.ceil((to - from) / by - 1e-9))
  const fractions = given.filter(v => v !== undefined).map(isFraction)
  const kind = c.javascript || fractions.includes(true) ? 'F32' : fractions.includes(undefined) ? undefined : 'I32'
  const dtype = dtypeGiven(c, 3, own(c, kind))
  if (dtype === 'BOOL' && c.name.startsWith('mlx.'))
    refuse(c, new Refused('a range of flags', 'numbers', 'bool not supported for arange.'), [], 'mlx')
  return made(c, [count], dtype)
}

export function linspace(c: LibraryCall): Value {
  const count = c.get(2, 'num')
  return made(c, [count === undefined ? 50 : numberOf(count)], dtypeGiven(c, 3, own(c, 'F32')))
}

/** `eye(n, m)` and `identity(n)`. */
export function eye(c: LibraryCall): Value {
  const [n, m] = [numberOf(c.get(0, 'n')), c.get(1, 'm')]
  return made(
    c,
    [n, m === undefined || isNone(m) || c.name.endsWith('identity') ? n : numberOf(m)],
    dtypeGiven(c, -1, 'F32'),
  )
}
