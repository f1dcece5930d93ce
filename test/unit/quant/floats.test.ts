// Conversions of floats, over every 16-bit pattern.

import { describe, expect, it } from 'vitest'
import {
  bf16FromF32Bits,
  f16FromF32Bits,
  f32Bits,
  f32BitsFromF16,
  f32FromBits,
  roundToBF16,
  roundToF16,
} from '../../../server/quant/floats'

/** The value of an F16, from its definition. */
function f16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24)
}

const patterns = Array.from({ length: 65536 }, (_, bits) => bits)

describe('F16', () => {
  it('is decoded as defined, every pattern', () => {
    expect(patterns.filter(bits => !Object.is(f32FromBits(f32BitsFromF16(bits)), f16Value(bits)))).toEqual([])
  })

  it('comes back from F32, every pattern that is a number', () => {
    const numbers = patterns.filter(bits => !Number.isNaN(f16Value(bits)))
    expect(numbers.filter(bits => f16FromF32Bits(f32BitsFromF16(bits)) !== bits)).toEqual([])
    expect(
      numbers.filter(bits => Number.isFinite(f16Value(bits)) && !Object.is(roundToF16(f16Value(bits)), f16Value(bits))),
    ).toEqual([])
  })

  it('rounds the middle between neighbours to the even one, and a hair beside it to the nearer', () => {
    const wrong = patterns.slice(0, 0x7bff).filter(low => {
      const middle = (f16Value(low) + f16Value(low + 1)) / 2
      const bits = f32Bits(middle)
      const even = low & 1 ? low + 1 : low
      return (
        f16FromF32Bits(bits) !== even ||
        f16FromF32Bits(bits - 1) !== low ||
        f16FromF32Bits(bits + 1) !== low + 1 ||
        roundToF16(middle) !== f16Value(even) ||
        roundToF16(-middle) !== -f16Value(even)
      )
    })
    expect(wrong).toEqual([])
  })

  it('overflows to infinity from 65520 on, keeps the sign of zero, and writes NaN as MLX does', () => {
    expect(f16FromF32Bits(f32Bits(65519.996))).toBe(0x7bff)
    expect(f16FromF32Bits(f32Bits(65520))).toBe(0x7c00)
    expect(f16FromF32Bits(f32Bits(-1e30))).toBe(0xfc00)
    expect(roundToF16(65520)).toBe(Infinity)
    expect(f16FromF32Bits(f32Bits(-0))).toBe(0x8000)
    expect(Object.is(roundToF16(-0), -0)).toBe(true)
    expect(Object.is(roundToF16(-1e-9), -0)).toBe(true)
    expect(f16FromF32Bits(0xffc00001)).toBe(0xfd00)
  })
})

describe('BF16', () => {
  it('comes back from F32, every pattern that is a number', () => {
    const numbers = patterns.filter(bits => (bits & 0x7fff) <= 0x7f80)
    expect(numbers.filter(bits => bf16FromF32Bits(bits << 16) !== bits)).toEqual([])
  })

  it('rounds the middle between neighbours to the even one, and a hair beside it to the nearer', () => {
    const wrong = patterns.slice(0, 0x7f80).filter(low => {
      const middle = (low << 16) | 0x8000
      const even = low & 1 ? low + 1 : low
      return (
        bf16FromF32Bits(middle) !== even ||
        bf16FromF32Bits(middle - 1) !== low ||
        bf16FromF32Bits(middle + 1) !== low + 1 ||
        roundToBF16(f32FromBits(middle)) !== f32FromBits(even << 16)
      )
    })
    expect(wrong).toEqual([])
  })

  it('writes NaN as MLX does', () => {
    expect(bf16FromF32Bits(0xff800001)).toBe(0x7fc0)
    expect(bf16FromF32Bits(0x7f800000)).toBe(0x7f80)
  })
})
