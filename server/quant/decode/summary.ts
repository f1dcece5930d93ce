// What a person wants to know of a decoded matrix: its range, its mean, and how many values are no numbers.
// NaN count for themselves alone: minimum, maximum and mean are of all other values, infinities included.
// The mean is summed in float64, row by row in stored order.

import { f32BitsFromF16 } from '../floats'
import type { FloatDType } from '../floats'

export interface Summary {
  /** Of the values that are not NaN; null where there are none. */
  readonly min: number | null
  readonly max: number | null
  /** Null where there are no values but NaN, and where infinities of both signs make it none. */
  readonly mean: number | null
  readonly nan: number
  readonly inf: number
}

export interface SummaryBuilder {
  /** Little-endian bytes of further values. */
  add(bytes: Uint8Array): void
  result(): Summary
}

/** Summarises values that arrive in blocks. */
export function summaryOf(dtype: FloatDType): SummaryBuilder {
  let min = Infinity
  let max = -Infinity
  let sum = 0
  let count = 0
  let nan = 0
  let inf = 0
  const add = (values: Float32Array) => {
    for (let i = 0; i < values.length; i++) {
      const x = values[i] as number
      if (x !== x) {
        nan++
        continue
      }
      if (x < min) min = x
      if (x > max) max = x
      if (x === Infinity || x === -Infinity) inf++
      sum += x
    }
    count += values.length
  }
  const numbers = () => count - nan
  return {
    add: bytes => add(valuesOf(bytes, dtype)),
    result: () => ({
      min: numbers() ? min : null,
      max: numbers() ? max : null,
      mean: numbers() && sum === sum ? sum / numbers() : null,
      nan,
      inf,
    }),
  }
}

function valuesOf(bytes: Uint8Array, dtype: FloatDType): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  if (dtype === 'F32') return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2)
  const cells = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 1)
  const values = new Float32Array(cells.length)
  const patterns = new Uint32Array(values.buffer)
  if (dtype === 'BF16') for (let i = 0; i < cells.length; i++) patterns[i] = (cells[i] as number) << 16
  else {
    const table = f16Values()
    for (let i = 0; i < cells.length; i++) patterns[i] = table[cells[i] as number] as number
  }
  return values
}

let f16Table: Uint32Array | undefined

/** The F32 bits of every F16: 256 KB, made when first needed. */
function f16Values(): Uint32Array {
  return (f16Table ??= Uint32Array.from({ length: 65536 }, (_, bits) => f32BitsFromF16(bits)))
}
