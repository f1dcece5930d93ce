// Parameters of modules that are frozen: by `freeze`, or because a packed layer freezes itself and stays so. What is set on
// a module afterwards under another name is not. Source: mlx/python/mlx/nn/layers/base.py and quantized.py, MLX 0.32.4;
// lib/nn/layers/base.ts of @frost-beta/mlx 0.0.7.

import { layerParameters, modulesIn } from '../arrays/parameters'
import { libraryBase } from '../members/members'
import { itemsOf } from '../run/expressions'
import type { LibraryCall } from '../run/libraryCall'
import { type Machine, unknown } from '../run/machine'
import { type InstanceValue, isString, none, truth, type Value } from '../values/value'
import { isNone } from './arguments'
import type { LibraryModel } from './index'

/** Names of a module's own parameters; `some` where it is not known which. */
type Names = Set<string> | 'some'

const frozen = new WeakMap<InstanceValue, Names>()
/** Runs in which something was frozen of which it is not known what it is. */
const doubtful = new WeakSet<Machine>()

const isPacked = (module: InstanceValue): boolean => /\.nn\.Quantized\w+$/.test(libraryBase(module.of) ?? '')

/** The parameters of a module that are there now, those of its parts not among them. */
const ownNames = (module: InstanceValue): string[] => [
  ...Object.keys(layerParameters(module) ?? {}),
  ...[...module.attributes].flatMap(([name, v]) => (v.kind === 'array' ? [name] : [])),
]

/** Which of a module's own parameters are frozen. */
export function frozenOf(m: Machine, module: InstanceValue): Names {
  if (doubtful.has(m)) return 'some'
  const known = frozen.get(module) ?? new Set<string>()
  if (known === 'some' || !isPacked(module)) return known
  return new Set([...known, ...ownNames(module)])
}

/** The names that a call gives; null where it gives none, undefined where they are not known. */
function namesIn(c: LibraryCall, v: Value | undefined): readonly string[] | null | undefined {
  if (isNone(v) || !v) return null
  const items = isString(v) ? [v] : itemsOf(c.m, v)
  const names = items?.map(item => (isString(item) ? item.value : undefined))
  return names?.every(name => name !== undefined) ? names : undefined
}

/** `freeze` and `unfreeze`: of the module and of all inside it, unless the call says otherwise. */
const change =
  (f: (before: Set<string>, module: InstanceValue, names: readonly string[] | null) => Set<string>) =>
  (c: LibraryCall): Value => {
    if (c.self?.kind !== 'instance') return c.self ?? none
    const [recurse, names] = [c.get(0, 'recurse'), namesIn(c, c.get(1, 'keys'))]
    const isDeep = recurse === undefined ? true : truth(recurse, c.javascript)
    const isSure = c.m.uncertain === 0 && !c.m.trial && !c.args.open && isDeep !== undefined && names !== undefined
    const modules = isDeep === false ? [c.self] : modulesIn(c.self).modules.map(({ module }) => module)
    for (const module of modules) {
      const before = frozen.get(module) ?? new Set<string>()
      frozen.set(module, isSure && before !== 'some' ? f(before, module, names) : 'some')
    }
    return c.self
  }

function ofAnything(c: LibraryCall): Value {
  doubtful.add(c.m)
  return unknown(c.m, c.name)
}

export const frozenModules: LibraryModel = {
  calls: {
    'nn.Module.freeze': change((before, module, names) => new Set([...before, ...(names ?? ownNames(module))])),
    'any.freeze': ofAnything,
    'any.unfreeze': ofAnything,
    'nn.Module.unfreeze': change(
      (before, _, names) => new Set(names ? [...before].filter(n => !names.includes(n)) : []),
    ),
  },
}
