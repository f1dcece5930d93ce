// Functions of the program that a module of mlx.nn calls for its parameters and parts. Source:
// mlx/python/mlx/nn/layers/base.py, MLX 0.32.4; lib/nn/layers/base.ts of @frost-beta/mlx 0.0.7.

import { isModule, layerParameters, modulesIn } from '../arrays/parameters'
import { getAttribute } from '../members/members'
import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { constant, dict, type InstanceValue, list, none, truth, type Value } from '../values/value'
import { isNone } from './arguments'
import { frozenOf } from './frozen'
import type { LibraryModel } from './index'
import { branches } from './mlxTrees'

/** What a module holds by name, the parameters that its constructor made among it. */
function itemsIn(c: LibraryCall, module: InstanceValue): [string, Value][] {
  const made = Object.keys(layerParameters(module) ?? {}).filter(name => !module.attributes.has(name))
  return [
    ...module.attributes,
    ...made.map((name): [string, Value] => [name, getAttribute(c.m, module, name, c.at, c.javascript)]),
  ]
}

const isTree = (v: Value): boolean => v.kind === 'list' || v.kind === 'dict' || isModule(v)

/** The filters that the library has itself, under the names of either language. */
function ownFilter(c: LibraryCall, name: string, module: InstanceValue, key: string, v: Value): boolean | undefined {
  if (v.kind === 'unknown') return undefined
  if (/valid_?child_?filter$/i.test(name)) return isTree(v)
  const isParameter = !key.startsWith('_') && (isTree(v) || v.kind === 'array')
  if (/valid_?parameter_?filter$/i.test(name)) return isParameter
  const frozen = frozenOf(c.m, module)
  return frozen === 'some' ? undefined : isParameter && !frozen.has(key)
}

const isOwnFilter = (f: Value): f is Value & { kind: 'library' } =>
  f.kind === 'library' && /(valid|trainable)_?(child|parameter)_?filter$/i.test(f.name)

/** What a function that is asked about a member of a module says; undefined where that is not known. */
function ask(c: LibraryCall, f: Value, module: InstanceValue, key: string, v: Value): boolean | undefined {
  if (isOwnFilter(f)) return ownFilter(c, f.name, module, key, v)
  return truth(callFunction(c.m, f, [module, constant(key), v], c), c.javascript)
}

interface Walk {
  readonly keep: Value
  readonly map: Value | undefined
  readonly isLeaf: Value | undefined
}

/** `module.filter_and_map(filter, map, is_leaf)`; undefined where a function's answer is not known. */
function filtered(c: LibraryCall, module: InstanceValue, walk: Walk): Value | undefined {
  const made = dict()
  for (const [key, v] of itemsIn(c, module)) {
    const isKept = ask(c, walk.keep, module, key, v)
    const value = isKept ? unwrapped(c, module, key, v, walk) : undefined
    if (isKept === undefined || (isKept && !value)) return undefined
    if (value) made.map.set(key, value)
  }
  return made
}

function unwrapped(c: LibraryCall, module: InstanceValue, key: string, v: Value, walk: Walk): Value | undefined {
  const isLeaf = walk.isLeaf ? ask(c, walk.isLeaf, module, key, v) : !isTree(v)
  if (isLeaf === undefined) return undefined
  if (isLeaf) return walk.map ? callFunction(c.m, walk.map, [v], c) : v
  if (isModule(v)) return filtered(c, v, walk)
  const inner = branches(c, v)
  if (!inner) return undefined
  const made = inner.map(([name, part]) => [name, unwrapped(c, module, `${key}.${name}`, part, walk)] as const)
  const known = made.flatMap(([name, part]): [string, Value][] => (part ? [[name, part]] : []))
  if (known.length < made.length) return undefined
  return v.kind === 'list' ? list(known.map(([, part]) => part)) : dict(known)
}

function filterAndMap(c: LibraryCall): Value {
  const given = (position: number, name: string) => {
    const v = c.get(position, name)
    return isNone(v) ? undefined : v
  }
  const keep = given(0, 'filter_fn')
  const walk = { map: given(1, 'map_fn'), isLeaf: given(2, 'is_leaf_fn') }
  const made = c.self && isModule(c.self) && keep && !c.args.open ? filtered(c, c.self, { keep, ...walk }) : undefined
  return made ?? unknown(c.m, c.name)
}

/** `module.apply(map, filter)`: every parameter becomes what the function makes of it. */
function apply(c: LibraryCall): Value {
  const [map, filter] = [c.get(0, 'map_fn'), c.get(1, 'filter_fn')]
  for (const { module } of c.self && isModule(c.self) ? modulesIn(c.self).modules : [])
    for (const [key, v] of itemsIn(c, module)) {
      if (key.startsWith('_') || v.kind !== 'array') continue
      const isMeant = isNone(filter) || !filter ? true : ask(c, filter, module, key, v)
      const made = isMeant && map ? callFunction(c.m, map, [v], c) : v
      const isSure = isMeant !== undefined && c.m.uncertain === 0
      if (made !== v || !isSure) module.attributes.set(key, isSure ? made : unknown(c.m, c.name))
    }
  return c.self ?? none
}

function applyToModules(c: LibraryCall): Value {
  const f = c.get(0, 'apply_fn')
  for (const { path, module } of c.self && isModule(c.self) ? modulesIn(c.self).modules : [])
    if (f) callFunction(c.m, f, [constant(path), module], c)
  return c.self ?? none
}

const isModuleCalled = (c: LibraryCall): Value => {
  const v = c.get(0)
  return !v || v.kind === 'unknown' || v.kind === 'library' ? unknown(c.m, c.name) : constant(isModule(v))
}

export const moduleWalks: LibraryModel = {
  calls: {
    'nn.Module.filter_and_map': filterAndMap,
    'nn.Module.filterAndMap': filterAndMap,
    'nn.Module.apply': apply,
    'nn.Module.apply_to_modules': applyToModules,
    'nn.Module.applyToModules': applyToModules,
    'mlx.nn.Module.is_module': isModuleCalled,
    'frost.nn.Module.isModule': isModuleCalled,
  },
}
