// What MLX makes of functions: one that is compiled, or that keeps less of what it computed, gives what it gave before.

import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { none, type Value } from '../values/value'
import type { LibraryModel } from './index'

const same = (c: LibraryCall): Value => c.get(0, 'fun') ?? unknown(c.m, 'a function')

export const transforms: LibraryModel = {
  calls: {
    'mlx.core.compile': same,
    'frost.core.compile': same,
    'mlx.core.checkpoint': same,
    'mlx.core.disable_compile': () => none,
    'mlx.core.enable_compile': () => none,
    'frost.core.disableCompile': () => none,
    'frost.core.enableCompile': () => none,
  },
}
