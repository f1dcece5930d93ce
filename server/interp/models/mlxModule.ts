// mlx.nn.Module and nn.quantize: a model that the program builds, packs and fills. What `load_weights` would say of the
// weights it is given is written down for the rules. Source: mlx/nn/layers/base.py and quantized.py, MLX 0.32.4.

import { type Arguments, callFunction, invoke, libraryInstance } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { loadWeights } from '../stored/checkpoints'
import { itemsOf } from '../run/expressions'
import { findMember } from '../members/members'
import { unknown } from '../run/machine'
import { refuse } from '../run/operate'
import { failPython } from '../run/refusals'
import { quantize } from '../shapes/packed'
import { Refused } from '../shapes/shape'
import {
  layerArguments,
  layerName,
  layerParameters,
  layersIn,
  modulesIn,
  type ParameterTree,
  packedLayers,
  parametersIn,
  scriptLayerArguments,
} from '../arrays/parameters'
import {
  constant,
  type DictValue,
  type FunctionValue,
  type InstanceValue,
  isNumber,
  isString,
  none,
  truth,
  type Value,
} from '../values/value'
import { isNone } from './arguments'
import { entriesOf, fromPairs } from './collections'
import { checkPacking, checkSizes } from './frostSizes'
import type { LibraryModel } from './index'

/** A layer whose constructor's arguments are kept under their names. */
const layer =
  (name: string) =>
  (c: LibraryCall): Value => {
    const made = libraryInstance(c.m, c.name, c.args)
    c.args.positional.forEach((argument, i) => {
      const parameter = (c.name.startsWith('frost.') ? scriptLayerArguments : layerArguments)[name]?.[i]
      if (parameter) made.attributes.set(parameter, argument.value)
    })
    if (c.name.startsWith('frost.')) checkSizes(c, name)
    return made
  }

/** Names of members in the binding for Node, as it writes them in files and shows them to predicates. */
const snake = (path: string): string =>
  path
    .split('.')
    .map(name => name.replace(/[A-Z]/g, (letter, i) => (i > 0 ? '_' : '') + letter.toLowerCase()))
    .join('.')

/** `nn.quantize(model, group_size, bits, mode=…, class_predicate=…)`: layers that the predicate admits become packed ones. */
function quantizeModel(c: LibraryCall): Value {
  const model = c.get(0, 'model')
  if (model?.kind !== 'instance') return none
  const predicate = c.get(3, 'class_predicate')
  for (const { path, module } of modulesIn(model).modules) {
    const name = layerName(module)
    const packed = name === undefined ? undefined : packedLayers[name]
    const own = packed ? undefined : ownPacker(module)
    if ((!packed && !own) || c.args.open) continue
    const isAsked = predicate && !isNone(predicate)
    const answer = isAsked
      ? callFunction(c.m, predicate, [constant(c.javascript ? snake(path) : path), module], {
          at: c.at,
          scope: c.scope,
        })
      : constant(true)
    const admitted = answer.kind === 'dict' ? true : truth(answer, c.javascript)
    if (admitted === false) continue
    if (own || !packed) {
      if (own) packByItself(module, own, admitted, answer.kind === 'dict' ? answer : undefined, c)
    } else if (admitted === undefined) module.attributes.set('weight', unknown(c.m, maybePacked))
    else if (!repack(module, packed, answer.kind === 'dict' ? answer : undefined, c)) return none
  }
  return none
}

/** Why the weight of a layer is not known that `nn.quantize` may have packed. */
const maybePacked = 'a layer that may be packed'

/** `to_quantized` of a class of the program. */
function ownPacker(module: InstanceValue): FunctionValue | undefined {
  const found = findMember(module.of, 'to_quantized')?.value
  return found?.kind === 'function' ? found : undefined
}

/** The program's own layer says what takes its place. */
function packByItself(
  module: InstanceValue,
  packer: FunctionValue,
  admitted: boolean | undefined,
  own: DictValue | undefined,
  c: LibraryCall,
): void {
  const made = admitted === undefined ? undefined : invoke(c.m, { ...packer, self: module }, packerArguments(own, c))
  if (made?.kind === 'instance' && !made.whole) {
    module.of = made.of
    const kept = new Map(made.attributes)
    module.attributes.clear()
    for (const [name, value] of kept) module.attributes.set(name, value)
  } else
    for (const [name, value] of module.attributes)
      if (value.kind === 'array') module.attributes.set(name, unknown(c.m, maybePacked))
}

function packerArguments(own: DictValue | undefined, c: LibraryCall): Arguments {
  const given = own
    ? [...own.map].map(([name, value]) => [String(name), value] as const)
    : [
        ['group_size', c.get(1, 'group_size') ?? none] as const,
        ['bits', c.get(2, 'bits') ?? none] as const,
        ['mode', c.get(-1, 'mode') ?? constant('affine')] as const,
      ]
  return {
    positional: [],
    keywords: new Map(given.map(([name, value]) => [name, { value }])),
    open: own?.open ?? false,
  }
}

