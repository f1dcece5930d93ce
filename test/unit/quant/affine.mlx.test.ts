// The dequantizer against the real one, byte for byte.

import { describe, expect, it } from 'vitest'
import { affineOutputColumns, affineOutputDtype, dequantizeAffine } from '../../../server/quant/decode/affine'
import type { AffineTriple } from '../../../server/quant/decode/affine'
import { bf16FromF32Bits, f16FromF32Bits, f32Bits } from '../../../server/quant/floats'
import type { FloatDType } from '../../../server/quant/floats'
import { testPython } from '../../support/python'
import { askMlx } from './mlxOracle'
import type { MlxJob } from './mlxOracle'
import { bytesOf, randomWords } from './random'

const python = testPython()
const dtypes: readonly FloatDType[] = ['F16', 'BF16', 'F32']

/** `any` takes every bit pattern, NaN and infinities among them; `weights` what checkpoints hold. */
type Kind = 'weights' | 'any' | 'tiny' | 'huge' | 'zero'

function floats(count: number, dtype: FloatDType, kind: Kind, next: () => number): Uint8Array {
  const cells = dtype === 'F32' ? new Uint32Array(count) : new Uint16Array(count)
  for (let i = 0; i < count; i++) {
    const unit = next() / 2 ** 31 - 1
    const power = {
      weights: 2 ** -6,
      any: 1,
      tiny: dtype === 'F16' ? 2 ** -22 : 2 ** -130,
      huge: dtype === 'F16' ? 2 ** 15 : 2 ** 127,
      zero: 0,
    }
    const bits = f32Bits(unit * power[kind])
    if (kind === 'any') cells[i] = next()
    else cells[i] = dtype === 'F32' ? bits : dtype === 'F16' ? f16FromF32Bits(bits) : bf16FromF32Bits(bits)
  }
  return bytesOf(cells)
}

interface Case {
  readonly what: string
  readonly triple: AffineTriple
}

function makeCase(
  what: string,
  shape: { rows: number; groups: number; biasGroups?: number; groupSize: number; bits: number },
  [scalesDtype, biasesDtype]: readonly [FloatDType, FloatDType],
  kind: Kind,
  seed: number,
): Case {
  const next = randomWords(seed)
  const { rows, groups, biasGroups = groups, groupSize, bits } = shape
  const packedColumns = (groups * groupSize * bits) / 32
  return {
    what: `${what}: ${bits} bits, groups of ${groupSize}, ${scalesDtype}/${biasesDtype}, ${kind}`,
    triple: {
      ...shape,
      packedColumns,
      weight: Uint32Array.from({ length: rows * packedColumns }, next),
      scales: floats(rows * groups, scalesDtype, kind, next),
      biases: floats(rows * biasGroups, biasesDtype, kind, next),
      scalesDtype,
      biasesDtype,
    },
  }
}

function job({ triple: t }: Case): MlxJob {
  const { rows, groups, biasGroups = groups, packedColumns, groupSize, bits } = t
  return {
    op: 'dequantize',
    weight: { dtype: 'U32', shape: [rows, packedColumns], data: bytesOf(t.weight) },
    scales: { dtype: t.scalesDtype, shape: [rows, groups], data: t.scales },
    biases: { dtype: t.biasesDtype, shape: [rows, biasGroups], data: t.biases },
    groupSize,
    bits,
    mode: 'affine',
  }
}

function expectSameBytes(cases: readonly Case[]) {
  const answers = askMlx(python ?? '', cases.map(job))
  cases.forEach(({ what, triple }, index) => {
    const answer = answers[index]
    if (!answer || answer.error !== null) return expect.fail(`${what}: MLX says ${answer?.error}`)
    const [theirs] = answer.made
    expect(theirs?.dtype, what).toBe(affineOutputDtype(triple.scalesDtype, triple.biasesDtype))
    expect(theirs?.shape, what).toEqual([triple.rows, affineOutputColumns(triple)])
    const ours = dequantizeAffine(triple)
    const differs = ours.findIndex((byte, i) => byte !== theirs?.data[i])
    expect(differs < 0 ? 'same' : `${ours.slice(differs & ~3, differs + 4)} at ${differs}`, what).toBe('same')
    expect(ours.length, what).toBe(theirs?.data.length)
  })
}

const pairs = dtypes.flatMap(scales => dtypes.map(biases => [scales, biases] as const))
const same = dtypes.map(dtype => [dtype, dtype] as const)

describe.skipIf(!python)('the dequantizer against MLX (needs TENSORLINT_TEST_PYTHON)', () => {
  it.each([1, 2, 3, 4, 5, 6, 8])('decodes %i bits to the same bytes, in every group size and dtype', bits => {
    const cases = [32, 64, 128].flatMap(groupSize =>
      pairs.flatMap(pair =>
        (['weights', 'any', 'tiny', 'huge', 'zero'] as const).map((kind, k) =>
          makeCase('regular', { rows: 7, groups: 3, groupSize, bits }, pair, kind, bits * 1000 + groupSize + k),
        ),
      ),
    )
    expectSameBytes(cases)
  })

  it('decodes the pairs that MLX takes without a word', () => {
    const odd = [
      { bits: 16, groupSize: 16 },
      { bits: 7, groupSize: 16 },
      { bits: 7, groupSize: 64 },
      { bits: 4, groupSize: 4 },
      { bits: 4, groupSize: 16 },
      { bits: 8, groupSize: 2 },
      { bits: 8, groupSize: 256 },
      { bits: 12, groupSize: 8 },
      { bits: 24, groupSize: 4 },
      { bits: 31, groupSize: 1 },
      { bits: 32, groupSize: 8 },
      { bits: 1, groupSize: 256 },
      { bits: 9, groupSize: 32 },
    ]
    const cases = odd.flatMap(shape =>
      pairs.flatMap(pair =>
        (['weights', 'any', 'zero'] as const).map((kind, k) =>
          makeCase('odd', { rows: 3, groups: 32, ...shape }, pair, kind, shape.bits * 77 + k),
        ),
      ),
    )
    expectSameBytes(cases)
  })

  it('broadcasts biases of one column, and scales of one column', () => {
    const cases = [4, 8, 3].flatMap(bits =>
      same.flatMap((pair, k) => [
        makeCase('one bias', { rows: 5, groups: 4, biasGroups: 1, groupSize: 64, bits }, pair, 'weights', bits + k),
        makeCase('one scale', { rows: 5, groups: 1, biasGroups: 6, groupSize: 64, bits }, pair, 'weights', bits + k),
      ]),
    )
    expectSameBytes(cases)
  })
})
