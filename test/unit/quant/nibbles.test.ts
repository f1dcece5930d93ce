// The fast path for 4 bits must agree with the plain one, for every 16-bit scale.

import { describe, expect, it } from 'vitest'
import { decodersTo16 } from '../../../server/quant/decode/group'
import { fillBF16, fillF16, ladder } from '../../../server/quant/decode/nibbles'
import { f32BitsFromF16 } from '../../../server/quant/floats'
import { randomWords } from './random'

describe.each([
  { dtype: 'F16', fill: fillF16, single: f32BitsFromF16 },
  { dtype: 'BF16', fill: fillBF16, single: (bits: number) => (bits << 16) >>> 0 },
] as const)('the table of a group, $dtype', ({ dtype, fill, single }) => {
  it('holds what the plain decoder gives', () => {
    const next = randomWords(11)
    const table = new Uint16Array(16)
    const plain = new Uint16Array(16)
    const differing: string[] = []
    for (let scale = 0; scale < 65536; scale++) {
      const shifted = (scale ^ 0x8000) + ((next() % 8) << 7)
      for (const bias of [0, next() & 0xffff, shifted & 0xffff]) {
        fill(single(scale), single(bias), table)
        decodersTo16[dtype](ladder, 16, single(scale), single(bias), plain, 0)
        if (table.some((bits, code) => bits !== plain[code])) differing.push(`${scale} ${bias}`)
      }
    }
    expect(differing).toEqual([])
  })
})
