// Layers of mlx.nn as functions: what a layer gives for its input, or what MLX says where it refuses it. A layer computes
// with what was set on it (`load_weights`, `layer.weight = …`), else with what its constructor made.
// Source: mlx/python/mlx/nn/layers of MLX 0.32.4.

import { anyArray, shaped, shapesOnly } from '../arrays/arrays'
import { callValue, libraryInstance, noArguments } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { carried } from '../arrays/heads'
import { unknown } from '../run/machine'
import { operate, refuse } from '../run/operate'
import { layerParameters } from '../arrays/parameters'
import { isFloat, promote } from '../shapes/dtypes'
import { broadcast, take } from '../shapes/elementwise'
import { layerNorm, normDType, rmsNorm, rope } from '../shapes/layers'
import { dequantize, type Operand, type Packing, parametersOf, quantizedMatmul } from '../shapes/packed'
import { convolve, matmul } from '../shapes/products'
import { type Dims, Refused, type ShapeResult } from '../shapes/shape'
import { type ArrayValue, type ArrayVariant, type InstanceValue, list, none, type Value } from '../values/value'
import { asArray, isNone, numberOf } from './arguments'
import { computing, ofOne } from './elementwise'
import { asFunction } from './mlxArray'
import { perAxis } from './mlxProducts'
import type { LibraryModel } from './index'
import { givenNumber, givenText } from './sinks'

export const lost = (c: LibraryCall): ArrayValue => ({
  ...anyArray(c.m.frame.activation),
  library: c.name.startsWith('frost.') ? 'frost' : 'mlx',
})

export const selfOf = (c: LibraryCall): InstanceValue | undefined => (c.self?.kind === 'instance' ? c.self : undefined)

/** A parameter as the layer has it now: null where it has none, undefined where that is not known. */
function parameter(c: LibraryCall, layer: InstanceValue, name: string): ArrayValue | null | undefined {
  const set = layer.attributes.get(name)
  if (set?.kind === 'array') return shapesOnly({ ...set, library: 'mlx' })
  const made = layerParameters(layer)
  if (!made || (set && set.kind !== 'const')) return undefined
  if (!(name in made)) return null
  const dtype = name === 'weight' && 'scales' in made ? 'U32' : 'F32'
  return shaped(made[name], c.m.frame.activation, dtype, 'mlx')
}

/** Runs a layer: its input first, then its parameters in order; those that it does not have are null. */
export function run(
  c: LibraryCall,
  names: readonly string[],
  f: (x: Operand, parameters: readonly (Operand | null)[]) => ShapeResult,
  result: (x: string | undefined, parameters: readonly (string | undefined)[]) => string | undefined = (x, all) =>
    all.reduce((a, b) => promote(a, b), x),
): Value {
  const layer = selfOf(c)
  const x = asArray(c, c.get(0, 'x'))
  const parameters = layer && names.map(name => parameter(c, layer, name))
  if (!x || !parameters || parameters.includes(undefined) || c.args.open) return lost(c)
  const arrays = parameters.filter(p => p !== null && p !== undefined)
  return operate(
    c,
    [x, ...arrays],
    ([v, ...rest]) => {
      const left = [...rest]
      const operands = parameters.map(p => (p === null ? null : operand(left.shift())))
      const shape = f(operand(v), operands)
      if (shape instanceof Refused) return shape
      const dtype = result(
        v?.dtype,
        rest.map(r => r.dtype),
      )
      return carried({ shape, dtype }, [v])
    },
    c.name.startsWith('frost.') ? 'frost' : 'mlx',
  )
}

const operand = (v: ArrayVariant | undefined): Operand => ({ shape: v?.shape, dtype: v?.dtype })
export const turned = (shape: Dims): Dims => shape && [...shape].reverse()

export const plus = (shape: ShapeResult, bias: Operand | null | undefined): ShapeResult =>
  shape instanceof Refused || !bias ? shape : broadcast(shape, bias.shape)

/** `weight * x + bias`, where there are any. */
const scaledBy = (x: Dims, [w, b]: readonly (Operand | null)[]): ShapeResult => {
  const made = w ? broadcast(w.shape, x) : x
  return plus(made, b)
}

const linear = (c: LibraryCall): Value =>
  run(c, ['weight', 'bias'], (x, [w, b]) =>
    plus(matmul(x.shape, turned(w?.shape), b && x.dtype !== 'C64' ? 'addmm' : 'matmul'), b),
  )

/** How a packed layer was made. */
function packing(layer: InstanceValue | undefined): Packing | Refused {
  const at = (name: string) => layer?.attributes.get(name)
  return parametersOf(
    {
      groupSize: givenNumber(at('groupSize') ?? at('group_size')),
      bits: givenNumber(at('bits')),
      mode: givenText(at('mode')),
    },
    'quantized_matmul',
  )
}

