// Operations that put arrays together or take them apart: the shapes of experts stacked, of projections fused, of halves.
// What comes out keeps the name of its first part, so that a finding can say whose it is.

import { anyArray, sliceAxis } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { libraryOf, operate, refuse } from '../run/operate'
import { promote } from '../shapes/dtypes'
import * as rearrange from '../shapes/rearrange'
import { Refused, type ShapeResult } from '../shapes/shape'
import { type ArrayLibrary, type ArrayValue, type ArrayVariant, list, type Value } from '../values/value'
import { asArray, isNone, libraryCalled, lost, numberOf, numbers } from './arguments'
import type { LibraryModel } from './index'

const open = (): Value => list([], 'list', true)

const libraryFor = (c: LibraryCall, parts: readonly ArrayValue[]): ArrayLibrary | undefined =>
  libraryCalled(c.name) ?? libraryOf(parts)

function partsOf(c: LibraryCall): readonly ArrayValue[] | undefined {
  const given = c.get(0, 'arrays')
  const items = given && itemsOf(c.m, given)
  const parts = items?.map(item => asArray(c, item))
  if (!parts || !parts.every(p => p !== undefined)) return undefined
  return parts as readonly ArrayValue[]
}

/** The first part's tensor, no longer as its bytes are. */
const named = (v: ArrayVariant | undefined) => v?.stored && { ...v.stored, ops: undefined }
const commonRole = ([first, ...others]: readonly ArrayVariant[]) =>
  others.every(v => v.role === first?.role) ? first?.role : undefined
const common = (variants: readonly ArrayVariant[]) =>
  variants.map(v => v.dtype).reduce((a, b) => promote(a, b), variants[0]?.dtype)

/** Joins all parts by a function of their shapes and the axis. */
const joined =
  (join: (shapes: readonly ArrayVariant['shape'][], axis: number) => ShapeResult, op: string) =>
  (c: LibraryCall): Value => {
    const parts = partsOf(c)
    const given = c.get(1, 'axis')
    const axis = given === undefined ? 0 : numberOf(given)
    if (parts?.length === 0) {
      const what = op === 'stack' ? 'stacking' : 'concatenation'
      refuse(
        c,
        new Refused('no arrays', 'at least one', `[${op}] No arrays provided for ${what}`),
        [],
        libraryCalled(c.name),
      )
      return lost(c)
    }
    if (!parts || (axis === undefined && !isNone(given)))
      return { ...anyArray(c.m.frame.activation), library: libraryCalled(c.name) }
    return operate(
      c,
      parts,
      variants => {
        const shapes = variants.map(v => v.shape)
        // Without an axis the parts are flattened first.
        const shape =
          axis === undefined
            ? join(
                shapes.map(s => s && [product(s)]),
                0,
              )
            : join(shapes, axis)
        if (shape instanceof Refused) return shape
        return { shape, dtype: common(variants), stored: named(variants[0]), role: commonRole(variants) }
      },
      libraryFor(c, parts),
    )
  }

const product = (shape: readonly (number | undefined)[]) =>
  shape.reduce<number | undefined>((n, d) => (n === undefined || d === undefined ? undefined : n * d), 1)

export const concatenate = joined(rearrange.concatenate, 'concatenate')
export const stack = joined(rearrange.stack, 'stack')

/** `split(a, n)` and `split(a, [i, j])`. */
export function split(c: LibraryCall): Value {
  const method = c.self?.kind === 'array'
  const array = method ? c.self : c.get(0, 'a')
  const into = c.get(method ? 0 : 1, 'indices_or_sections')
  const axisGiven = c.get(method ? 1 : 2, 'axis')
  const axis = axisGiven === undefined ? 0 : numberOf(axisGiven)
  const number = numberOf(into)
  const parts = number ?? (into && numbers(c, into))
  if (array?.kind !== 'array' || axis === undefined) return open()
  const library = libraryCalled(c.name) ?? array.library
  // PyTorch counts the size of a part, not the parts.
  if (library === 'torch' || parts === undefined) return open()
  const found = array.variants.map(v => v.shape && rearrange.splitBounds(v.shape, parts, axis))
  const bad = found.find(f => f instanceof Refused)
  if (bad && found.every(f => f instanceof Refused)) {
    refuse(c, bad, array.variants.slice(0, 1), library)
    return open()
  }
  const first = found[0]
  const rank = array.variants[0]?.shape?.length
  const alike = (f: (typeof found)[number]) =>
    f && !(f instanceof Refused) && first && !(first instanceof Refused) && JSON.stringify(f) === JSON.stringify(first)
  if (!first || first instanceof Refused || rank === undefined || !found.every(alike)) {
    // How many parts there are is known where their bounds are not.
    const count = typeof parts === 'number' ? parts : parts.length + 1
    if (bad || count > 4096) return open()
    const part = { ...anyArray(c.m.frame.activation), library }
    return list(Array.from({ length: count }, () => part))
  }
  const at = axis < 0 ? axis + rank : axis
  return list(first.map(([from, to]) => ({ ...sliceAxis(array, at, from, to, c.at), library })))
}

/** The same functions of every library that has them. */
export const joiningFor = (library: string): LibraryModel['calls'] => ({
  [`${library}.concatenate`]: concatenate,
  [`${library}.stack`]: stack,
  [`${library}.split`]: split,
})
