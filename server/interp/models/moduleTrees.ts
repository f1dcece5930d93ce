// What a module of mlx.nn says of itself: its parameters and the modules inside it, as trees and as lists, and how either is
// put in another's place. Source: mlx/python/mlx/nn/layers/base.py, MLX 0.32.4.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { shaped } from '../arrays/arrays'
import { unknown } from '../run/machine'
import { isModule, type ModuleAt, modulesIn, parametersIn } from '../arrays/parameters'
import { dtypeOf, isNone } from './arguments'
import { constant, dict, type InstanceValue, list, none, type Value } from '../values/value'
import type { LibraryModel } from './index'
import { atPath, branches, mapTree, unflatten, update } from './mlxTrees'
import { failPython } from '../run/refusals'
import { hasMember } from '../members/moduleMembers'
import { isFloat } from '../shapes/dtypes'

const selfOf = (c: LibraryCall): InstanceValue | undefined => (c.self?.kind === 'instance' ? c.self : undefined)

/** Every array of the module, as a tree. */
function parameters(c: LibraryCall): Value {
  const self = selfOf(c)
  if (!self) return dict([], true)
  const { shapes, open } = parametersIn(self)
  if (open) return dict([], true)
  const leaves = [...shapes].map(([path, shape]): [string, Value] => {
    const held = atPath(self, path)
    return [
      path,
      held?.kind === 'array' ? held : shaped(shape, c.m.frame.activation, undefined, c.javascript ? 'frost' : 'mlx'),
    ]
  })
  return leaves.length === 0 ? dict() : unflatten(leaves)
}

/** The filters of the library that admit every array that is a parameter. */
const admitsParameters = (filter: Value | undefined): boolean =>
  filter?.kind === 'library' && /\.(valid|trainable)_parameter_filter$/.test(filter.name)

/** `filter_and_map(filter_fn, map_fn)` of the parameters. */
function filterAndMap(c: LibraryCall): Value {
  const [filter, f] = [c.get(0, 'filter_fn'), c.get(1, 'map_fn')]
  if (!admitsParameters(filter) || c.get(2, 'is_leaf_fn')) return unknown(c.m, c.name)
  const tree = parameters(c)
  return f && !isNone(f) ? mapTree(c, tree, { f: leaf => callFunction(c.m, f, [leaf], c) }) : tree
}

/** `apply(map_fn)`: every parameter becomes what the function makes of it. */
function applyToParameters(c: LibraryCall): Value {
  const [f, filter] = [c.get(0, 'map_fn'), c.get(1, 'filter_fn')]
  const self = selfOf(c)
  const isPlain = isNone(filter) || admitsParameters(filter)
  const tree = self && f && isPlain ? parameters(c) : undefined
  if (self && f && tree?.kind === 'dict' && !tree.open && c.m.uncertain === 0)
    update(c, self, mapTree(c, tree, { f: leaf => callFunction(c.m, f, [leaf], c) }))
  else if (self) forgetArrays(c, self)
  return c.self ?? none
}

/** What a module holds is not known any more. */
function forgetArrays(c: LibraryCall, root: InstanceValue): void {
  for (const { module } of modulesIn(root).modules)
    for (const [name, value] of module.attributes)
      if (value.kind === 'array') module.attributes.set(name, unknown(c.m, c.name))
}

const pair = ({ path, module }: ModuleAt): Value => list([constant(path), module], 'tuple')

function modules(c: LibraryCall, show: (at: ModuleAt) => Value): Value {
  const self = selfOf(c)
  if (!self) return list([], 'list', true)
  const found = modulesIn(self)
  return list(found.modules.map(show), 'list', found.open)
}

/** The modules that hold no others, as a tree. */
function leafModules(c: LibraryCall): Value {
  const self = selfOf(c)
  const found = self && modulesIn(self)
  if (!found || found.open) return dict([], true)
  const leaves = found.modules.filter(({ path, module }) => path !== '' && modulesIn(module).modules.length === 1)
  return leaves.length === 0 ? dict() : unflatten(leaves.map(({ path, module }): [string, Value] => [path, module]))
}

/** Puts the modules of a tree in the place of those that are there. */
function updateModules(c: LibraryCall, into: Value, tree: Value): void {
  const inner = branches(c, tree)
  if (inner === null) forgetParts(c, into)
  for (const [key, value] of inner ?? []) {
    const held = atPath(into, key)
    if (!held && into.kind === 'instance' && hasMember(into, key) === false) {
      const text = `Module does not have sub-module named "${key}".`
      failPython(c.m, c.at, 'ValueError', `the module has no part ${key}`, undefined, text)
      return
    }
    if (value.kind !== 'instance') {
      if (held) updateModules(c, held, value)
    } else if (into.kind === 'instance') into.attributes.set(key, value)
    else if (into.kind === 'dict' && held) into.map.set(key, value)
    else if (into.kind === 'list' && held) into.items[Number(key)] = value
  }
}

/** Any part of a module may be another. */
function forgetParts(c: LibraryCall, of: Value): void {
  if (of.kind === 'instance')
    for (const [name, value] of of.attributes)
      if (value.kind === 'instance' || value.kind === 'list' || value.kind === 'dict')
        of.attributes.set(name, unknown(c.m, c.name))
  if (of.kind === 'list' || of.kind === 'dict') of.open = true
}

/** Casts the floats among a module's arrays. */
function setDType(c: LibraryCall): Value {
  const self = selfOf(c)
  const dtype = dtypeOf(c.get(0, 'dtype'))
  for (const { module } of self ? modulesIn(self).modules : [])
    for (const [name, value] of module.attributes)
      if (value.kind === 'array' && value.variants.every(v => v.dtype === undefined || isFloat(v.dtype)))
        module.attributes.set(name, { ...value, variants: value.variants.map(v => ({ ...v, dtype })) })
  return none
}

export const moduleTrees: LibraryModel = {
  calls: {
    'nn.Module.parameters': parameters,
    'nn.Module.trainable_parameters': parameters,
    'nn.Module.named_modules': c => modules(c, pair),
    'nn.Module.modules': c => modules(c, ({ module }) => module),
    'nn.Module.leaf_modules': leafModules,
    'nn.Module.update_modules': c => {
      if (c.m.uncertain === 0) updateModules(c, c.self ?? none, c.get(0, 'modules') ?? unknown(c.m, c.name))
      return c.self ?? none
    },
    'nn.Module.set_dtype': setDType,
    'mlx.nn.Module.is_module': c => {
      const v = c.get(0)
      return !v || v.kind === 'unknown' ? unknown(c.m, c.name) : constant(isModule(v))
    },
    'nn.Module.filter_and_map': filterAndMap,
    'nn.Module.apply': applyToParameters,
    'nn.Module.apply_to_modules': c => {
      const [f, self] = [c.get(0, 'apply_fn'), selfOf(c)]
      if (f && self)
        for (const { path, module } of modulesIn(self).modules) callFunction(c.m, f, [constant(path), module], c)
      return c.self ?? none
    },
  },
}
