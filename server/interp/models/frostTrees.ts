// `utils` of the binding for Node, and what its modules say of themselves: MLX's own under other names, with positions for
// keywords. Names of members are in camel case, those of files in snake case. Source: lib/utils.ts and lib/nn/layers/base.ts
// of @frost-beta/mlx 0.0.7.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { noteWritten } from '../stored/writtenFiles'
import { constant, dict, isString, list, none, type Value } from '../values/value'
import { isNone } from './arguments'
import type { LibraryModel } from './index'
import { flattened, mapTree, unflatten } from './mlxTrees'
import { moduleTrees } from './moduleTrees'

const snake = (name: string): string => name.replace(/[A-Z]/g, (ch, i: number) => (i ? '_' : '') + ch.toLowerCase())
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, ch: string) => ch.toUpperCase())

const converted =
  (convert: (name: string) => string) =>
  (c: LibraryCall): Value => {
    const name = c.get(0)
    return name && isString(name) ? constant(convert(name.value)) : unknown(c.m, 'a name in another case')
  }

/** Converts each part of a path by a function of the program or of the library; undefined where that is not known. */
function pathBy(c: LibraryCall, path: string, convert: Value | undefined): string | undefined {
  if (isNone(convert) || !convert) return path
  const parts = path.split('.').map(part => (/^\d*$/.test(part) ? part : textBy(c, part, convert)))
  return parts.every(part => part !== undefined) ? parts.join('.') : undefined
}

function textBy(c: LibraryCall, part: string, convert: Value): string | undefined {
  const made = callFunction(c.m, convert, [constant(part)], c)
  return isString(made) ? made.value : undefined
}

/** `treeFlatten(tree, prefix, isLeaf, convertKey)`, whose prefix loses its first character. */
function treeFlatten(c: LibraryCall): Value {
  const [tree, prefix, convert] = [c.get(0), c.get(1), c.get(3)]
  // A module is an end of a tree here anyway.
  const isLeaf = c.get(2)
  const isPlain = isNone(isLeaf) || (isLeaf?.kind === 'library' && isLeaf.name.endsWith('.isModule'))
  const leaves = tree && isPlain && !c.args.open ? flattened(c, tree) : undefined
  if (!leaves || (prefix && !isNone(prefix) && !isString(prefix))) return list([], 'list', true)
  const start = prefix && isString(prefix) ? prefix.value.slice(1) : ''
  const pairs = leaves.map(([path, leaf]) => {
    const name = pathBy(c, path, convert)
    return name === undefined ? undefined : list([constant(start ? `${start}.${name}` : name), leaf], 'tuple')
  })
  return pairs.every(pair => pair !== undefined) ? list(pairs) : list([], 'list', true)
}

function treeUnflatten(c: LibraryCall): Value {
  const pairs = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
  const entries = pairs?.map(pair => {
    const [key, value] = pair.kind === 'list' ? pair.items : []
    const path = key && isString(key) ? pathBy(c, key.value, c.get(1)) : undefined
    return path !== undefined && value ? ([path, value] as const) : undefined
  })
  return entries && entries.length > 0 && entries.every(entry => entry !== undefined)
    ? unflatten(entries)
    : unknown(c.m, c.name)
}

const treeMap =
  (withPath: boolean) =>
  (c: LibraryCall): Value => {
    const [f, tree] = [c.get(0), c.get(1)]
    if (!f || !tree || !isNone(c.get(2)) || !isNone(c.get(3))) return unknown(c.m, c.name)
    return mapTree(c, tree, (leaf, path) => callFunction(c.m, f, withPath ? [constant(path), leaf] : [leaf], c))
  }

function treeReduce(c: LibraryCall): Value {
  const [f, tree, first] = [c.get(0), c.get(1), c.get(2)]
  const leaves = tree && flattened(c, tree)?.map(([, leaf]) => leaf)
  if (!f || !leaves || !isNone(c.get(3))) return unknown(c.m, c.name)
  const [start, ...rest] = first && !isNone(first) ? [first, ...leaves] : leaves
  return rest.reduce((made, leaf) => callFunction(c.m, f, [made, leaf], c), start ?? none)
}

const under = (name: string): ((c: LibraryCall) => Value) => moduleTrees.calls[`nn.Module.${name}`] ?? (() => none)

/** `module.saveWeights(file)`: its parameters, under the names that files have. */
function saveWeights(c: LibraryCall): Value {
  const path = c.get(0)
  const leaves = flattened(c, under('parameters')(c))
  const content = leaves && dict(leaves.map(([name, leaf]) => [name.split('.').map(snake).join('.'), leaf]))
  noteWritten(c.m, path?.kind === 'file' ? path.path : (path ?? none), content)
  return none
}

export const frostTrees: LibraryModel = {
  calls: {
    'frost.utils.toSnakeCase': converted(snake),
    'frost.utils.toCamelCase': converted(camel),
    'frost.utils.treeFlatten': treeFlatten,
    'frost.utils.treeUnflatten': treeUnflatten,
    'frost.utils.treeMap': treeMap(false),
    'frost.utils.treeMapWithPath': treeMap(true),
    'frost.utils.treeReduce': treeReduce,
    'nn.Module.trainableParameters': under('trainable_parameters'),
    'nn.Module.namedModules': under('named_modules'),
    'nn.Module.leafModules': under('leaf_modules'),
    'nn.Module.updateModules': under('update_modules'),
    'nn.Module.setDtype': under('set_dtype'),
    'nn.Module.saveWeights': saveWeights,
  },
  aliases: { '@frost-beta/mlx.utils': 'frost.utils' },
}
