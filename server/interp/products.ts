// Products and sums of arrays: what shape comes out, and a record of every product for the rules to judge.

import { anyArray, broadcast, combine, shapesOnly } from './arrays'
import { type Machine } from './machine'
import type { ArrayValue, Place, Value } from './value'

/** Records `left @ right` and gives its shape where both are known. */
export function multiply(m: Machine, left: Value, right: Value, at: Place, rightPlace: Place | undefined): Value {
  const activation = m.frame.activation
  if (right.kind !== 'array') return anyArray(activation)
  const a = left.kind === 'array' ? left : anyArray(activation)
  if (m.guarded === 0)
    m.products.push({ call: at, left: a, right, rightPlace, uncertain: m.uncertain > 0 || m.alternative > 0 })
  return combine(
    [a, shapesOnly(right)],
    activation,
    ([x, w]) => {
      const [rows, columns] = [x?.shape?.slice(0, -1), w?.shape?.[w.shape.length - 1]]
      return {
        assign: [],
        shape: rows && w?.shape && w.shape.length === 2 ? [...rows, columns] : undefined,
        dtype: undefined,
      }
    },
    at,
  )
}

/** The shape of an operation that works element by element. */
export function elementwise(left: ArrayValue, right: ArrayValue, activation: number): ArrayValue {
  return combine([left, right], activation, ([a, b]) => ({
    assign: [],
    shape: broadcast(a?.shape, b?.shape),
    dtype: undefined,
  }))
}
