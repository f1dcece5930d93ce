// Operations that put arrays together or take them apart: the shapes of experts stacked, of projections fused, of halves.
// What comes out keeps the name of its first part, so that a finding can say whose it is.

import { anyArray, combine, sliceAxis } from '../arrays'
import type { LibraryCall } from '../calls'
import { itemsOf } from '../expressions'
import { type ArrayValue, type ArrayVariant, isNumber, list, type Value } from '../value'

const lost = (c: LibraryCall): Value => anyArray(c.m.frame.activation)

function partsAndAxis(c: LibraryCall, otherwise: number): { parts: readonly ArrayValue[]; axis: number } | undefined {
  const given = c.get(0)
  const items = given && itemsOf(c.m, given)
  const axis = c.get(1, 'axis')
  if (!items || items.length === 0 || !items.every((i): i is ArrayValue => i.kind === 'array')) return undefined
  if (axis && !isNumber(axis)) return undefined
  return { parts: items, axis: axis && isNumber(axis) ? axis.value : otherwise }
}

/** The first part's tensor, no longer as its bytes are. */
const named = (v: ArrayVariant | undefined) => v?.stored && { ...v.stored, ops: undefined }
const common = (variants: readonly ArrayVariant[]) =>
  variants.every(v => v.dtype === variants[0]?.dtype) ? variants[0]?.dtype : undefined

export function concatenate(c: LibraryCall): Value {
  const given = partsAndAxis(c, 0)
  if (!given) return lost(c)
  return combine(
    given.parts,
    c.m.frame.activation,
    variants => {
      const first = variants[0]?.shape
      const at = first && (given.axis < 0 ? given.axis + first.length : given.axis)
      const sizes = variants.map(v => (at === undefined ? undefined : v.shape?.[at]))
      const total = sizes.every(s => s !== undefined) ? sizes.reduce<number>((a, s) => a + (s ?? 0), 0) : undefined
      return {
        assign: [],
        shape: first?.map((d, i) => (i === at ? total : d)),
        dtype: common(variants),
        stored: named(variants[0]),
      }
    },
    c.at,
  )
}

export function stack(c: LibraryCall): Value {
  const given = partsAndAxis(c, 0)
  if (!given) return lost(c)
  return combine(
    given.parts,
    c.m.frame.activation,
    variants => {
      const first = variants[0]?.shape
      const at = first && (given.axis < 0 ? given.axis + first.length + 1 : given.axis)
      const shape = first && at !== undefined ? [...first.slice(0, at), variants.length, ...first.slice(at)] : undefined
      return { assign: [], shape, dtype: common(variants), stored: named(variants[0]) }
    },
    c.at,
  )
}

/** `split(a, n)` and `split(a, [i, j])`. */
export function split(c: LibraryCall): Value {
  const method = c.self?.kind === 'array'
  const array = method ? c.self : c.get(0)
  const into = c.get(method ? 0 : 1, 'indices_or_sections')
  const axisValue = c.get(method ? 1 : 2, 'axis')
  if (array?.kind !== 'array' || (axisValue && !isNumber(axisValue))) return list([], 'list', true)
  const axisGiven = axisValue && isNumber(axisValue) ? axisValue.value : 0
  const first = array.variants[0]?.shape
  const axis = axisGiven < 0 && first ? axisGiven + first.length : axisGiven
  const size = first?.[axis]
  if (size === undefined || !array.variants.every(v => v.shape?.[axis] === size)) return list([], 'list', true)
  const bounds = boundsOf(c, into, size)
  return bounds ? list(bounds.map(([from, to]) => sliceAxis(array, axis, from, to, c.at))) : list([], 'list', true)
}

function boundsOf(
  c: LibraryCall,
  into: Value | undefined,
  size: number,
): readonly (readonly [number, number])[] | undefined {
  if (into && isNumber(into)) {
    const n = into.value
    if (!Number.isInteger(n) || n <= 0 || n > 4096 || size % n !== 0) return undefined
    return Array.from({ length: n }, (_, i) => [(i * size) / n, ((i + 1) * size) / n] as const)
  }
  const indexes = into && itemsOf(c.m, into)
  if (!indexes?.every(isNumber)) return undefined
  const edges = [0, ...indexes.map(i => i.value), size]
  return edges.slice(1).map((to, i) => [edges[i] ?? 0, to] as const)
}
