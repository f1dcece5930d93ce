// Numbers taken out of arrays: `array.item()`, `int(array)`, `float(array)`. Source: mlx/python/src/convert.cpp, 0.32.4.

import type { LibraryCall } from '../calls'
import { someNumber } from '../machine'
import { operate } from '../operate'
import { product, Refused } from '../shapes/shape'
import type { ArrayValue, Value } from '../value'
import type { LibraryModel } from './index'

/** The number in an array of MLX, which must hold one. */
export function numberIn(c: LibraryCall, array: ArrayValue): Value {
  if (array.library === 'mlx')
    operate(
      c,
      [array],
      ([v]) => {
        const size = product(v?.shape)
        return size === undefined || size === 1
          ? { shape: [], dtype: v?.dtype }
          : new Refused(
              `an array of ${size} elements`,
              'one element',
              '[convert] Only length-1 arrays can be converted to Python scalars.',
            )
      },
      'mlx',
    )
  return someNumber(c.m, 'the number in an array')
}

export const scalars: LibraryModel = {
  calls: {
    'array.item': c => (c.self?.kind === 'array' ? numberIn(c, c.self) : someNumber(c.m, c.name)),
  },
}
