// The tool's quantizer against mx.quantize, byte for byte.

import { describe, expect, it } from 'vitest'
import { quantizeAffine } from '../../../server/quant/encode/affine'
import { bf16FromF32Bits, f16FromF32Bits, f32Bits } from '../../../server/quant/floats'
import type { FloatDType } from '../../../server/quant/floats'
import { testPython } from '../../support/python'
import { askMlx } from './mlxOracle'
import { bytesOf, randomWords } from './random'

const python = testPython()

/** Kinds of group, each a function of a uniform number in -1..1 and the index; the scale fits every dtype. */
const kinds: Readonly<Record<string, (unit: number, i: number, f16: boolean) => number>> = {
  uniform: unit => unit / 8,
  'all negative': unit => -1 - Math.abs(unit),
  'all positive': unit => 3 + unit,
  zeros: () => 0,
  constant: () => -0.375,
  'one spike': (_, i) => (i % 32 === 7 ? -2 : 0),
  'ties, where halves must go to even': (unit, i) => (i % 32 === 0 ? 15 : Math.round(unit * 30) / 2),
  huge: (unit, _, f16) => unit * (f16 ? 65504 : 3e38),
  tiny: unit => unit * 1e-7,
  subnormal: (unit, _, f16) => unit * (f16 ? 2 ** -20 : 2 ** -130),
  'opposite ends': (_, i) => (i % 2 ? 1 : -1),
}

function matrix(kind: string, dtype: FloatDType, count: number, seed: number): Uint8Array {
  const next = randomWords(seed)
  const cells = dtype === 'F32' ? new Uint32Array(count) : new Uint16Array(count)
  for (let i = 0; i < count; i++) {
    const bits = f32Bits(kinds[kind]?.(next() / 2 ** 31 - 1, i, dtype === 'F16') ?? NaN)
    cells[i] = dtype === 'F32' ? bits : dtype === 'F16' ? f16FromF32Bits(bits) : bf16FromF32Bits(bits)
  }
  return bytesOf(cells)
}

describe.skipIf(!python)('the quantizer against MLX (needs TENSORLINT_TEST_PYTHON)', () => {
  it.each([1, 2, 3, 4, 5, 6, 8])('writes the bytes of mx.quantize at %i bits', bits => {
    const cases = [32, 64, 128].flatMap(groupSize =>
      (['F16', 'BF16', 'F32'] as const).flatMap(dtype =>
        Object.keys(kinds).map((kind, k) => ({
          groupSize,
          dtype,
          kind,
          data: matrix(kind, dtype, 5 * 384, bits * 100 + k),
        })),
      ),
    )
    const answers = askMlx(
      python ?? '',
      cases.map(({ groupSize, dtype, data }) => ({
        op: 'quantize',
        weight: { dtype, shape: [5, 384], data },
        groupSize,
        bits,
        mode: 'affine',
      })),
    )
    cases.forEach(({ groupSize, dtype, kind, data }, index) => {
      const answer = answers[index]
      if (!answer || answer.error !== null) return expect.fail(`MLX says ${answer?.error}`)
      const { weight, scales, biases } = quantizeAffine(data, dtype, groupSize, bits)
      const ours = [bytesOf(weight), scales, biases]
      ours.forEach((bytes, n) => {
        expect(Buffer.from(bytes).toString('hex'), `${kind}, ${dtype}, groups of ${groupSize}, tensor ${n}`).toBe(
          Buffer.from(answer.made[n]?.data ?? []).toString('hex'),
        )
      })
    })
  })
})
