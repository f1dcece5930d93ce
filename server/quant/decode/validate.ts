// The checks of `mx.dequantize` on CPU, in MLX's order and MLX's words, from shapes and dtypes alone.
// MLX 0.32.4 looks at mode, dtypes, numbers, leading dimensions and widths; what it lets pass (odd bits and groups,
// biases of one column) passes here too. Source: ml-explore/mlx, mlx/ops.cpp, and runs; docs say less than the code does.

import { mlxDtype, promotesToFloating } from './mlxDtype'

export interface ShapedTensor {
  /** Safetensors name. */
  readonly dtype: string
  /** As delivered to MLX, in elements. */
  readonly shape: readonly number[]
}

export interface DequantizeCall {
  readonly weight: ShapedTensor
  readonly scales: ShapedTensor
  readonly biases?: ShapedTensor
  readonly groupSize: number
  readonly bits: number
  readonly mode: string
}

/** The pair that each mode without biases insists on. */
const fixedModes: ReadonlyMap<string, { readonly groupSize: number; readonly bits: number }> = new Map([
  ['mxfp4', { groupSize: 32, bits: 4 }],
  ['mxfp8', { groupSize: 32, bits: 8 }],
  ['nvfp4', { groupSize: 16, bits: 4 }],
])

/** The text of the exception that MLX raises; undefined where it decodes. */
export function validateDequantize(call: DequantizeCall): string | undefined {
  const { weight, scales, biases, groupSize, bits, mode } = call
  for (const { dtype } of biases ? [weight, scales, biases] : [weight, scales]) {
    if (mlxDtype(dtype) === undefined) return `[safetensor] unsupported dtype ${dtype}`
  }
  const fixed = fixedModes.get(mode)
  const scalesDtype = mlxDtype(scales.dtype) ?? ''
  if (mode !== 'affine' && !fixed) return `[dequantize] Invalid quantization mode '${mode}'.`
  if (!fixed) {
    if (!biases) return '[dequantize] Biases must be provided for affine quantization.'
    const biasesDtype = mlxDtype(biases.dtype) ?? ''
    if (!promotesToFloating(scalesDtype, biasesDtype)) {
      return `[dequantize] Only real floating types are supported but scales.dtype() == ${scalesDtype} and biases.dtype() == ${biasesDtype}.`
    }
  } else {
    if (scalesDtype !== 'uint8') return `[dequantize] Scale type must be uint8 but received type ${scalesDtype}.`
    if (biases) return `[dequantize] Biases must be null for quantization mode '${mode}'.`
  }
  if (bits <= 0) return `[dequantize] Invalid value for bits: ${bits}`
  if (groupSize <= 0) return `[dequantize] Invalid value for group_size: ${groupSize}`
  if (mlxDtype(weight.dtype) !== 'uint32') return '[dequantize] The matrix should be given as a uint32'
  if (weight.shape.length < 2) {
    return `[dequantize] The matrix to be dequantized must have at least 2 dimension but it has only ${weight.shape.length}.`
  }
  if (fixed) return validateFixed(call, fixed)
  return biases && validateAffine(call, biases.shape)
}

function validateFixed(call: DequantizeCall, fixed: { groupSize: number; bits: number }): string | undefined {
  const { weight, scales, groupSize, bits, mode } = call
  if (groupSize !== fixed.groupSize) {
    return `[dequantize] ${mode} quantization requires group size ${fixed.groupSize} but got ${groupSize}.`
  }
  if (bits !== fixed.bits) {
    return `[dequantize] ${mode} quantization requires bits to be ${fixed.bits} but got ${bits}.`
  }
  if (!sameLeading(weight.shape, scales.shape)) return '[dequantize] Shape of scales does not match the matrix'
  if (expandedColumns(weight.shape, bits) !== last(scales.shape) * groupSize) {
    return `[dequantize] Shape of scales does not match the matrix given the quantization parameters. Provided matrix of shape ${showShape(weight.shape)} and scales of shape ${showShape(scales.shape)}.`
  }
  return undefined
}

function validateAffine(call: DequantizeCall, biases: readonly number[]): string | undefined {
  const { groupSize, bits } = call
  const weight = call.weight.shape
  const scales = call.scales.shape
  if (!sameLeading(weight, scales) || !sameLeading(weight, biases)) {
    return '[dequantize] Shape of scales and biases does not match the matrix'
  }
  if (expandedColumns(weight, bits) !== last(scales) * groupSize) {
    return `[dequantize] Shape of scales and biases does not match the matrix given the quantization parameters. Provided matrix of shape ${showShape(weight)} and scales/biases of shape ${showShape(scales)} with group_size=${groupSize} and bits=${bits}.`
  }
  // From here on MLX only computes, and its shape arithmetic may still refuse.
  const leading = weight.slice(0, -1)
  if (leading.includes(0)) return '[reshape] Cannot infer the shape of an empty array'
  if ((last(weight) * 32) % bits !== 0 && !isPowerOfTwo(bits)) {
    const size = weight.reduce((a, b) => a * b, 32)
    return `[reshape] Cannot reshape array of size ${size} into shape ${showShape([...leading, expandedColumns(weight, bits), bits])}.`
  }
  if (last(scales) !== last(biases) && last(scales) !== 1 && last(biases) !== 1) {
    return `[broadcast_shapes] Shapes ${showShape([...scales, groupSize])} and ${showShape([...biases, 1])} cannot be broadcast.`
  }
  return undefined
}

/** A shape as MLX prints it in messages: `(64,32)`. */
export function showShape(shape: readonly number[]): string {
  return `(${shape.join(',')})`
}

const last = (shape: readonly number[]): number => shape[shape.length - 1] ?? 0
const expandedColumns = (weight: readonly number[], bits: number): number => Math.floor((last(weight) * 32) / bits)
const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n))

function sameLeading(first: readonly number[], second: readonly number[]): boolean {
  return first.length === second.length && first.slice(0, -1).every((size, axis) => size === second[axis])
}
