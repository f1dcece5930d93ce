// The parameters of a module of mlx.nn as the program built it: path → stored shape. A part that was not followed leaves
// the tree open: there may then be parameters besides those listed. Source: mlx/python/mlx/nn/layers/base.py, 0.32.4.

import type { Dimensions } from './arrays'
import { libraryBase } from '../members/members'
import { recurrentParameters } from './recurrent'
import { isNumber, type InstanceValue, type Place, type Value } from '../values/value'

export interface ParameterTree {
  readonly shapes: ReadonlyMap<string, Dimensions>
  /** There may be others. */
  readonly open: boolean
}

/** One module inside another. */
export interface ModuleAt {
  readonly path: string
  readonly module: InstanceValue
}

/** More modules than this are not walked: a loop that builds for ever. */
const walkedModules = 20_000

/** Whether a value is a module of a library's `nn`. */
export const isModule = (v: Value): v is InstanceValue =>
  v.kind === 'instance' && libraryBase(v.of)?.includes('.nn.') === true

/** Every module inside `root`, itself first; `open` where a part was not followed. */
export function modulesIn(root: InstanceValue): { modules: readonly ModuleAt[]; open: boolean } {
  const modules: ModuleAt[] = []
  let open = false
  const seen = new Set<InstanceValue>()
  const visit = (path: string, v: Value): void => {
    if (modules.length > walkedModules) open = true
    else if (isModule(v)) {
      if (seen.has(v)) return
      seen.add(v)
      modules.push({ path, module: v })
      // MLX keeps attributes that begin with an underscore to itself.
      for (const [name, value] of v.attributes) if (!name.startsWith('_')) visit(path ? `${path}.${name}` : name, value)
    } else if (v.kind === 'list') {
      if (v.open) open = true
      v.items.forEach((item, i) => visit(`${path}.${i}`, item))
    } else if (v.kind === 'dict') {
      if (v.open || v.views.length > 0) open = true
      for (const [key, value] of v.map) visit(`${path}.${key}`, value)
    } else if (v.kind === 'unknown') open = true
  }
  visit('', root)
  return { modules, open }
}

const size = (v: Value | undefined) => (v && isNumber(v) ? v.value : undefined)

/** Sizes of what `mx.random` makes: the binding for Node takes a list with `undefined` in it for no sizes at all. */
const drawn = (...sizes: readonly (Value | undefined)[]): readonly (number | undefined)[] =>
  sizes.some(v => v?.kind === 'const' && v.nothing !== undefined) ? [] : sizes.map(size)

/** What a layer's constructor makes of its arguments. */
type Layer = (attribute: (name: string) => Value | undefined, isScript: boolean) => Readonly<Record<string, Dimensions>>

const withBias = (
  attribute: (name: string) => Value | undefined,
  sizes: Dimensions,
): Readonly<Record<string, Dimensions>> => {
  const bias = attribute('bias')
  const without = bias?.kind === 'const' && bias.value === false
  return without ? {} : { bias: sizes }
}

/** Layers with parameters. One that is named neither here nor below leaves the tree open. */
const layers: Readonly<Record<string, Layer>> = {
  Linear: a => ({ weight: drawn(a('output_dims'), a('input_dims')), ...withBias(a, drawn(a('output_dims'))) }),
  Embedding: a => ({ weight: drawn(a('num_embeddings'), a('dims')) }),
  RMSNorm: a => ({ weight: [size(a('dims'))] }),
  LayerNorm: a => {
    const [affine, bias, dims] = [a('affine'), a('bias'), [size(a('dims'))]]
    if (isFalse(affine)) return {}
    return isFalse(bias) ? { weight: dims } : { weight: dims, bias: dims }
  },
  GroupNorm: a => (isFalse(a('affine')) ? {} : { weight: [size(a('dims'))], bias: [size(a('dims'))] }),
  BatchNorm: a => {
    const each = [size(a('num_features'))]
    return {
      ...(isFalse(a('affine')) ? {} : { weight: each, bias: each }),
      ...(isFalse(a('track_running_stats')) ? {} : { running_mean: each, running_var: each }),
    }
  },
  ConvTranspose1d: a => convolution(a, 1),
  ConvTranspose2d: a => convolution(a, 2),
  ConvTranspose3d: a => convolution(a, 3),
  Conv1d: a => convolution(a, 1),
  Conv2d: a => convolution(a, 2),
  Conv3d: a => convolution(a, 3),
  InstanceNorm: a => (isTrue(a('affine')) ? { weight: [size(a('dims'))], bias: [size(a('dims'))] } : {}),
  PReLU: a => ({ weight: [a('num_parameters') ? size(a('num_parameters')) : 1] }),
  RNN: (a, isScript) => recurrent('RNN', a, isScript),
  GRU: (a, isScript) => recurrent('GRU', a, isScript),
  LSTM: (a, isScript) => recurrent('LSTM', a, isScript),
  QuantizedLinear: a => packed(a, size(a('output_dims')), size(a('input_dims')), withBias(a, [size(a('output_dims'))])),
  QuantizedEmbedding: a => packed(a, size(a('num_embeddings')), size(a('dims')), {}),
}

