// Runs a shape function on arrays: once for every reading that they can have together. An operation that is refused in all
// of them fails; so does one in a long loop read in one turn that is refused for some number of its range.

import { anyArray, combine, mapVariants } from '../arrays/arrays'
import type { Machine } from './machine'
import { errorsOf, fail, storedOf } from './refusals'
import type { Readings } from '../values/readings'
import { Refused } from '../shapes/shape'
import { noteTaken } from '../stored/takes'
import type { ArrayLibrary, ArrayValue, ArrayVariant, Place } from '../values/value'

export type Made = Omit<ArrayVariant, 'readings'>

/** Who runs an operation, and where. */
export interface Site {
  readonly m: Machine
  readonly at: Place
}

/** Whether the readings are turns of long loops, every one of which happens. */
const isRanged = (m: Machine, { symbols }: Readings): boolean =>
  symbols.length > 0 && symbols.every(symbol => m.ranges.has(symbol))

/** Whose arrays come out; undefined where one of several is not known or they differ. */
export function libraryOf(arrays: readonly ArrayValue[]): ArrayLibrary | undefined {
  const first = arrays[0]?.library
  return arrays.every(a => a.library === first) ? first : undefined
}

/** The result of an operation; `library` where it is the library's own function that is called. */
export function operate(
  { m, at }: Site,
  arrays: readonly ArrayValue[],
  f: (variants: readonly ArrayVariant[]) => Made | Refused,
  library: ArrayLibrary | undefined = libraryOf(arrays),
): ArrayValue {
  for (const array of arrays) noteTaken(m, array.variants)
  const refused: { readonly why: Refused; readonly variants: readonly ArrayVariant[]; readonly readings: Readings }[] =
    []
  let rows = 0
  const made = combine(
    arrays,
    m.frame.activation,
    (variants, readings) => {
      rows++
      const one = f(variants)
      if (!(one instanceof Refused)) return one
      refused.push({ why: one, variants, readings })
      return { shape: undefined, dtype: undefined }
    },
    at,
  )
  const first = refused.length === rows ? refused[0] : refused.find(r => isRanged(m, r.readings))
  if (!first) return library ? { ...made, library } : made
  refuse({ m, at }, first.why, first.variants, library)
  return { ...anyArray(m.frame.activation), library }
}

/** Notes what a library refuses; only of libraries whose rules are known. */
export function refuse(
  { m, at }: Site,
  why: Refused,
  variants: readonly ArrayVariant[],
  library: ArrayLibrary | undefined,
): void {
  if (library === undefined || library === 'torch') return
  // The older MLX takes scales of whole numbers without a word.
  if (library === 'frost' && why.raises.includes('Only real floating types')) return
  fail(m, {
    at,
    kind: 'shape',
    found: why.found,
    expected: why.expected,
    raises: library === 'mlx' ? why.raises : library === 'frost' ? olderText(why.raises) : undefined,
    errors: errorsOf(why.error),
    tensors: storedOf(variants),
  })
}

/** What the MLX inside the binding for Node says, where it says the same as MLX 0.32.4 or nearly so; measured. */
function olderText(text: string): string | undefined {
  const plain = text.replace(/^\[broadcast_shapes\] /, '')
  const isSame =
    /^(item can only|Shapes \(|\[(linalg::norm|matmul|addmm|dequantize|quantized_matmul|reshape|gather|concatenate)\] )/.test(
      plain,
    )
  return isSame ? plain : undefined
}

/** The same for one array, which stays the array that it was: where it was loaded is not forgotten. */
export function change({ m, at }: Site, array: ArrayValue, f: (v: ArrayVariant) => ArrayVariant | Refused): ArrayValue {
  noteTaken(m, array.variants)
  const refused: { readonly why: Refused; readonly v: ArrayVariant }[] = []
  const made = mapVariants(
    array,
    v => {
      const one = f(v)
      if (!(one instanceof Refused)) return one
      refused.push({ why: one, v })
      return { readings: v.readings, shape: undefined, dtype: v.dtype }
    },
    at,
  )
  const first = refused.length === array.variants.length ? refused[0] : refused.find(r => isRanged(m, r.v.readings))
  if (first) refuse({ m, at }, first.why, [first.v], array.library)
  return made
}
