// Arrays that a program makes itself: zeros, random numbers, literals. Only their shapes matter here.

import { anyArray, shaped } from '../arrays'
import type { LibraryCall } from '../calls'
import { itemsOf } from '../expressions'
import { isNumber, type Value } from '../value'

const dimension = (v: Value) => (isNumber(v) ? v.value : undefined)

function shapeOf(c: LibraryCall, v: Value | undefined): readonly (number | undefined)[] | undefined {
  if (v && isNumber(v)) return [v.value]
  const items = v?.kind === 'list' ? itemsOf(c.m, v) : undefined
  return items?.map(dimension)
}

/** A function whose shape is the argument at a position or under `shape`. */
export const ofShape =
  (position: number) =>
  (c: LibraryCall): Value => {
    const shape = shapeOf(c, c.get(position, 'shape'))
    return shape ? shaped(shape, c.m.frame.activation) : anyArray(c.m.frame.activation)
  }

/** `array([[1, 2], [3, 4]])`: the shape of a nested list. */
export function literal(c: LibraryCall): Value {
  const v = c.get(0)
  if (v?.kind === 'array') return { ...v, at: c.at }
  const shape = v && nestedShape(c, v)
  return shape ? shaped(shape, c.m.frame.activation) : anyArray(c.m.frame.activation)
}

function nestedShape(c: LibraryCall, v: Value): readonly (number | undefined)[] | undefined {
  if (v.kind === 'const') return []
  const items = v.kind === 'list' ? itemsOf(c.m, v) : undefined
  const first = items?.[0]
  if (!items || !first) return undefined
  const inner = nestedShape(c, first)
  return inner && [items.length, ...inner]
}

export function arange(c: LibraryCall): Value {
  const [a, b] = [c.get(0), c.get(1)]
  const known =
    a && isNumber(a)
      ? b
        ? isNumber(b) && !c.get(2)
          ? Math.ceil(b.value - a.value)
          : undefined
        : Math.ceil(a.value)
      : undefined
  return shaped([known], c.m.frame.activation)
}
