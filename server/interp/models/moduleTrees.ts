// What a module of mlx.nn says of itself: its parameters and the modules inside it, as trees and as lists, and how either is
// put in another's place. Source: mlx/python/mlx/nn/layers/base.py, MLX 0.32.4.

import type { LibraryCall } from '../run/libraryCall'
import { shaped } from '../arrays/arrays'
import { unknown } from '../run/machine'
import { type ModuleAt, modulesIn, parametersIn } from '../arrays/parameters'
import { dtypeOf } from './arguments'
import { frozenOf } from './frozen'
import { constant, dict, type InstanceValue, list, none, type Value } from '../values/value'
import type { LibraryModel } from './index'
import { atPath, branches, unflatten } from './mlxTrees'
import { failPython } from '../run/refusals'
import { hasMember } from '../members/moduleMembers'
import { isFloat } from '../shapes/dtypes'

const selfOf = (c: LibraryCall): InstanceValue | undefined => (c.self?.kind === 'instance' ? c.self : undefined)

/** Every array of the module that is wanted, as a tree. */
function parameters(c: LibraryCall, isLeft: (path: string) => boolean = () => false): Value {
  const self = selfOf(c)
  if (!self) return dict([], true)
  const { shapes, open } = parametersIn(self)
  if (open) return dict([], true)
  const wanted = [...shapes].filter(([path]) => !isLeft(path))
  const leaves = wanted.map(([path, shape]): [string, Value] => {
    const held = atPath(self, path)
    return [
      path,
      held?.kind === 'array' ? held : shaped(shape, c.m.frame.activation, undefined, c.javascript ? 'frost' : 'mlx'),
    ]
  })
  return leaves.length === 0 ? dict() : unflatten(leaves)
}

/** Those of them that are not frozen. */
function trainable(c: LibraryCall): Value {
  const self = selfOf(c)
  const left = new Set<string>()
  for (const { path, module } of self ? modulesIn(self).modules : []) {
    const names = frozenOf(c.m, module)
    if (names === 'some') return dict([], true)
    for (const name of names) left.add(path === '' ? name : `${path}.${name}`)
  }
  return parameters(c, path => left.has(path))
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
  if (!inner) return
  for (const [key, value] of inner) {
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
    'nn.Module.parameters': c => parameters(c),
    'nn.Module.trainable_parameters': trainable,
    'nn.Module.named_modules': c => modules(c, pair),
    'nn.Module.modules': c => modules(c, ({ module }) => module),
    'nn.Module.leaf_modules': leafModules,
    'nn.Module.update_modules': c => {
      if (c.m.uncertain === 0) updateModules(c, c.self ?? none, c.get(0, 'modules') ?? unknown(c.m, c.name))
      return c.self ?? none
    },
    'nn.Module.set_dtype': setDType,
  },
}
