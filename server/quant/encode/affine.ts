// The tool's own affine quantizer: for F16, BF16 and F32 matrices it writes the very bytes of `mx.quantize` on CPU.
// It serves the sample workspace and tests; the product itself changes no weight. All arithmetic is in single precision,
// as MLX's is: hence Math.fround after every step. Ties round to even. Metal and CUDA differ in both, so never expect
// their bytes. Source: ml-explore/mlx, mlx/backend/cpu/quantized.cpp (quantize), and runs of MLX 0.32.4.

import { bf16FromF32Bits, f16FromF32Bits, f32Bits, f32BitsOf, floatBytes } from '../floats'
import type { FloatDType } from '../floats'

export interface AffineQuantized {
  /** `rows × columns·bits/32` words. */
  readonly weight: Uint32Array
  /** `rows × columns/groupSize` floats of the matrix's dtype, little-endian bytes. */
  readonly scales: Uint8Array
  readonly biases: Uint8Array
}

/**
 * Quantizes a row-major matrix, given as little-endian bytes of `dtype`. `groupSize` is 32, 64 or 128 and divides the
 * columns; `bits` is 1, 2, 3, 4, 5, 6 or 8.
 */
export function quantizeAffine(
  matrix: Uint8Array,
  dtype: FloatDType,
  groupSize: number,
  bits: number,
): AffineQuantized {
  const values = new Float32Array(f32BitsOf(matrix, dtype).buffer)
  const groups = values.length / groupSize
  const weight = new Uint32Array((values.length * bits) / 32)
  const scales = new Uint8Array(groups * floatBytes[dtype])
  const biases = new Uint8Array(groups * floatBytes[dtype])
  const putScale = putter(scales, dtype)
  const putBias = putter(biases, dtype)
  const bins = (1 << bits) - 1
  for (let group = 0; group < groups; group++) {
    const from = group * groupSize
    const { scale, bias } = groupParameters(values, from, groupSize, bits)
    for (let j = 0, bit = from * bits; j < groupSize; j++, bit += bits) {
      const steps = roundHalfEven(f(f((values[from + j] as number) - bias) / scale))
      const code = Math.min(Math.max(steps, 0), bins)
      const word = bit >>> 5
      const shift = bit & 31
      weight[word] = (weight[word] as number) | (code << shift)
      if (shift + bits > 32) weight[word + 1] = code >>> (32 - shift)
    }
    putScale(group, scale)
    putBias(group, bias)
  }
  return { weight, scales, biases }
}

const f = Math.fround

/**
 * Scale and bias of a group, still in single precision. The extreme value of larger magnitude is met exactly, and the
 * scale is negative where that is the maximum; with one bit the scale is plainly the range, and the bias the minimum.
 */
function groupParameters(values: Float32Array, from: number, count: number, bits: number) {
  let min = Infinity
  let max = -Infinity
  for (let i = from; i < from + count; i++) {
    const x = values[i] as number
    if (x > max) max = x
    if (x < min) min = x
  }
  const step = Math.max(f(f(max - min) / ((1 << bits) - 1)), f(1e-7))
  if (bits === 1) return { scale: step, bias: min }
  const minIsEdge = Math.abs(min) > Math.abs(max)
  const scale = minIsEdge ? step : -step
  const edge = minIsEdge ? min : max
  const steps = roundHalfEven(f(edge / scale))
  return steps === 0 ? { scale, bias: 0 } : { scale: f(edge / steps), bias: edge }
}

/** To the nearest integer, halves to the even one, as C's `rint`. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1
}

function putter(bytes: Uint8Array, dtype: FloatDType): (index: number, x: number) => void {
  const view = new DataView(bytes.buffer)
  if (dtype === 'F32') return (index, x) => view.setUint32(index * 4, f32Bits(x), true)
  const toBits = dtype === 'F16' ? f16FromF32Bits : bf16FromF32Bits
  return (index, x) => view.setUint16(index * 2, toBits(f32Bits(x)), true)
}
