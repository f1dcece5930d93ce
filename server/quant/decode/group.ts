// Decodes the codes of one group: rnd_T(rnd_S(code · scale) + bias), bit for bit as MLX's CPU backend does, NaN included.
// There is one loop per kind of result, because V8 compiles a loop over typed arrays of two kinds several times slower.
// Numbers are JavaScript doubles in between. A double has more than twice the digits of a single and two more, and a
// single those of F16 and BF16, so a sum or product that is rounded to one and then to the other is rounded right.

import { bf16FromF32Bits, f16FromF32Bits, f32BitsFromF16, roundToBF16, roundToF16 } from '../floats'
import type { FloatDType } from '../floats'

/** Writes the results of the first `count` codes, as bits, to `out` from `at` on. `scale` and `bias` are F32 bits. */
export type GroupDecoder<Cells> = (
  codes: Float32Array,
  count: number,
  scale: number,
  bias: number,
  out: Cells,
  at: number,
) => void

const float = new Float32Array(2)
const bitsOf = new Int32Array(float.buffer)

const decodeF16: GroupDecoder<Uint16Array> = (codes, count, scale, bias, out, at) => {
  if (isSpecial(scale) || isSpecial(bias)) return decodeSpecial(codes, count, scale, bias, out, at, 'F16', 'F16')
  bitsOf[0] = scale
  bitsOf[1] = bias
  const s = float[0] as number
  const b = float[1] as number
  for (let j = 0; j < count; j++) {
    float[0] = roundToF16((codes[j] as number) * s) + b
    out[at + j] = f16FromF32Bits(bitsOf[0] as number)
  }
}

const decodeBF16: GroupDecoder<Uint16Array> = (codes, count, scale, bias, out, at) => {
  if (isSpecial(scale) || isSpecial(bias)) return decodeSpecial(codes, count, scale, bias, out, at, 'BF16', 'BF16')
  bitsOf[0] = scale
  bitsOf[1] = bias
  const s = float[0] as number
  const b = float[1] as number
  for (let j = 0; j < count; j++) {
    float[0] = roundToBF16((codes[j] as number) * s) + b
    out[at + j] = bf16FromF32Bits(bitsOf[0] as number)
  }
}

const decodeF32: GroupDecoder<Uint32Array> = (codes, count, scale, bias, out, at) => {
  if (isSpecial(scale) || isSpecial(bias)) return decodeSpecial(codes, count, scale, bias, out, at, 'F32', 'F32')
  bitsOf[0] = scale
  bitsOf[1] = bias
  const s = float[0] as number
  const b = float[1] as number
  for (let j = 0; j < count; j++) {
    float[0] = Math.fround((codes[j] as number) * s) + b
    out[at + j] = bitsOf[0] as number
  }
}

/** F16 or BF16 scales with biases of another dtype: the product is rounded to the scales' dtype, the sum to F32. */
const decodeMixed =
  (scales: 'F16' | 'BF16'): GroupDecoder<Uint32Array> =>
  (codes, count, scale, bias, out, at) => {
    if (isSpecial(scale) || isSpecial(bias)) return decodeSpecial(codes, count, scale, bias, out, at, scales, 'F32')
    const round = scales === 'F16' ? roundToF16 : roundToBF16
    bitsOf[0] = scale
    bitsOf[1] = bias
    const s = float[0] as number
    const b = float[1] as number
    for (let j = 0; j < count; j++) {
      float[0] = round((codes[j] as number) * s) + b
      out[at + j] = bitsOf[0] as number
    }
  }

/** Slower, for codes that may themselves be infinite: wide ones, cast to F16. */
export const carefulDecoder =
  (scales: FloatDType, result: FloatDType): GroupDecoder<Uint16Array | Uint32Array> =>
  (codes, count, scale, bias, out, at) =>
    decodeSpecial(codes, count, scale, bias, out, at, scales, result)

/** Decoders to the 16-bit dtypes, where scales and biases share the result's. */
export const decodersTo16 = { F16: decodeF16, BF16: decodeBF16 } as const

/** Decoders to F32, by the dtype of the scales. */
export const decodersTo32 = { F16: decodeMixed('F16'), BF16: decodeMixed('BF16'), F32: decodeF32 } as const

/**
 * For groups whose scale, bias or codes may be NaN or infinite. JavaScript does not keep the bits of a NaN, MLX does, so they are
 * worked out here, as x86-64 does: an operand's NaN is handed on (made quiet), the product's before the bias's, and a
 * new one (infinity times zero, infinity less infinity) has the sign bit set. Processors with another rule for new NaN
 * differ in that one bit.
 */
function decodeSpecial(
  codes: Float32Array,
  count: number,
  scale: number,
  bias: number,
  out: Uint16Array | Uint32Array,
  at: number,
  scales: FloatDType,
  result: FloatDType,
) {
  const toProduct = throughDType[scales]
  const toResult = toBits[result]
  for (let j = 0; j < count; j++) {
    bitsOf[0] = scale
    float[0] = (codes[j] as number) * (float[0] as number)
    const product = toProduct(
      isNaNBits(scale) ? quiet(scale) : isNaNBits(bitsOf[0] as number) ? newNaN : (bitsOf[0] as number),
    )
    if (isNaNBits(product)) out[at + j] = toResult(quiet(product))
    else if (isNaNBits(bias)) out[at + j] = toResult(quiet(bias))
    else {
      bitsOf[0] = product
      bitsOf[1] = bias
      float[0] = (float[0] as number) + (float[1] as number)
      out[at + j] = toResult(isNaNBits(bitsOf[0] as number) ? newNaN : (bitsOf[0] as number))
    }
  }
}

const newNaN = 0xffc00000
const isSpecial = (bits: number): boolean => (bits & 0x7f800000) === 0x7f800000
const isNaNBits = (bits: number): boolean => (bits & 0x7fffffff) > 0x7f800000
const quiet = (bits: number): number => bits | 0x400000

const toBits: Readonly<Record<FloatDType, (f32Bits: number) => number>> = {
  F16: f16FromF32Bits,
  BF16: bf16FromF32Bits,
  F32: bits => bits,
}
const throughDType: Readonly<Record<FloatDType, (f32Bits: number) => number>> = {
  F16: bits => f32BitsFromF16(f16FromF32Bits(bits)),
  BF16: bits => bf16FromF32Bits(bits) << 16,
  F32: bits => bits,
}
