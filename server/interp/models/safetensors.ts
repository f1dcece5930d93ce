// The safetensors package for Python: load_file of every framework, and safe_open with its handle.

import type { LibraryCall } from '../run/libraryCall'
import { loadWeights } from '../stored/checkpoints'
import { keysOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { getAttribute } from '../members/members'
import { type ArrayLibrary, dict, type DictValue, isString, list, none, type Value } from '../values/value'
import { load, metadataOf } from './mlxCore'
import type { LibraryModel } from './index'

const handle = 'safetensors.safe_open'

/** Whose arrays a framework's name means. */
const frameworks: Readonly<Record<string, ArrayLibrary>> = {
  mlx: 'mlx',
  np: 'numpy',
  numpy: 'numpy',
  pt: 'torch',
  torch: 'torch',
  pytorch: 'torch',
}

function open(c: LibraryCall): Value {
  const path = c.get(0, 'filename')
  const framework = c.get(1, 'framework')
  const library = framework && isString(framework) ? frameworks[framework.value] : undefined
  const weights = loadWeights(c.m, path?.kind === 'file' ? path.path : (path ?? none), c.at, 'rust', library)
  return {
    kind: 'instance',
    of: { kind: 'library', name: handle },
    attributes: new Map<string, Value>([['weights', weights]]),
  }
}

const weightsOf = (c: LibraryCall): DictValue | undefined => {
  const held = c.self?.kind === 'instance' ? c.self.attributes.get('weights') : undefined
  return held?.kind === 'dict' ? held : undefined
}

function getTensor(c: LibraryCall): Value {
  const [weights, key] = [weightsOf(c), c.get(0, 'name')]
  return weights && key ? c.getItem(weights, key) : unknown(c.m, 'get_tensor')
}

/** `get_slice(name).get_shape()`: a slice is an array of which nothing was read yet. */
function shapeOfSlice(c: LibraryCall): Value {
  const shape = c.self && getAttribute(c.m, c.self, 'shape', c.at, false)
  return shape?.kind === 'list' ? { ...shape, shape: 'list' } : unknown(c.m, c.name)
}

function keys(c: LibraryCall): Value {
  const weights = weightsOf(c)
  const known = weights && keysOf(c.m, weights)
  return list(known ?? [], 'list', known === undefined)
}

export const safetensors: LibraryModel = {
  calls: {
    [handle]: open,
    [`${handle}.get_tensor`]: getTensor,
    [`${handle}.get_slice`]: getTensor,
    [`${handle}.metadata`]: c => (weightsOf(c) ? metadataOf(weightsOf(c) ?? dict()) : dict([], true)),
    'array.get_shape': shapeOfSlice,
    [`${handle}.__enter__`]: c => c.self ?? none,
    [`${handle}.__exit__`]: () => none,
    [`${handle}.keys`]: keys,
    [`${handle}.offset_keys`]: keys,
    ...Object.fromEntries(
      ['mlx', 'numpy', 'torch', 'flax'].map(
        f => [`safetensors.${f}.load_file`, (c: LibraryCall) => load(c, 'rust', frameworks[f])] as const,
      ),
    ),
  },
  aliases: Object.fromEntries(
    ['mlx', 'numpy', 'torch', 'flax'].map(f => [`safetensors.${f}.safe_open`, handle] as const),
  ),
}
