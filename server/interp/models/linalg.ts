// mx.linalg, as far as loaders and embeddings use it: norms. Source: mlx/python/src/linalg.cpp, MLX 0.32.4, and measured
// with the binding for Node, which says the same.

import type { LibraryCall } from '../run/libraryCall'
import { change } from '../run/operate'
import { asFloat } from '../shapes/dtypes'
import { reduce } from '../shapes/elementwise'
import { Refused } from '../shapes/shape'
import type { Value } from '../values/value'
import { flag, isNone, lost, numbers } from './arguments'
import type { LibraryModel } from './index'

/** `norm(a, ord, axis, keepdims)`: over two axes at most, but for the plain norm of all elements. */
function norm(c: LibraryCall): Value {
  const [array, order, given] = [c.get(0, 'a'), c.get(1, 'ord'), c.get(2, 'axis')]
  const axes = isNone(given) ? undefined : numbers(c, given)
  const keep = flag(c, isNone(c.get(3, 'keepdims')) ? undefined : c.get(3, 'keepdims'), false)
  if (array?.kind !== 'array' || keep === undefined || c.args.open || (!axes && !isNone(given))) return lost(c)
  return change(c, array, v => {
    const count = axes?.length ?? v.shape?.length
    if (count !== undefined && count > 2 && (axes || !isNone(order)))
      return new Refused(`${count} axes`, 'two at most', '[linalg::norm] Received too many axes for norm.')
    // The older MLX of Node keeps another shape of all elements.
    const shape = !axes && keep && c.javascript ? undefined : reduce(v.shape, axes, keep, 'norm')
    return shape instanceof Refused ? shape : { readings: v.readings, shape, dtype: asFloat(v.dtype) }
  })
}

export const linalg: LibraryModel = { calls: { 'mlx.core.linalg.norm': norm, 'frost.core.linalg.norm': norm } }
