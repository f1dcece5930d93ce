// What MLX itself says to a triple, in its own words (ml-explore/mlx ops.cpp 0.32.4), so that people who come with the
// error text recognise it.

import type { Delivery } from '../interp/deliveries'

const lead = (shape: readonly number[]) => JSON.stringify(shape.slice(0, -1))

/** A sentence that names the operation and the error it raises, or what it does silently instead. */
export function mlxError({ sink, weight, scales, biases }: Delivery): string {
  if (sink.op === 'save_safetensors') return 'written to a file here; MLX cannot decode it from there'
  if (sink.op === 'dequantize') {
    if (weight.dtype !== 'U32') return 'mx.dequantize raises "[dequantize] The matrix should be given as a uint32"'
    const subject = biases ? 'scales and biases' : 'scales'
    const differ = lead(weight.shape) !== lead(scales.shape) || (biases && lead(weight.shape) !== lead(biases.shape))
    const rest = differ ? '' : ' given the quantization parameters'
    return `mx.dequantize raises "[dequantize] Shape of ${subject} does not match the matrix${rest}"`
  }
  if (weight.dtype !== 'U32') return `mx.${sink.op} raises "[${sink.op}] The weight matrix should be uint32"`
  return `mx.${sink.op} raises "[${sink.op}] The shapes of the weight and scales are incompatible based on bits and group_size"`
}
