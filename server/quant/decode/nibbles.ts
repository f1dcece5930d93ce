// The fast path for 4 bits, the width of nearly every checkpoint: a group has sixteen codes but 32 elements and more, so
// each code is decoded once per group, and the words are looked up in that table. Falls back to group.ts for groups
// whose products could be subnormal, overflow or be no numbers. Same bytes as there, several times as fast.

import { bf16FromF32Bits, f16FromF32Bits } from '../floats'
import { decodersTo16 } from './group'

const float = new Float32Array(16)
const bitsOf = new Int32Array(float.buffer)

// Bound here once: a function called through its module is not inlined where modules are not bundled.
const toF16 = f16FromF32Bits
const toBF16 = bf16FromF32Bits
const decodeF16 = decodersTo16.F16
const decodeBF16 = decodersTo16.BF16

/** The sixteen codes. */
export const ladder = Float32Array.from({ length: 16 }, (_, code) => code)

/** Puts the bits of the sixteen results of a group into `table`. `scale` and `bias` are F32 bits. */
export type TableFiller<Table> = (scale: number, bias: number, table: Table) => void

export const fillF16: TableFiller<Uint16Array> = (scale, bias, table) => {
  // Products are normal halves from 2^-14 on, and none overflows where 15 times the scale stays below 2^16.
  const magnitude = scale & 0x7fffffff
  if (magnitude < 0x38800000 || magnitude >= 0x45800000 || (bias & 0x7f800000) === 0x7f800000) {
    decodeF16(ladder, 16, scale, bias, table, 0)
    return
  }
  sums(scale, bias, 1.5 * 2 ** 42)
  for (let code = 0; code < 16; code++) table[code] = toF16(bitsOf[code] as number)
}

export const fillBF16: TableFiller<Uint16Array> = (scale, bias, table) => {
  const magnitude = scale & 0x7fffffff
  if (magnitude < 0x00800000 || magnitude >= 0x7d000000 || (bias & 0x7f800000) === 0x7f800000) {
    decodeBF16(ladder, 16, scale, bias, table, 0)
    return
  }
  sums(scale, bias, 1.5 * 2 ** 45)
  for (let code = 0; code < 16; code++) table[code] = toBF16(bitsOf[code] as number)
}

/**
 * Leaves code · scale, rounded, plus bias in `float`. Adding and subtracting `ulps` times a power of two that is right
 * for the product's binade leaves no digits below its unit, rounded half to even. Only the odd codes from 3 on need
 * it: doubling is exact.
 */
function sums(scale: number, bias: number, ulps: number) {
  bitsOf[0] = scale
  bitsOf[1] = bias
  bitsOf[2] = scale & 0x7f800000
  const s = float[0] as number
  const b = float[1] as number
  const unit = (float[2] as number) * ulps
  const mantissa = Math.abs(s / (float[2] as number))
  const by3 = roundBy(3 * s, (mantissa * 3 >= 4 ? 4 : 2) * unit)
  const by5 = roundBy(5 * s, (mantissa * 5 >= 8 ? 8 : 4) * unit)
  const by7 = roundBy(7 * s, (mantissa * 7 >= 8 ? 8 : 4) * unit)
  const by9 = roundBy(9 * s, (mantissa * 9 >= 16 ? 16 : 8) * unit)
  const by11 = roundBy(11 * s, (mantissa * 11 >= 16 ? 16 : 8) * unit)
  const by13 = roundBy(13 * s, (mantissa * 13 >= 16 ? 16 : 8) * unit)
  const by15 = roundBy(15 * s, (mantissa * 15 >= 16 ? 16 : 8) * unit)
  float[0] = 0 * s + b
  float[1] = s + b
  float[2] = 2 * s + b
  float[3] = by3 + b
  float[4] = 4 * s + b
  float[5] = by5 + b
  float[6] = 2 * by3 + b
  float[7] = by7 + b
  float[8] = 8 * s + b
  float[9] = by9 + b
  float[10] = 2 * by5 + b
  float[11] = by11 + b
  float[12] = 4 * by3 + b
  float[13] = by13 + b
  float[14] = 2 * by7 + b
  float[15] = by15 + b
}

const roundBy = (x: number, shift: number): number => x + shift - shift

/** Eight codes of each word to four pairs of 16-bit cells. */
export function lookUpPairs(
  words: Uint32Array,
  from: number,
  count: number,
  table: Uint16Array,
  pairs: Uint32Array,
  to: number,
): void {
  for (let i = from, end = from + count; i < end; i++, to += 4) {
    const word = words[i] as number
    pairs[to] = (table[word & 15] as number) | ((table[(word >>> 4) & 15] as number) << 16)
    pairs[to + 1] = (table[(word >>> 8) & 15] as number) | ((table[(word >>> 12) & 15] as number) << 16)
    pairs[to + 2] = (table[(word >>> 16) & 15] as number) | ((table[(word >>> 20) & 15] as number) << 16)
    pairs[to + 3] = (table[(word >>> 24) & 15] as number) | ((table[word >>> 28] as number) << 16)
  }
}

/** Eight codes of each word to eight 32-bit cells. */
export function lookUpCells(
  words: Uint32Array,
  from: number,
  count: number,
  table: Int32Array,
  cells: Int32Array,
  to: number,
): void {
  for (let i = from, end = from + count; i < end; i++, to += 8) {
    const word = words[i] as number
    cells[to] = table[word & 15] as number
    cells[to + 1] = table[(word >>> 4) & 15] as number
    cells[to + 2] = table[(word >>> 8) & 15] as number
    cells[to + 3] = table[(word >>> 12) & 15] as number
    cells[to + 4] = table[(word >>> 16) & 15] as number
    cells[to + 5] = table[(word >>> 20) & 15] as number
    cells[to + 6] = table[(word >>> 24) & 15] as number
    cells[to + 7] = table[word >>> 28] as number
  }
}
