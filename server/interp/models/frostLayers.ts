// What the layers of the binding's `nn` give for an input: shapes, and what MLX refuses. A layer knows its sizes from its
// constructor, until somebody sets its weight. Source: lib/nn/layers of @frost-beta/mlx 0.0.7.

import { anyArray } from '../arrays/arrays'
import { layerParameters } from '../arrays/parameters'
import type { LibraryCall } from '../run/libraryCall'
import { carried } from '../arrays/heads'
import { operate } from '../run/operate'
import { promote } from '../shapes/dtypes'
import { olderNorm } from '../shapes/layers'
import { matmul } from '../shapes/products'
import { type Dims, Refused, type ShapeResult, show } from '../shapes/shape'
import { type InstanceValue, isNumber, type Value } from '../values/value'
import type { LibraryModel } from './index'

const sizeOf = (layer: InstanceValue, name: string): number | undefined => {
  const v = layer.attributes.get(name)
  return v && isNumber(v) ? v.value : undefined
}

/** The shape of a parameter that was set on the layer; what the constructor makes where none was. */
function shapeOf(layer: InstanceValue, name: string, made: Dims): Dims {
  const set = layer.attributes.get(name)
  if (set === undefined) return made
  return set.kind === 'array' && set.variants.length === 1 ? set.variants[0]?.shape : undefined
}

type Forward = (layer: InstanceValue, x: Dims) => ShapeResult

/** The dtype of a parameter that the constructor makes, unless the program set another. */
const made = (layer: InstanceValue, name: string): string | undefined => {
  const set = layer.attributes.get(name)
  if (set === undefined) return 'F32'
  return set.kind === 'array' && set.variants.length === 1 ? set.variants[0]?.dtype : undefined
}

const forward =
  (f: Forward, dtypeOf: (x: string | undefined, parameter: string | undefined) => string | undefined = promote) =>
  (c: LibraryCall): Value => {
    const x = c.get(0)
    if (c.self?.kind !== 'instance' || x?.kind !== 'array') return anyArray(c.m.frame.activation)
    const layer = c.self
    const name = layer.attributes.has('scales') || !layer.attributes.has('weight') ? 'scales' : 'weight'
    return operate(
      c,
      [x],
      ([v]) => {
        const shape = f(layer, v?.shape)
        if (shape instanceof Refused) return shape
        return carried({ shape, dtype: dtypeOf(v?.dtype, made(layer, name)) }, [v])
      },
      'frost',
    )
  }

const asInput = (x: string | undefined) => x
const asWeight = (_: string | undefined, weight: string | undefined) => weight

/** x [..., in] times W^T, W [out, in]. */
const linear: Forward = (layer, x) => {
  const weight = shapeOf(layer, 'weight', layerParameters(layer)?.['weight'])
  const bias = layer.attributes.get('bias')
  const isPlain = bias?.kind === 'const' && bias.value === false
  return matmul(x, weight && [...weight].reverse(), isPlain ? 'matmul' : 'addmm')
}

/** Numbers of rows become rows. */
const embedding: Forward = (layer, x) => {
  const weight = shapeOf(layer, 'weight', layerParameters(layer)?.['weight'])
  return x && weight && [...x, weight[weight.length - 1]]
}

/** The packed layers, by the sizes of what they unpack to; a weight that was set is judged where it is handed over. */
const packedLinear: Forward = (layer, x) => {
  const isSet = layer.attributes.has('weight')
  const [rows, words] = (isSet ? shapeOf(layer, 'weight', undefined) : undefined) ?? []
  const bits = layer.attributes.has('bits') ? sizeOf(layer, 'bits') : 4
  // A plain weight that `nn.quantize` packs has its own columns until then.
  const isPacked = made(layer, 'weight') === 'U32'
  const unpacked = words === undefined || bits === undefined || !isPacked ? undefined : (words * 32) / bits
  const [columns, width] = isSet ? [rows, unpacked] : [sizeOf(layer, 'output_dims'), sizeOf(layer, 'input_dims')]
  const last = x?.[x.length - 1]
  if (x && last !== undefined && width !== undefined && last !== width) {
    const text = `[quantized_matmul] Last dimension of first input with shape (..., ${last}) does not match the expanded quantized matrix`
    return new Refused(`an input of ${show(x)}`, `${width} columns`, text)
  }
  return x && [...x.slice(0, -1), columns]
}

const packedEmbedding: Forward = (layer, x) =>
  x && [...x, layer.attributes.has('weight') ? undefined : sizeOf(layer, 'dims')]

const activations =
  'SiLU GELU ReLU Sigmoid Tanh Mish LeakyReLU ELU ReLU6 Softmax Softplus Softsign CELU LogSoftmax LogSigmoid Hardswish SELU'

const same: Forward = (_, x) => x

export const frostLayers: LibraryModel = {
  calls: {
    'frost.nn.Linear.forward': forward(linear),
    'frost.nn.Embedding.forward': forward(embedding, asWeight),
    'frost.nn.QuantizedLinear.forward': forward(packedLinear),
    'frost.nn.QuantizedEmbedding.forward': forward(packedEmbedding, asWeight),
    'frost.nn.RMSNorm.forward': forward((layer, x) =>
      olderNorm(x, shapeOf(layer, 'weight', [sizeOf(layer, 'dims')]), null),
    ),
    'frost.nn.LayerNorm.forward': forward(same),
    'frost.nn.RoPE.forward': forward(same, asInput),
    'frost.nn.Dropout.forward': forward(same, asInput),
    'frost.nn.Identity.forward': forward(same, asInput),
    ...Object.fromEntries(
      activations.split(' ').map(name => [`frost.nn.${name}.forward`, forward(same, asInput)] as const),
    ),
  },
}