const members = ['weight', 'scales', 'biases'] as const
const nothing: Operand = { shape: undefined, dtype: undefined }

function quantizedLinear(c: LibraryCall, names: readonly string[] = [...members, 'bias']): Value {
  const how = packing(selfOf(c))
  if (how instanceof Refused) return lost(c)
  return run(
    c,
    names,
    (x, [w, s, biases, b]) => plus(quantizedMatmul(x, w ?? nothing, s ?? nothing, biases, how, true), b),
    (x, [, s]) => (how.mode === 'affine' ? floatOf(promote(x, s)) : x),
  )
}

const floatOf = (dtype: string | undefined) => (dtype !== undefined && isFloat(dtype) ? dtype : undefined)

const wholeOnly = (x: Operand): Refused | undefined =>
  x.dtype !== undefined && isFloat(x.dtype)
    ? new Refused(
        `indices of ${x.dtype}`,
        'whole numbers',
        '[gather] Got indices with invalid dtype. Indices must be integral.',
      )
    : x.dtype === 'BOOL'
      ? new Refused('indices of BOOL', 'whole numbers', 'boolean indices are not yet supported')
      : undefined

const embedding = (c: LibraryCall): Value =>
  run(
    c,
    ['weight'],
    (x, [w]) => wholeOnly(x) ?? take(w?.shape, x.shape, 0),
    (_, [w]) => w,
  )

function quantizedEmbedding(c: LibraryCall): Value {
  const how = packing(selfOf(c))
  if (how instanceof Refused) return lost(c)
  return run(
    c,
    members,
    (x, all) => {
      const bad = wholeOnly(x)
      if (bad) return bad
      const rows = all.map(p => p && { ...p, shape: takeRows(p.shape, x.shape) })
      const [w, s, b] = rows
      return dequantize(w ?? nothing, s ?? nothing, b, how)
    },
    (_, [, s]) => (how.mode === 'affine' ? s : undefined),
  )
}

function takeRows(table: Dims, ids: Dims): Dims {
  const made = take(table, ids, 0)
  return made instanceof Refused ? undefined : made
}

/** A convolution's own numbers. */
const convolution =
  (space: number) =>
  (c: LibraryCall): Value => {
    const at = (name: string) => selfOf(c)?.attributes.get(name)
    const groups = at('groups')
    return run(c, ['weight', 'bias'], (x, [w, b]) =>
      plus(
        convolve(
          x.shape,
          w?.shape,
          {
            stride: perAxis(c, at('stride'), 1, space),
            padding: perAxis(c, at('padding'), 0, space),
            dilation: perAxis(c, at('dilation'), 1, space),
            groups: groups === undefined ? 1 : numberOf(groups),
          },
          x.dtype,
        ),
        b,
      ),
    )
  }

/** What only changes the values. */
const alike = (c: LibraryCall): Value =>
  run(
    c,
    [],
    x => x.shape,
    x => x,
  )

/** Each of its modules on what the one before gives. */
function sequential(c: LibraryCall): Value {
  const layers = selfOf(c)?.attributes.get('layers')
  const items = layers && itemsOf(c.m, layers)
  let x = c.get(0, 'x')
  if (!items || !x) return lost(c)
  for (const layer of items) {
    const args = { positional: [{ value: x }], keywords: new Map(), open: false }
    x = callValue(c.m, layer, args, { expr: callOf(c), scope: c.scope, at: c.at })
  }
  return x
}

export const callOf = (c: LibraryCall) => ({
  kind: 'call' as const,
  callee: { kind: 'name' as const, name: 'layer', span: c.at.span },
  args: [],
  span: c.at.span,
})

function makeSequential(c: LibraryCall): Value {
  const made = libraryInstance(c.m, c.name, noArguments)
  made.attributes.set(
    'layers',
    list(
      c.args.positional.map(a => a.value),
      'list',
      c.args.open,
    ),
  )
  return made
}

/** `QuantizedLinear.from_linear(layer, …)` is the same, seen from the other side. */
const fromLayer = (c: LibraryCall): Value => {
  const layer = c.get(0, 'linear_layer', 'embedding_layer')
  return layer?.kind === 'instance' ? toQuantized(c, layer, 1) : unknown(c.m, c.name)
}