/** Whether MLX takes the numbers; see `quantize`. */
function repack(module: InstanceValue, name: string, own: DictValue | undefined, c: LibraryCall): boolean {
  const given = (key: string, position: number) => (own ? own.map.get(key) : c.get(position, key))
  module.of = { kind: 'library', name: `${c.javascript ? 'frost' : 'mlx'}.nn.${name}` }
  for (const [key, position] of [
    ['group_size', 1],
    ['bits', 2],
    ['mode', -1],
  ] as const) {
    const value = given(key, position)
    if (value && !(value.kind === 'const' && value.value === null)) module.attributes.set(key, value)
  }
  if (c.javascript) return !checkPacking(c, module)
  const [groupSize, bits, mode] = ['group_size', 'bits', 'mode'].map(key => module.attributes.get(key))
  const made = quantize(
    { shape: undefined, dtype: undefined },
    {
      groupSize: groupSize && isNumber(groupSize) ? groupSize.value : undefined,
      bits: bits && isNumber(bits) ? bits.value : undefined,
      mode: mode === undefined ? 'affine' : isString(mode) ? mode.value : undefined,
    },
  )
  if (made instanceof Refused) refuse(c, made, [], 'mlx')
  return !(made instanceof Refused)
}

/** The weights that a module is given: a path, a list of pairs or a dict. */
function weightsOf(c: LibraryCall, given: Value | undefined): DictValue | undefined {
  if (!given) return undefined
  if (given.kind === 'list') return fromPairs(given)
  if (given.kind === 'dict') return given
  if (given.kind === 'file' || isString(given) || given.kind === 'template')
    return loadWeights(c.m, given.kind === 'file' ? given.path : given, c.at, 'mlx', c.javascript ? 'frost' : 'mlx')
  return undefined
}

const inSnakeCase = ({ shapes, open }: ParameterTree): ParameterTree => ({
  shapes: new Map([...shapes].map(([name, shape]) => [snake(name), shape])),
  open,
})

/** Compares what the model was built with and what it is given, as strict loading does. */
function loadIntoModule(c: LibraryCall): Value {
  const model = c.self
  const strict = c.get(1, 'strict')
  const isStrict = strict === undefined ? true : truth(strict, c.javascript)
  const weights = weightsOf(c, c.get(0, 'file_or_weights'))
  if (model?.kind !== 'instance' || !weights || c.m.guarded > 0) return model ?? none
  const entries = entriesOf(c, weights)
  const pairs = entries.kind === 'list' && !entries.open ? itemsOf(c.m, entries) : undefined
  const given =
    pairs &&
    new Map(
      pairs.flatMap(p =>
        p.kind === 'list' && p.items[0] && isString(p.items[0]) && p.items[1]
          ? [[p.items[0].value, p.items[1]] as const]
          : [],
      ),
    )
  c.m.moduleLoads.push({
    call: c.at,
    model,
    layers: () => layersIn(model),
    strict: isStrict,
    strictPlace: c.placeOf(1, 'strict'),
    parameters: c.javascript ? inSnakeCase(parametersIn(model)) : parametersIn(model),
    given: given && pairs && given.size === pairs.length ? given : undefined,
    uncertain: c.m.uncertain > 0 || c.m.alternative > 0,
    reached: !c.m.free && !c.m.dead,
  })
  const text = isStrict && !c.javascript ? [...(given ?? [])].find(([, value]) => isString(value)) : undefined
  if (text) {
    const raises = `Expected mx.array but received <class 'str'> for parameter ${text[0]}`
    failPython(c.m, c.at, 'ValueError', `${text[0]} is given a text`, 'an array', raises)
  }
  for (const [path, value] of given ?? []) install(model, path, value)
  return model
}

/** Sets a parameter by its path, as `load_weights` and `update` do; what is not there is left out. */
function install(model: InstanceValue, path: string, value: Value): void {
  const parts = path.split('.')
  const last = parts.pop()
  let at: Value | undefined = model
  for (const part of parts) {
    if (at.kind === 'instance') at = at.attributes.get(part)
    else if (at.kind === 'list') at = at.items[Number(part)]
    else if (at.kind === 'dict') at = at.map.get(part)
    if (!at) return
  }
  const isParameter = value.kind === 'array' && at.kind === 'instance'
  const names = at.kind === 'instance' ? layerParameters(at) : undefined
  if (!isParameter || last === undefined || at.kind !== 'instance') return
  const held = at.attributes.get(last)
  if (held?.kind === 'unknown' && held.why === maybePacked) return
  if (names ? last in names : at.attributes.get(last)?.kind === 'array') at.attributes.set(last, value)
}

export const mlxModule: LibraryModel = {
  calls: {
    ...Object.fromEntries(
      [
        ...Object.keys(layerArguments).map(name => ['mlx', name] as const),
        ...Object.keys(scriptLayerArguments).map(name => ['frost', name] as const),
      ].map(([library, name]) => [`${library}.nn.${name}`, layer(name)] as const),
    ),
    'mlx.nn.quantize': quantizeModel,
    'frost.nn.quantize': quantizeModel,
    'nn.Module.__init__': () => none,
    'nn.Module.eval': c => c.self ?? none,
    'nn.Module.train': c => c.self ?? none,
    'nn.Module.load_weights': loadIntoModule,
    'nn.Module.loadWeights': loadIntoModule,
  },
}
