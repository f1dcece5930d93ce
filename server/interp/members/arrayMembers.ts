// What stands behind the dot of an array.

import { type DType, dtypeBits } from '../../checkpoint/dtype'
import { lastTurned, realPart, reversed } from '../arrays/arrays'
import { type Machine, unknown } from '../run/machine'
import { arrayAt } from '../models/arrayAt'
import { failPython } from '../run/refusals'
import { product } from '../shapes/shape'
import { type ArrayValue, type ArrayVariant, constant, library, list, type Place, type Value } from '../values/value'

/** Attributes of an array of MLX 0.32.4. */
const arrayMembers: ReadonlySet<string> = new Set(
  (
    'T abs all any argmax argmin astype at conj cos cummax cummin cumprod cumsum diag diagonal dtype exp flatten imag ' +
    'item itemsize log log10 log1p log2 logcumsumexp logsumexp mT max mean min moveaxis nbytes ndim prod real reciprocal ' +
    'reshape round rsqrt shape sin size split sqrt square squeeze std sum swapaxes tolist transpose var view'
  ).split(' '),
)

/** What `safe_open(…).get_slice(…)` gives is an array here, and has these besides. */
const sliceMembers = /^get_(shape|dtype)$/

/** Whether an array of MLX may have an attribute of this name. */
export const isArrayMember = (name: string): boolean =>
  name.startsWith('_') || arrayMembers.has(name) || sliceMembers.test(name)

/** An attribute, or a method that is bound to the array. */
export function arrayMember(m: Machine, object: ArrayValue, name: string, at: Place, javascript: boolean): Value {
  if (!javascript && object.library === 'mlx' && !isArrayMember(name)) {
    const text = `'array' object has no attribute '${name}'`
    failPython(m, at, 'AttributeError', `an array of MLX has no attribute ${name}`, undefined, text)
    return unknown(m, `attribute ${name} of an array`)
  }
  if (name === 'at' && object.library === 'mlx' && !javascript) return arrayAt(object)
  if (name === 'mT') return lastTurned(object, at)
  if ((name === 'real' || name === 'imag') && object.library !== 'torch') return realPart(object, at)
  if (name === 'T') return reversed(object, at)
  if (name === 'shape') return shapeOf(m, object.variants)
  if (name === 'ndim') {
    const rank = object.variants[0]?.shape?.length
    return rank !== undefined && object.variants.every(v => v.shape?.length === rank)
      ? constant(rank)
      : unknown(m, 'rank')
  }
  if (name === 'dtype') {
    const dtype = object.variants[0]?.dtype
    return dtype && object.variants.every(v => v.dtype === dtype) ? library(`dtype.${dtype}`) : unknown(m, 'dtype')
  }
  if (name === 'size' && object.library !== 'torch') return sizeOf(m, object.variants)
  if (name === 'nbytes') return same(m, object.variants, name, v => times(product(v.shape), bytesOf(v.dtype)))
  if (name === 'itemsize') return same(m, object.variants, name, v => bytesOf(v.dtype))
  return library(`array.${name}`, object)
}

function shapeOf(m: Machine, variants: readonly ArrayVariant[]): Value {
  const first = variants[0]?.shape
  if (!first || variants.some(v => v.shape?.length !== first.length)) return unknown(m, 'shape')
  const dims = first.map((d, i) =>
    d !== undefined && variants.every(v => v.shape?.[i] === d) ? constant(d) : unknown(m, 'a dimension'),
  )
  return list(dims, 'tuple')
}

/** The number of elements. */
const sizeOf = (m: Machine, variants: readonly ArrayVariant[]): Value =>
  same(m, variants, 'size', v => product(v.shape))

/** A number that is one for all readings. */
function same(
  m: Machine,
  variants: readonly ArrayVariant[],
  name: string,
  of: (v: ArrayVariant) => number | undefined,
): Value {
  const numbers = variants.map(of)
  const [first] = numbers
  return first !== undefined && numbers.every(n => n === first) ? constant(first) : unknown(m, name)
}

const bytesOf = (dtype: string | undefined): number | undefined =>
  dtype !== undefined && dtype in dtypeBits ? dtypeBits[dtype as DType] / 8 : undefined

const times = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a * b
