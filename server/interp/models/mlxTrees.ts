// Trees of MLX: nested dicts and lists with arrays at their ends, and modules, which are such trees themselves.
// Source: mlx/python/mlx/utils.py and nn/layers/base.py, MLX 0.32.4.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf, keysOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { dictItem, libraryBase } from '../members/members'
import { hasMember } from '../members/moduleMembers'
import { layerParameters, layersIn, parametersIn } from '../arrays/parameters'
import { failPython } from '../run/refusals'
import { constant, dict, type InstanceValue, isString, list, none, truth, type Value } from '../values/value'
import { isNone } from './arguments'
import { fromPairs } from './collections'
import type { LibraryModel } from './index'

/** What stands directly in a tree, with its key; undefined for a leaf, null where that is not known. */
export function branches(c: LibraryCall, tree: Value): readonly (readonly [string, Value])[] | undefined | null {
  if (tree.kind === 'list') return tree.open ? null : tree.items.map((item, i) => [String(i), item] as const)
  if (tree.kind === 'dict') {
    const keys = keysOf(c.m, tree)
    return keys
      ? keys.flatMap(key =>
          key.kind === 'const' ? [[String(key.value), dictItem(c.m, tree, key, c.at) ?? none] as const] : [],
        )
      : null
  }
  if (tree.kind === 'unknown') return null
  return undefined
}

/** What stands directly in a tree, unless the program takes the tree for a leaf. */
function branchesWithin(c: LibraryCall, tree: Value, isLeaf: Value | undefined): ReturnType<typeof branches> {
  const inner = branches(c, tree)
  // A module is a leaf of any tree.
  if (!inner || !isLeaf || isNone(isLeaf)) return inner
  const known = truth(callFunction(c.m, isLeaf, [tree], c), c.javascript)
  return known === undefined ? null : known ? undefined : inner
}

interface Flat {
  readonly leaves: [path: string, leaf: Value][]
  complete: boolean
  readonly isLeaf?: Value | undefined
}

function flatten(c: LibraryCall, tree: Value, path: string, into: Flat): Flat {
  const inner = branchesWithin(c, tree, into.isLeaf)
  if (inner === null) into.complete = false
  else if (inner === undefined) into.leaves.push([path, tree])
  else for (const [key, value] of inner) flatten(c, value, path === '' ? key : `${path}.${key}`, into)
  return into
}

/** The leaves of a tree by their paths; undefined where they are not all known. */
export function flattened(c: LibraryCall, tree: Value): readonly (readonly [string, Value])[] | undefined {
  const flat = flatten(c, tree, '', { leaves: [], complete: true })
  return flat.complete ? flat.leaves : undefined
}

function treeFlatten(c: LibraryCall): Value {
  const tree = c.get(0, 'tree')
  if (!tree) return unknown(c.m, c.name)
  const prefix = c.get(1, 'prefix') ?? constant('')
  if (!isString(prefix)) return unknown(c.m, c.name)
  const isLeaf = c.get(2, 'is_leaf')
  const flat = flatten(c, tree, prefix.value.slice(1), { leaves: [], complete: true, isLeaf })
  const destination = c.get(-1, 'destination')
  if (destination?.kind === 'dict') return dict(flat.leaves, !flat.complete)
  return list(
    flat.leaves.map(([path, leaf]) => list([constant(path), leaf], 'tuple')),
    'list',
    !flat.complete,
  )
}

export function unflatten(entries: readonly (readonly [string, Value])[]): Value {
  const [only] = entries
  if (entries.length === 1 && only?.[0] === '') return only[1]
  const children = new Map<string, [string, Value][]>()
  for (const [path, value] of entries) {
    const dot = path.indexOf('.')
    const [key, rest] = dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)]
    children.set(key, [...(children.get(key) ?? []), [rest, value]])
  }
  const keys = [...children.keys()]
  const made = (key: string): Value => unflatten(children.get(key) ?? [])
  if (!keys.every(key => /^\d+$/.test(key))) return dict(keys.map(key => [key, made(key)]))
  // A number that is missing is an empty dict.
  const length = Math.max(...keys.map(Number)) + 1
  return length > 100_000
    ? list([], 'list', true)
    : list(Array.from({ length }, (_, i) => (children.has(String(i)) ? made(String(i)) : dict())))
}

function treeUnflatten(c: LibraryCall): Value {
  const given = c.get(0, 'tree')
  const flat = given?.kind === 'list' ? fromPairs(given) : given
  const inner = flat?.kind === 'dict' ? branches(c, flat) : undefined
  return inner ? unflatten(inner) : unknown(c.m, c.name)
}

/** How a tree is mapped: what becomes of a leaf, and of those that stand at its place in other trees. */
interface Mapping {
  readonly f: (leaf: Value, path: string, others: readonly Value[]) => Value
  readonly isLeaf?: Value | undefined
}

/** The same tree with something else at its ends. */
export function mapTree(
  c: LibraryCall,
  tree: Value,
  mapping: Mapping,
  path = '',
  others: readonly Value[] = [],
): Value {
  const inner = branchesWithin(c, tree, mapping.isLeaf)
  if (inner === null) return unknown(c.m, c.name)
  if (inner === undefined) return mapping.f(tree, path, others)
  const made = inner.map(([key, value]) => {
    const index = tree.kind === 'list' ? constant(Number(key)) : constant(key)
    const there = others.map(other => c.getItem(other, index))
    return [key, mapTree(c, value, mapping, path === '' ? key : `${path}.${key}`, there)] as const
  })
  return tree.kind === 'list'
    ? list(
        made.map(([, value]) => value),
        tree.shape,
      )
    : dict(made.map(([key, value]) => [key, value]))
}

