// What mx.random draws beside numbers that are uniform or normal, the same for MLX and the binding for Node: a logit of
// each row, flags, other distributions. Source: mlx/python/src/random.cpp, MLX 0.32.4.

import { shaped } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { change } from '../run/operate'
import { reduce } from '../shapes/elementwise'
import { type Dims, Refused } from '../shapes/shape'
import type { Value } from '../values/value'
import { isNone, libraryCalled, lost, numberOf, sizes } from './arguments'
import { ofShape } from './creation'
import type { LibraryModel } from './index'

const drawn = (c: LibraryCall, shape: Dims, dtype: string): Value =>
  shaped(shape, c.m.frame.activation, dtype, libraryCalled(c.name))

/** `categorical(logits, axis, shape, num_samples)`: the axis of the logits goes, the samples come last. */
function categorical(c: LibraryCall): Value {
  const [logits, axis, shape, samples] = [
    c.get(0, 'logits'),
    c.get(1, 'axis'),
    c.get(2, 'shape'),
    c.get(3, 'num_samples'),
  ]
  if (!isNone(shape)) return drawn(c, sizes(c, shape), 'U32')
  const at = isNone(axis) ? -1 : numberOf(axis)
  if (logits?.kind !== 'array' || at === undefined) return lost(c)
  const more = isNone(samples) ? [] : [numberOf(samples)]
  return change(c, logits, v => {
    const left = reduce(v.shape, [at], false, 'categorical')
    const made = left instanceof Refused ? undefined : left && [...left, ...more]
    return { readings: v.readings, shape: made, dtype: 'U32' }
  })
}

/** `bernoulli(p, shape)`: of the shape of the chances where none is given. */
function bernoulli(c: LibraryCall): Value {
  const [chance, shape] = [c.get(0, 'p'), c.get(1, 'shape')]
  if (!isNone(shape)) return drawn(c, sizes(c, shape), 'BOOL')
  if (chance?.kind === 'array') return change(c, chance, v => ({ readings: v.readings, shape: v.shape, dtype: 'BOOL' }))
  return isNone(chance) || numberOf(chance) !== undefined ? drawn(c, [], 'BOOL') : lost(c)
}

/** `split(key, num)`: so many keys. */
const keys = (c: LibraryCall): Value => {
  const count = c.get(1, 'num')
  return drawn(c, [isNone(count) ? 2 : numberOf(count), 2], 'U32')
}

export const samples: LibraryModel = {
  calls: {
    'mlx.core.random.categorical': categorical,
    'frost.core.random.categorical': categorical,
    'mlx.core.random.bernoulli': bernoulli,
    'frost.core.random.bernoulli': bernoulli,
    'mlx.core.random.gumbel': ofShape(0, 1),
    'frost.core.random.gumbel': ofShape(0, 1),
    'mlx.core.random.laplace': ofShape(0, 1),
    'mlx.core.random.truncated_normal': ofShape(2, 3),
    'frost.core.random.truncatedNormal': ofShape(2, 3),
    'mlx.core.random.split': keys,
    'frost.core.random.split': keys,
  },
}
