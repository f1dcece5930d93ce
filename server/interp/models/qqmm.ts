// `mx.qqmm(x, w, scales, group_size, bits, mode)`: a product of which both factors are packed, the left one on the way. The
// weight may be packed already, then its scales are wanted; its mode is nvfp4 where none is given. Signature of 0.32.4.

import { anyArray, shapesOnly } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { operate, refuse } from '../run/operate'
import { packedProduct, parametersOf } from '../shapes/packed'
import { Refused } from '../shapes/shape'
import type { ArrayValue, Value } from '../values/value'
import { asArray, isNone } from './arguments'
import type { LibraryModel } from './index'
import { givenNumber, givenText, noteSink } from './sinks'

const defaultMode = 'nvfp4'

function qqmm(c: LibraryCall): Value {
  noteSink(
    c,
    'qqmm',
    {
      weight: [1, 'w'],
      scales: [2, 'scales'],
      groupSize: [3, 'group_size'],
      bits: [4, 'bits'],
      mode: [5, 'mode'],
      x: [0, 'x'],
    },
    defaultMode,
  )
  const mode = c.get(5, 'mode')
  const parameters = parametersOf(
    {
      groupSize: givenNumber(c.get(3, 'group_size')),
      bits: givenNumber(c.get(4, 'bits')),
      mode: mode === undefined ? defaultMode : givenText(mode),
    },
    'qqmm',
  )
  const nothing: ArrayValue = { ...anyArray(c.m.frame.activation), library: 'mlx' }
  if (c.args.open) return nothing
  if (parameters instanceof Refused) {
    refuse(c, parameters, [], 'mlx')
    return nothing
  }
  const given = c.get(2, 'scales')
  const [x, w, scales] = [
    asArray(c, c.get(0, 'x')),
    asArray(c, c.get(1, 'w')),
    isNone(given) ? null : asArray(c, given),
  ]
  if (!x || !w || scales === undefined) return nothing
  return operate(
    c,
    [x, shapesOnly(w), ...(scales ? [shapesOnly(scales)] : [])],
    ([a, b, s]) => {
      const operand = (v: typeof a) => ({ shape: v?.shape ?? v?.table, dtype: v?.dtype })
      const shape = packedProduct(
        { shape: a?.shape, dtype: a?.dtype },
        operand(b),
        scales ? operand(s) : null,
        parameters,
      )
      return shape instanceof Refused ? shape : { shape, dtype: a?.dtype }
    },
    'mlx',
  )
}

export const qqmmModel: LibraryModel = { calls: { 'mlx.core.qqmm': qqmm } }