const treeMap =
  (withPath: boolean) =>
  (c: LibraryCall): Value => {
    const [f, tree] = [c.get(0, 'fn'), c.get(1, 'tree')]
    if (!f || !tree || c.args.open || c.args.keywords.has('path')) return unknown(c.m, c.name)
    const others = c.args.positional.slice(2).map(({ value }) => value)
    const call = (leaf: Value, path: string, there: readonly Value[]): Value =>
      callFunction(c.m, f, [...(withPath ? [constant(path)] : []), leaf, ...there], c)
    return mapTree(c, tree, { f: call, isLeaf: c.get(-1, 'is_leaf') }, '', others)
  }

/** What a model is given by an update, for the rules. */
function noteUpdate(c: LibraryCall, model: InstanceValue, tree: Value): void {
  const { leaves, complete } = flatten(c, tree, '', { leaves: [], complete: true })
  c.m.moduleLoads.push({
    call: c.at,
    model,
    layers: () => layersIn(model),
    strict: false,
    strictPlace: undefined,
    parameters: parametersIn(model),
    given: complete ? new Map(leaves) : undefined,
    uncertain: c.m.uncertain > 0 || c.m.alternative > 0,
    reached: !c.m.free && !c.m.dead,
  })
}

/** `module.update(tree)`: arrays of the tree take the place of the module's own. */
export function update(c: LibraryCall, into: Value | undefined, tree: Value): void {
  const inner = branches(c, tree)
  if (!inner || !into) return
  for (const [key, value] of inner) {
    const held = childOf(into, key)
    if (lacks(c, into, key)) return
    if (value.kind === 'array' && into.kind === 'instance') into.attributes.set(key, value)
    else if (value.kind === 'array' && into.kind === 'list' && into.items[Number(key)]) into.items[Number(key)] = value
    else if (value.kind !== 'array') update(c, held, value)
  }
}

/** Raises where a module has no parameter or part of a name, as `update` does unless it is told not to be strict. */
function lacks(c: LibraryCall, into: Value, key: string): boolean {
  // The binding for Node leaves out what is not there.
  if (c.javascript) return false
  const strict = c.get(1, 'strict')
  const isStrict = !strict || truth(strict, false) === true
  if (into.kind === 'list' && !into.open && isStrict && Number(key) >= into.items.length) {
    const text = `List index ${key} is out of bounds for destination of length ${into.items.length}.`
    failPython(c.m, c.at, 'ValueError', `number ${key} of ${into.items.length}`, undefined, text)
    return true
  }
  if (into.kind !== 'instance' || !isStrict) return false
  if (hasMember(into, key) !== false || key in (layerParameters(into) ?? {})) return false
  const text = `Module does not have parameter named "${key}".`
  failPython(c.m, c.at, 'ValueError', `the module has no ${key}`, undefined, text)
  return true
}

/** What stands in a tree under a dotted path. */
export const atPath = (of: Value, path: string): Value | undefined =>
  path.split('.').reduce<Value | undefined>((at, key) => at && childOf(at, key), of)

function childOf(of: Value, key: string): Value | undefined {
  if (of.kind === 'instance') return of.attributes.get(key)
  if (of.kind === 'dict') return of.map.get(key)
  return of.kind === 'list' ? of.items[Number(key)] : undefined
}

const self = (c: LibraryCall): InstanceValue | undefined => (c.self?.kind === 'instance' ? c.self : undefined)

export const mlxTrees: LibraryModel = {
  calls: {
    'mlx.utils.tree_flatten': treeFlatten,
    'mlx.utils.tree_unflatten': treeUnflatten,
    'mlx.utils.tree_map': treeMap(false),
    'mlx.utils.tree_map_with_path': treeMap(true),
    'mlx.utils.tree_reduce': c => {
      const [f, tree, first] = [c.get(0, 'fn'), c.get(1, 'tree'), c.get(2, 'initializer')]
      const isLeaf = c.get(3, 'is_leaf')
      const flat = tree && flatten(c, tree, '', { leaves: [], complete: true, isLeaf })
      if (!f || !flat?.complete) return unknown(c.m, c.name)
      const leaves = flat.leaves.map(([, leaf]) => leaf)
      const [start, ...rest] = first && !isNone(first) ? [first, ...leaves] : leaves
      return rest.reduce((made, leaf) => callFunction(c.m, f, [made, leaf], c), start ?? none)
    },
    'nn.Module.update': c => {
      const [model, tree] = [self(c), c.get(0, 'parameters') ?? none]
      if (c.m.uncertain === 0) update(c, c.self, tree)
      if (model && !c.m.dead) noteUpdate(c, model, tree)
      return c.self ?? none
    },
    /** A module is a dict of its parameters and modules. */
    'nn.Module.get': c => {
      const [key, object] = [c.get(0), self(c)]
      const held = key && isString(key) ? object?.attributes.get(key.value) : undefined
      return held ?? (object && libraryBase(object.of) === 'mlx.nn.Module' ? (c.get(1) ?? none) : unknown(c.m, c.name))
    },
    'nn.Module.keys': c => list([...(self(c)?.attributes.keys() ?? [])].map(constant)),
    'nn.Module.items': c =>
      list([...(self(c)?.attributes ?? [])].map(([name, value]) => list([constant(name), value], 'tuple'))),
    'nn.Module.values': c => list([...(self(c)?.attributes.values() ?? [])]),
    'nn.Module.children': c => {
      const made = dict()
      for (const [name, value] of self(c)?.attributes ?? [])
        if (
          value.kind === 'instance' ||
          (value.kind === 'list' && itemsOf(c.m, value)?.some(i => i.kind === 'instance'))
        )
          made.map.set(name, value)
      return made
    },
  },
}