const isTrue = (v: Value | undefined): boolean => v?.kind === 'const' && v.value === true
const isFalse = (v: Value | undefined): boolean => v?.kind === 'const' && v.value === false

const recurrent = (name: string, a: (name: string) => Value | undefined, isScript: boolean) =>
  recurrentParameters(name, size(a('input_size')), size(a('hidden_size')), !isFalse(a('bias')), isScript) ?? {}

/** Weight [out, …kernel, in / groups]. */
function convolution(a: (name: string) => Value | undefined, space: number): Readonly<Record<string, Dimensions>> {
  const kernel = a('kernel_size')
  const kernels = kernel?.kind === 'list' ? kernel.items : Array.from({ length: space }, () => kernel)
  const groups = a('groups') ? size(a('groups')) : 1
  const [taken, out] = [size(a('in_channels')), size(a('out_channels'))]
  const inner = taken !== undefined && groups ? taken / groups : undefined
  const made = drawn(a('out_channels'), ...kernels, a('in_channels'))
  return { weight: made.length === 0 ? made : [...made.slice(0, -1), inner], ...withBias(a, [out]) }
}

function packed(
  a: (name: string) => Value | undefined,
  rows: number | undefined,
  columns: number | undefined,
  rest: Readonly<Record<string, Dimensions>>,
) {
  const [bits, groupSize] = [a('bits') ? size(a('bits')) : 4, a('group_size') ? size(a('group_size')) : 64]
  const groups = columns !== undefined && groupSize ? columns / groupSize : undefined
  const words = columns !== undefined && bits ? (columns * bits) / 32 : undefined
  const mode = a('mode')
  const isAffine = mode === undefined || (mode.kind === 'const' && (mode.value === 'affine' || mode.value === null))
  return { weight: [rows, words], scales: [rows, groups], ...(isAffine ? { biases: [rows, groups] } : {}), ...rest }
}

const withoutParameters =
  /^(SiLU|GELU|ReLU|ReLU2|Sigmoid|Tanh|Dropout|RoPE|Identity|Softmax|Sequential|MultiHeadAttention|Module|ELU|LeakyReLU|GLU|Upsample|SinusoidalPositionalEncoding|(Avg|Max)Pool[123]d)$/

const transposedArguments = [
  ...['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation', 'output_padding', 'bias'],
] as const

/** An attention whose parts are not known may have parameters. */
const isWhole = (module: InstanceValue): boolean =>
  layerName(module) !== 'MultiHeadAttention' ||
  module.attributes.has('query_proj') ||
  module.attributes.has('queryProj')

/** Names of constructor arguments, in order, of the layers above. */
export const layerArguments: Readonly<Record<string, readonly string[]>> = {
  Linear: ['input_dims', 'output_dims', 'bias'],
  Embedding: ['num_embeddings', 'dims'],
  RMSNorm: ['dims', 'eps'],
  LayerNorm: ['dims', 'eps', 'affine', 'bias'],
  Conv1d: ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation', 'groups', 'bias'],
  Conv2d: ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation', 'groups', 'bias'],
  Conv3d: ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation', 'bias'],
  ConvTranspose1d: [...transposedArguments],
  ConvTranspose2d: [...transposedArguments],
  ConvTranspose3d: [...transposedArguments],
  GroupNorm: ['num_groups', 'dims', 'eps', 'affine', 'pytorch_compatible'],
  BatchNorm: ['num_features', 'eps', 'momentum', 'affine', 'track_running_stats'],
  InstanceNorm: ['dims', 'eps', 'affine'],
  PReLU: ['num_parameters', 'init'],
  RNN: ['input_size', 'hidden_size', 'bias', 'nonlinearity'],
  GRU: ['input_size', 'hidden_size', 'bias'],
  LSTM: ['input_size', 'hidden_size', 'bias'],
  ...Object.fromEntries(
    ['AvgPool1d', 'AvgPool2d', 'AvgPool3d', 'MaxPool1d', 'MaxPool2d', 'MaxPool3d'].map(
      name => [name, ['kernel_size', 'stride', 'padding']] as const,
    ),
  ),
  Upsample: ['scale_factor', 'mode', 'align_corners'],
  SinusoidalPositionalEncoding: ['dims', 'min_freq', 'max_freq', 'scale', 'cos_first', 'full_turns'],
  GLU: ['axis'],
  RoPE: ['dims', 'traditional', 'base', 'scale'],
  Dropout: ['p'],
  QuantizedLinear: ['input_dims', 'output_dims', 'bias', 'group_size', 'bits', 'mode'],
  QuantizedEmbedding: ['num_embeddings', 'dims', 'group_size', 'bits', 'mode'],
}

