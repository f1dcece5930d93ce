// Reads the arguments of array operations: axes, sizes, dtypes, numbers, arrays and what stands for one.

import { anyArray, shaped } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { dtypeNames } from '../shapes/dtypes'
import type { Dim, Dims } from '../shapes/shape'
import { type ArrayLibrary, type ArrayValue, type ConfigPlace, isNumber, truth, type Value } from '../values/value'

/** What an operation does to an array; `args` are the positional ones behind it. */
export type Operation = (c: LibraryCall, array: ArrayValue, args: readonly Value[]) => Value

/** A table without the names that a library does not have. */
export const without = <T>(table: Readonly<Record<string, T>>, lacking: string): Readonly<Record<string, T>> => {
  const names = new Set(lacking.split(' '))
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.has(name)))
}

/** An argument behind the array, by keyword or by position. */
export function argument(c: LibraryCall, args: readonly Value[], position: number, ...keywords: string[]) {
  for (const keyword of keywords) {
    const named = c.args.keywords.get(keyword)
    if (named) return named.value
  }
  return args[position]
}

export const lost = (c: LibraryCall): Value => anyArray(c.m.frame.activation)

/** Of mlx.core, of the binding for Node, of NumPy: by the name that is called. */
export function libraryCalled(name: string): ArrayLibrary | undefined {
  if (name.startsWith('mlx.')) return 'mlx'
  if (name.startsWith('frost.')) return 'frost'
  if (name.startsWith('numpy.')) return 'numpy'
  return name.startsWith('torch.') ? 'torch' : undefined
}

export const isNone = (v: Value | undefined): boolean => v === undefined || (v.kind === 'const' && v.value === null)

export const numberOf = (v: Value | undefined): number | undefined => (v && isNumber(v) ? v.value : undefined)

/** A flag: what stands there, the default, or undefined where it is not known. */
export const flag = (c: LibraryCall, v: Value | undefined, otherwise: boolean): boolean | undefined =>
  v === undefined ? otherwise : truth(v, c.javascript)

/** A size or an axis: the binding for Node cuts fractions off, and takes what is no number for nought. */
export const whole =
  (c: LibraryCall) =>
  (v: Value): number | undefined => {
    const n = numberOf(v)
    return n === undefined || !c.javascript || Number.isInteger(n) ? n : Math.trunc(n) || 0
  }

/** Whole numbers given as one or as a list; undefined where one is not known. */
export function numbers(c: LibraryCall, v: Value | undefined): readonly number[] | undefined {
  if (!v) return undefined
  if (isNumber(v)) return [v.value]
  const found = v.kind === 'list' ? itemsOf(c.m, v)?.map(whole(c)) : undefined
  return found?.every(n => n !== undefined) ? (found as number[]) : undefined
}

/** Axes or sizes given one by one or as one list; undefined where one is not known. */
export function numbersOf(c: LibraryCall, args: readonly Value[]): readonly number[] | undefined {
  const only = args.length === 1 ? args[0] : undefined
  const values = only?.kind === 'list' ? itemsOf(c.m, only) : args
  const found = values?.map(whole(c))
  return found?.every(n => n !== undefined) ? (found as number[]) : undefined
}

/** Sizes, of which some may not be known; undefined where not even their number is. */
export function sizes(c: LibraryCall, v: Value | undefined): Dims {
  if (!v) return undefined
  if (isNumber(v)) return [v.value]
  return v.kind === 'list' ? itemsOf(c.m, v)?.map(whole(c)) : undefined
}

/** A dtype's name as safetensors writes it; undefined where it is not known. */
export function dtypeOf(v: Value | undefined): string | undefined {
  if (v?.kind !== 'library') return undefined
  const name = v.name.replace(/^.*\./, '')
  return v.name.startsWith('dtype.') ? name : dtypeNames[name]
}

const textOfConfig = ({ file, offset, length }: ConfigPlace): string => file.text.slice(offset, offset + length)

/** Whether a number is a Python float: 1.0 and 1 are alike to the interpreter, so the text tells. */
export function isFraction(v: Value): boolean | undefined {
  if (!isNumber(v)) return undefined
  if (v.isFloat === true || !Number.isInteger(v.value)) return true
  if (v.literal || v.isFloat === false) return false
  return v.config && /[.eE]/.test(textOfConfig(v.config))
}

/** Something used as an array: an array, a number, a list of numbers; an unknown is an array of which nothing is known. */
export function asArray(c: LibraryCall, v: Value | undefined): ArrayValue | undefined {
  if (!v) return undefined
  if (v.kind === 'array') return v
  const { activation } = c.m.frame
  if (v.kind === 'const' && (typeof v.value === 'number' || typeof v.value === 'boolean'))
    return shaped([], activation, typeof v.value === 'boolean' ? 'BOOL' : undefined)
  if (v.kind === 'list') {
    const shape = nestedShape(c, v)
    return shape ? shaped(shape, activation) : anyArray(activation)
  }
  if (v.kind === 'unknown' && v.isNumber) return shaped([], activation)
  return v.kind === 'unknown' ? anyArray(activation) : undefined
}

/** The shape of a nested list; undefined where it is not known. */
export function nestedShape(c: LibraryCall, v: Value): Dims {
  if (v.kind === 'const') return typeof v.value === 'number' || typeof v.value === 'boolean' ? [] : undefined
  if (v.kind === 'unknown' && v.isNumber) return []
  if (v.kind === 'array') return v.variants.length === 1 ? v.variants[0]?.shape : undefined
  const items = v.kind === 'list' ? itemsOf(c.m, v) : undefined
  const first = items?.[0]
  if (!items) return undefined
  if (!first) return [0]
  const inner: readonly Dim[] | undefined = nestedShape(c, first)
  return inner && [items.length, ...inner]
}
