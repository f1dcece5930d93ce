// Numbers taken out of arrays: `array.item()`, `int(array)`, `float(array)`. Source: mlx/python/src/convert.cpp, 0.32.4.

import type { LibraryCall } from '../run/libraryCall'
import { someNumber, unknown } from '../run/machine'
import { operate } from '../run/operate'
import { isKnown, product, Refused } from '../shapes/shape'
import { noteTaken } from '../stored/takes'
import { type ArrayLibrary, type ArrayValue, list, type Value } from '../values/value'
import type { LibraryModel } from './index'

/** What MLX says of an array that holds more or less than one, and the older one of Node. */
const refused: Readonly<Partial<Record<ArrayLibrary, string>>> = {
  mlx: '[convert] Only length-1 arrays can be converted to Python scalars.',
  frost: 'item can only be called on arrays of size 1.',
}

/** The number in an array, which must hold one. */
export function numberIn(c: LibraryCall, array: ArrayValue): Value {
  const text = array.library && refused[array.library]
  if (text !== undefined)
    operate(
      c,
      [array],
      ([v]) => {
        const size = product(v?.shape)
        return size === undefined || size === 1
          ? { shape: [], dtype: v?.dtype }
          : new Refused(`an array of ${size} elements`, 'one element', text)
      },
      array.library,
    )
  return someNumber(c.m, 'the number in an array')
}

/** More numbers than this are not told one by one. */
const mostNumbers = 4_096

/** Lists in lists, with a number that is not known at every end. */
const nested = (c: LibraryCall, [size, ...inner]: readonly number[]): Value =>
  size === undefined
    ? someNumber(c.m, 'a number in an array')
    : list(Array.from({ length: size }, () => nested(c, inner)))

export const scalars: LibraryModel = {
  calls: {
    'array.tolist': c => {
      const array = c.self?.kind === 'array' ? c.self : undefined
      const shape = array?.variants[0]?.shape
      if (array) noteTaken(c.m, array.variants)
      if (!isKnown(shape) || (product(shape) ?? mostNumbers) >= mostNumbers) return unknown(c.m, c.name)
      return array?.variants.length === 1 ? nested(c, shape) : unknown(c.m, c.name)
    },
    'array.item': c => (c.self?.kind === 'array' ? numberIn(c, c.self) : someNumber(c.m, c.name)),
  },
}
