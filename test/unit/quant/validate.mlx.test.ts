// MLX's refusals, word for word: near misses in every direction, and the calls that MLX takes although they look wrong.

import { describe, expect, it } from 'vitest'
import type { DType } from '../../../server/checkpoint/dtype'
import { dtypeBits } from '../../../server/checkpoint/dtype'
import { mlxDtype } from '../../../server/quant/decode/mlxDtype'
import { validateDequantize } from '../../../server/quant/decode/validate'
import type { DequantizeCall, ShapedTensor } from '../../../server/quant/decode/validate'
import { testPython } from '../../support/python'
import { askMlx } from './mlxOracle'
import type { MlxTensor } from './mlxOracle'

const python = testPython()

const t = (dtype: DType, ...shape: number[]): ShapedTensor => ({ dtype, shape })
const weight = t('U32', 64, 32)
const scales = t('F32', 64, 4)
const biases = scales
const good: DequantizeCall = { weight, scales, biases, groupSize: 64, bits: 4, mode: 'affine' }
const mxfp4: DequantizeCall = { weight, scales: t('U8', 64, 8), groupSize: 32, bits: 4, mode: 'mxfp4' }

/** Calls, and what both must say of them; undefined: they are taken. */
const spelled: readonly (readonly [DequantizeCall, string | undefined])[] = [
  [good, undefined],
  [{ ...good, mode: 'foo' }, "[dequantize] Invalid quantization mode 'foo'."],
  [{ ...good, biases: undefined }, '[dequantize] Biases must be provided for affine quantization.'],
  [
    { ...good, scales: t('I32', 64, 4), biases: t('BOOL', 64, 4) },
    '[dequantize] Only real floating types are supported but scales.dtype() == int32 and biases.dtype() == bool.',
  ],
  [{ ...good, bits: 0, groupSize: -1 }, '[dequantize] Invalid value for bits: 0'],
  [{ ...good, groupSize: -1, weight: t('I32', 64, 32) }, '[dequantize] Invalid value for group_size: -1'],
  [{ ...good, weight: t('I32', 64) }, '[dequantize] The matrix should be given as a uint32'],
  [
    { ...good, weight: t('U32', 64) },
    '[dequantize] The matrix to be dequantized must have at least 2 dimension but it has only 1.',
  ],
  [{ ...good, weight: t('U32', 32, 64) }, '[dequantize] Shape of scales and biases does not match the matrix'],
  [
    { ...good, groupSize: 32 },
    '[dequantize] Shape of scales and biases does not match the matrix given the quantization parameters. Provided matrix of shape (64,32) and scales/biases of shape (64,4) with group_size=32 and bits=4.',
  ],
  [{ ...good, biases: t('F32', 64, 2) }, '[broadcast_shapes] Shapes (64,4,64) and (64,2,1) cannot be broadcast.'],
  [
    { weight: t('U32', 3, 32), scales: t('F16', 3, 2), biases: t('F16', 3, 2), groupSize: 73, bits: 7, mode: 'affine' },
    '[reshape] Cannot reshape array of size 3072 into shape (3,146,7).',
  ],
  [mxfp4, undefined],
  [{ ...mxfp4, biases }, "[dequantize] Biases must be null for quantization mode 'mxfp4'."],
  [{ ...mxfp4, scales, biases }, '[dequantize] Scale type must be uint8 but received type float32.'],
  [{ ...mxfp4, groupSize: 64, bits: 8 }, '[dequantize] mxfp4 quantization requires group size 32 but got 64.'],
  [{ ...mxfp4, bits: 8 }, '[dequantize] mxfp4 quantization requires bits to be 4 but got 8.'],
  [{ ...mxfp4, weight: t('U32', 63, 32) }, '[dequantize] Shape of scales does not match the matrix'],
  [
    { ...mxfp4, scales: t('U8', 64, 4) },
    '[dequantize] Shape of scales does not match the matrix given the quantization parameters. Provided matrix of shape (64,32) and scales of shape (64,4).',
  ],
]

/** Calls beyond those, only compared. */
function* swept(): Iterable<DequantizeCall> {
  for (const bits of [1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 32]) {
    for (const groupSize of [1, 8, 16, 32, 64, 128, 256]) {
      for (const mode of ['affine', 'mxfp8', 'nvfp4']) yield { ...good, bits, groupSize, mode }
      yield { ...mxfp4, bits, groupSize }
      yield { ...mxfp4, bits, groupSize, mode: 'nvfp4' }
      yield { ...mxfp4, bits, groupSize, mode: 'mxfp8', scales: t('F8_E8M0', 64, 4) }
    }
  }
  const shapes = [
    [],
    [4],
    [64, 4],
    [64, 1],
    [64, 2],
    [64, 0],
    [0, 4],
    [0, 32],
    [64, 32],
    [32, 64],
    [2, 32, 4],
    [2, 32, 32],
    [32, 4],
    [1, 64, 4],
  ]
  for (const w of shapes) {
    for (const s of shapes) {
      for (const b of shapes) {
        yield { ...good, weight: t('U32', ...w), scales: t('F16', ...s), biases: t('BF16', ...b) }
      }
      yield { ...mxfp4, weight: t('U32', ...w), scales: t('U8', ...s) }
    }
  }
  for (const w of ['U32', 'I32', 'F32', 'U8'] as const) {
    for (const s of Object.keys(dtypeBits) as DType[]) {
      if (mlxDtype(s) === undefined) continue
      for (const b of ['F16', 'BF16', 'F32', 'I32', 'C64', 'BOOL', undefined] as const) {
        const call = { ...good, weight: t(w, 64, 32), scales: t(s, 64, 4), biases: b && t(b, 64, 4) }
        yield call
        yield { ...call, mode: 'mxfp4', groupSize: 32 }
      }
    }
  }
}

const zeros = ({ dtype, shape }: ShapedTensor): MlxTensor => ({
  dtype: dtype as DType,
  shape,
  data: new Uint8Array(shape.reduce((a, b) => a * b, dtypeBits[dtype as DType] / 8)),
})

describe('the checks of mx.dequantize', () => {
  it.each(spelled)('%j → %s', (call, expected) => {
    expect(validateDequantize(call)).toBe(expected)
  })

  it('names the dtype that mx.load refuses', () => {
    expect(validateDequantize({ ...good, scales: t('F64', 64, 4) })).toBe('[safetensor] unsupported dtype F64')
  })
})

describe.skipIf(!python)('the checks of mx.dequantize against MLX (needs TENSORLINT_TEST_PYTHON)', () => {
  it('says what MLX says, of each call spelled out and of a sweep around them', () => {
    const calls = [...spelled.map(([call]) => call), ...swept()]
    const answers = askMlx(
      python ?? '',
      calls.map(call => ({
        op: 'dequantize',
        ...call,
        weight: zeros(call.weight),
        scales: zeros(call.scales),
        biases: call.biases && zeros(call.biases),
      })),
    )
    const differing = calls.flatMap((call, i) => {
      const theirs = answers[i]?.error ?? undefined
      const ours = validateDequantize(call)
      return ours === theirs ? [] : [{ call: JSON.stringify(call), ours, theirs }]
    })
    expect(differing).toEqual([])
    expect(answers.filter(answer => answer.error === null).length).toBeGreaterThan(50)
  })
})
