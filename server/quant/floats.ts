// Half precision (F16) and bfloat16 (BF16) to and from single precision, bit by bit, with round-to-nearest-even.
// JavaScript has no such arrays on Node 20, so a 16-bit float is handled as its bit pattern. A NaN becomes what MLX's
// CPU backend writes: F16 keeps the sign and gets the pattern 0x7D00, BF16 becomes 0x7FC0. Bytes are little-endian, as
// in safetensors, and so is every machine that Node runs on.
//
//   F32  s eeeeeeee mmmmmmmmmmmmmmmmmmmmmmm     BF16  s eeeeeeee mmmmmmm     F16  s eeeee mmmmmmmmmm

/** The floating dtypes, by their safetensors names, that scales, biases and decoded weights may have. */
export type FloatDType = 'F16' | 'BF16' | 'F32'

export const floatBytes: Readonly<Record<FloatDType, number>> = { F16: 2, BF16: 2, F32: 4 }

const value = new Float32Array(1)
const pattern = new Int32Array(value.buffer)

/** Bits of the single nearest to `x`. A NaN loses its payload. */
export function f32Bits(x: number): number {
  value[0] = x
  return (pattern[0] as number) >>> 0
}

/** The single with these bits. */
export function f32FromBits(bits: number): number {
  pattern[0] = bits
  return value[0] as number
}

/** F32 bits → F16 bits, rounded to nearest even; too large becomes infinity, too small a subnormal or zero. */
export function f16FromF32Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude >= 0x38800000) {
    if (magnitude >= 0x47800000) return magnitude > 0x7f800000 ? sign | 0x7d00 : sign | 0x7c00
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  }
  // Subnormal: 0.5 has the unit 2^-24 in F32, which is F16's smallest step, so the addition rounds as F16 would.
  pattern[0] = magnitude
  value[0] = (value[0] as number) + 0.5
  return sign | ((pattern[0] as number) - 0x3f000000)
}

/** F16 bits → F32 bits; exact, payloads of NaN included. */
export function f32BitsFromF16(bits: number): number {
  const sign = (bits & 0x8000) << 16
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return (sign | 0x7f800000 | (fraction << 13)) >>> 0
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0
  value[0] = fraction * 2 ** -24
  return (sign | (pattern[0] as number)) >>> 0
}

/** F32 bits → BF16 bits, rounded to nearest even. */
export function bf16FromF32Bits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0
  return ((bits >>> 16) + (((bits & 0xffff) + 0x7fff + ((bits >>> 16) & 1)) >>> 16)) & 0xffff
}

/** The F16 nearest to a finite single (or to a number that fround does not change), as a number. */
export function roundToF16(x: number): number {
  value[0] = x
  const bits = pattern[0] as number
  const magnitude = bits & 0x7fffffff
  if (magnitude < 0x38800000) {
    // Adding 0.75 · 2^29 leaves a double no digits below 2^-24, F16's smallest step.
    const rounded = x + 0x18000000 - 0x18000000
    return rounded === 0 ? x * 0 : rounded
  }
  pattern[0] =
    magnitude >= 0x477ff000 ? (bits & ~0x7fffff) | 0x7f800000 : (bits + 0xfff + ((bits >>> 13) & 1)) & ~0x1fff
  return value[0] as number
}

/** The BF16 nearest to a finite single (or to a number that fround does not change), as a number. */
export function roundToBF16(x: number): number {
  value[0] = x
  const bits = pattern[0] as number
  pattern[0] = (bits + 0x7fff + ((bits >>> 16) & 1)) & ~0xffff
  return value[0] as number
}

/** Little-endian bytes of a float array → F32 bit patterns, one per element; exact. */
export function f32BitsOf(bytes: Uint8Array, dtype: FloatDType): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Uint32Array(bytes.length / floatBytes[dtype])
  if (dtype === 'F32') for (let i = 0; i < out.length; i++) out[i] = view.getUint32(i * 4, true)
  else if (dtype === 'BF16') for (let i = 0; i < out.length; i++) out[i] = view.getUint16(i * 2, true) << 16
  else for (let i = 0; i < out.length; i++) out[i] = f32BitsFromF16(view.getUint16(i * 2, true))
  return out
}