const notInScripts = /^(ConvTranspose|Conv3d|InstanceNorm|PReLU|GLU|Upsample|Sinusoidal|(Avg|Max)Pool)/

/** Where the binding for Node takes others: it has no groups. Source: @frost-beta/mlx 0.0.7, lib/nn/layers. */
export const scriptLayerArguments: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.entries(layerArguments).filter(([name]) => !notInScripts.test(name))),
  Conv1d: ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation', 'bias'],
  Conv2d: ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation', 'bias'],
}

/** What `nn.quantize` makes of a layer. */
export const packedLayers: Readonly<Record<string, string>> = {
  Linear: 'QuantizedLinear',
  Embedding: 'QuantizedEmbedding',
}

const isScript = ({ of }: InstanceValue): boolean => of.kind === 'library' && of.name.startsWith('frost.')

/** A layer's class without its library, or undefined for a class of the workspace. */
export const layerName = (module: InstanceValue): string | undefined =>
  module.of.kind === 'library' ? module.of.name.replace(/^.*\./, '') : undefined

/** Shapes that a layer's constructor gives its parameters; undefined for a layer that is not listed. */
export function layerParameters(module: InstanceValue): Readonly<Record<string, Dimensions>> | undefined {
  const name = layerName(module)
  const layer = name === undefined || !module.of || module.of.kind !== 'library' ? undefined : layers[name]
  return layer?.(n => module.attributes.get(n), isScript(module))
}

/** A layer of the library in a model, with the names of its parameters. */
export interface LayerAt {
  readonly path: string
  readonly layer: InstanceValue
  readonly name: string
  readonly parameters: readonly string[]
}

/** The layers of the library inside a module that can be told apart, with the names of their parameters. */
export const layersIn = (root: InstanceValue): readonly LayerAt[] =>
  modulesIn(root).modules.flatMap(({ path, module }) => {
    const name = module.isShared || module.standsFor ? undefined : layerName(module)
    const parameters = name === undefined ? undefined : layerParameters(module)
    return name !== undefined && parameters ? [{ path, layer: module, name, parameters: Object.keys(parameters) }] : []
  })

/** `model.load_weights(…)`, or `model.update(…)`, which is never strict: what the model was built with, and what it is given. */
export interface ModuleLoad {
  readonly call: Place
  readonly model: InstanceValue
  /** Undefined where the program decides that in a way that is not followed. */
  readonly strict: boolean | undefined
  readonly strictPlace: Place | undefined
  readonly parameters: ParameterTree
  /** The library's layers in it, as they are when asked. */
  layers(): readonly LayerAt[]
  /** Undefined where there may be others. */
  readonly given: ReadonlyMap<string, Value> | undefined
  readonly uncertain: boolean
  /** The program itself comes here, by calls of its own that have not failed before. */
  readonly reached: boolean
}

/** All parameters of a module and of those inside it. */
export function parametersIn(root: InstanceValue): ParameterTree {
  const found = modulesIn(root)
  const shapes = new Map<string, Dimensions>()
  let { open } = found
  for (const { path, module } of found.modules) {
    const name = layerName(module)
    const prefix = path ? `${path}.` : ''
    const layer = name === undefined ? undefined : layers[name]
    // A layer that may have been packed has these parameters or those.
    if (layer && module.attributes.get('weight')?.kind === 'unknown') open = true
    else if (layer)
      for (const [parameter, shape] of Object.entries(layer(n => module.attributes.get(n), isScript(module))))
        // What was set in the place of a scalar has the shape it came with.
        shapes.set(prefix + parameter, shape?.length === 0 && module.attributes.has(parameter) ? undefined : shape)
    else if (name !== undefined && !(withoutParameters.test(name) && isWhole(module))) open = true
    if (layer) continue
    for (const [attribute, v] of module.attributes) {
      if (attribute.startsWith('_')) continue
      if (v.kind === 'array') shapes.set(prefix + attribute, v.variants.length === 1 ? v.variants[0]?.shape : undefined)
    }
  }
  return { shapes, open }
}