/** Packs a layer as `to_quantized` does: the columns must be a multiple of the group. */
function toQuantized(c: LibraryCall, layer = selfOf(c), before = 0): Value {
  const name = layer?.of.kind === 'library' ? layer.of.name.replace(/^.*\./, '') : ''
  if (!layer || !/^(Linear|Embedding)$/.test(name)) return unknown(c.m, c.name)
  const made = libraryInstance(c.m, `mlx.nn.Quantized${name}`, noArguments)
  for (const key of ['input_dims', 'output_dims', 'num_embeddings', 'dims', 'bias'])
    if (layer.attributes.has(key)) made.attributes.set(key, layer.attributes.get(key) ?? none)
  for (const [i, key] of ['group_size', 'bits', 'mode'].entries()) {
    const given = c.get(i + before, key)
    if (given && !isNone(given)) made.attributes.set(key, given)
  }
  const rows = parameter(c, layer, 'weight')?.variants[0]?.shape
  const columns = rows?.[rows.length - 1]
  const how = packing(made)
  if (!(how instanceof Refused) && columns !== undefined && how.groupSize && columns % how.groupSize !== 0)
    refuse(
      c,
      new Refused(
        `the weight has ${columns} columns`,
        `a multiple of ${how.groupSize}`,
        `[quantize] The last dimension of the matrix needs to be divisible by the quantization group size ${how.groupSize}.`,
      ),
      [],
      'mlx',
    )
  return made
}

const activations =
  'silu relu relu2 gelu gelu_approx gelu_fast_approx sigmoid tanh elu selu celu softplus softsign mish hardswish hard_tanh leaky_relu log_sigmoid relu6'
const classes =
  'SiLU ReLU ReLU2 GELU Sigmoid Tanh ELU SELU CELU Softplus Softsign Mish Hardswish LeakyReLU LogSigmoid ReLU6 Dropout Dropout2d Dropout3d Identity BatchNorm Softmax LogSoftmax'

export const mlxLayers: LibraryModel = {
  calls: {
    'mlx.nn.Linear.__call__': linear,
    'mlx.nn.QuantizedLinear.__call__': c => quantizedLinear(c),
    'mlx.nn.Embedding.__call__': embedding,
    'mlx.nn.QuantizedEmbedding.__call__': quantizedEmbedding,
    'mlx.nn.Embedding.as_linear': c => run(c, ['weight'], (x, [w]) => matmul(x.shape, turned(w?.shape))),
    'mlx.nn.QuantizedEmbedding.as_linear': c => quantizedLinear(c, members),
    'frost.nn.Embedding.asLinear': c => run(c, ['weight'], (x, [w]) => matmul(x.shape, turned(w?.shape))),
    'frost.nn.QuantizedEmbedding.asLinear': c => quantizedLinear(c, members),
    'mlx.nn.RMSNorm.__call__': c =>
      run(c, ['weight'], (x, [w]) => rmsNorm(x.shape, w && w.shape, normDType(x.dtype, w && w.dtype))),
    'mlx.nn.LayerNorm.__call__': c =>
      run(c, ['weight', 'bias'], (x, [w, b]) =>
        layerNorm(x.shape, w && w.shape, b && b.shape, normDType(x.dtype, w && w.dtype, b && b.dtype)),
      ),
    'mlx.nn.RoPE.__call__': c =>
      run(
        c,
        [],
        x => rope(x.shape, numberOf(selfOf(c)?.attributes.get('dims')), x.dtype),
        x => x,
      ),
    'mlx.nn.GroupNorm.__call__': c => run(c, ['weight', 'bias'], (x, all) => scaledBy(x.shape, all)),
    'mlx.nn.InstanceNorm.__call__': c => run(c, ['weight', 'bias'], (x, all) => scaledBy(x.shape, all)),
    'mlx.nn.Conv1d.__call__': convolution(1),
    'mlx.nn.Conv3d.__call__': convolution(3),
    'frost.nn.Conv1d.forward': convolution(1),
    'frost.nn.Conv2d.forward': convolution(2),
    'mlx.nn.Conv2d.__call__': convolution(2),
    'mlx.nn.Sequential': makeSequential,
    'mlx.nn.Sequential.__call__': sequential,
    'frost.nn.Sequential': makeSequential,
    'frost.nn.Sequential.forward': sequential,
    'mlx.nn.Linear.to_quantized': c => toQuantized(c),
    'mlx.nn.Embedding.to_quantized': c => toQuantized(c),
    'mlx.nn.QuantizedLinear.from_linear': fromLayer,
    'mlx.nn.QuantizedEmbedding.from_embedding': fromLayer,
    ...Object.fromEntries(classes.split(' ').map(name => [`mlx.nn.${name}.__call__`, alike])),
    ...Object.fromEntries(activations.split(' ').map(name => [`mlx.nn.${name}`, asFunction(ofOne(d => d))])),
    'mlx.nn.step': asFunction(ofOne(() => 'I32')),
    ...Object.fromEntries(
      ['softmax', 'log_softmax'].flatMap(name => {
        const operation = computing['softmax']
        return operation ? [[`mlx.nn.${name}`, asFunction(operation)] as const] : []
      }),
    ),
  },
}
