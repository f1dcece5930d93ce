// Products of arrays: what comes out, and a record of every product for the rules to judge.

import { anyArray, shapesOnly } from './arrays'
import { carried } from './heads'
import { type Machine } from '../run/machine'
import { libraryOf, operate, refuse } from '../run/operate'
import { asFloat, promote } from '../shapes/dtypes'
import { floatsOnly, matmul } from '../shapes/products'
import { noArrayFor, refuseAs } from '../models/arraySlots'
import { noArray, Refused } from '../shapes/shape'
import { type ArrayLibrary, type ArrayValue, isSureNone, type Place, type Value } from '../values/value'

/** Records `left @ right` and gives its shape where both are known. */
export function multiply(
  m: Machine,
  left: Value,
  right: Value,
  at: Place,
  rightPlace: Place | undefined,
  library?: ArrayLibrary,
): Value {
  const activation = m.frame.activation
  const isMlx = library === 'mlx' || (left.kind === 'array' && left.library === 'mlx')
  if (isSureNone(right) && isMlx && !m.free)
    refuse({ m, at }, noArray(library ? 'matmul' : '__matmul__', 'the right factor'), [], 'mlx')
  const other = isMlx ? noArrayFor(right) : undefined
  if (other !== undefined && !m.free) refuseAs({ m, at }, library ? 'matmul' : '__matmul__', 'the right factor', other)
  if (right.kind !== 'array') return anyArray(activation)
  const a = left.kind === 'array' ? left : anyArray(activation)
  if (m.guarded === 0)
    m.products.push({ call: at, left: a, right, rightPlace, uncertain: m.uncertain > 0 || m.alternative > 0 })
  return operate(
    { m, at },
    [a, shapesOnly(right)],
    ([x, w]) => {
      const isOfMlx = (library ?? libraryOf([a, right])) === 'mlx'
      const shape = matmul(x?.shape, w?.shape, 'matmul', () => (isOfMlx ? floatsOnly(x?.dtype, w?.dtype) : undefined))
      if (shape instanceof Refused) return shape
      const dtype = promote(x?.dtype, w?.dtype)
      return carried({ shape, dtype: dtype && asFloat(dtype) }, [x], { right: w })
    },
    library ?? libraryOf([a, right]),
  )
}

export type { ArrayValue }
