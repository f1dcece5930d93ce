// Parts of arrays that a program replaces. Source: python/src/indexing.cpp of MLX 0.32.4, measured.

import type { Expr } from '../../source/ir'
import { indexArray } from '../members/indexing'
import type { Machine } from '../run/machine'
import { refusedUpdate } from '../models/arrayAt'
import { operate } from '../run/operate'
import { isJavaScript } from '../run/scopes'
import type { ArrayValue, Place, Scope, Value } from '../values/value'

/** `array[index] = value`: the value must broadcast to what the index takes. */
export function updatePart(m: Machine, array: ArrayValue, index: Expr, value: Value, scope: Scope, at: Place): void {
  const part = indexArray(m, array, index, scope, at)
  if (array.library !== 'mlx' || isJavaScript(scope) || part.kind !== 'array' || value.kind !== 'array') return
  operate(
    { m, at },
    [part, value],
    ([p, u]) => refusedUpdate(u?.shape, p?.shape, false) ?? { shape: p?.shape, dtype: p?.dtype },
    'mlx',
  )
}
