import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../../server/quant/decode/summary'
import { bytesOf } from './random'

const of = (...values: number[]) => {
  const summary = summaryOf('F32')
  summary.add(bytesOf(Float32Array.from(values)))
  return summary.result()
}

describe('the summary of decoded values', () => {
  it('gives range and mean, over blocks', () => {
    const summary = summaryOf('F32')
    summary.add(bytesOf(Float32Array.of(1, -2)))
    summary.add(bytesOf(Float32Array.of(4)))
    expect(summary.result()).toEqual({ min: -2, max: 4, mean: 1, nan: 0, inf: 0 })
  })

  it('leaves NaN out of range and mean, and counts it', () => {
    expect(of(NaN, 3, NaN, 5)).toEqual({ min: 3, max: 5, mean: 4, nan: 2, inf: 0 })
  })

  it('counts infinities, which are part of the range', () => {
    expect(of(Infinity, 3)).toEqual({ min: 3, max: Infinity, mean: Infinity, nan: 0, inf: 1 })
    expect(of(Infinity, -Infinity)).toEqual({ min: -Infinity, max: Infinity, mean: null, nan: 0, inf: 2 })
  })

  it('has no numbers where there are no values', () => {
    expect(of()).toEqual({ min: null, max: null, mean: null, nan: 0, inf: 0 })
    expect(of(NaN)).toEqual({ min: null, max: null, mean: null, nan: 1, inf: 0 })
  })

  it('reads F16 and BF16 in their bytes', () => {
    const half = summaryOf('F16')
    half.add(bytesOf(Uint16Array.of(0x3c00, 0xc000, 0x7e00, 0x7c00)).subarray(0, 6))
    expect(half.result()).toEqual({ min: -2, max: 1, mean: -0.5, nan: 1, inf: 0 })
    const brain = summaryOf('BF16')
    brain.add(bytesOf(Uint16Array.of(0, 0x3f80, 0xff80)).subarray(2, 4))
    expect(brain.result()).toEqual({ min: 1, max: 1, mean: 1, nan: 0, inf: 0 })
  })
})
