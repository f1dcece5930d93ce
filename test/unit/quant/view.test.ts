// Transposes, slices and reshapes, against the plainest way to do them; and what MLX refuses, in its words.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ArrayOp } from '../../../server/protocol'
import { copyView, deliver, isContiguous } from '../../../server/quant/decode/view'
import { bytesOf } from './random'

const counting = (shape: readonly number[]) =>
  Uint32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)

/** What the views show of an array that counts 0, 1, 2, …, with its shape. */
function shown(shape: readonly number[], ops: readonly ArrayOp[]): { shape: readonly number[]; values: number[] } {
  const delivery = deliver(shape, ops)
  if (!delivery.ok) throw new Error(delivery.error)
  let bytes = bytesOf(counting(shape))
  for (const view of delivery.views) bytes = copyView(bytes, view, 4)
  return {
    shape: delivery.views.at(-1)?.shape ?? [],
    values: [...new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)],
  }
}

const refusal = (shape: readonly number[], op: ArrayOp) => {
  const delivery = deliver(shape, [op])
  return delivery.ok ? undefined : delivery.error
}

describe('the view of a stored array', () => {
  it('is the array itself where nothing is done', () => {
    expect(shown([2, 3], [])).toEqual({ shape: [2, 3], values: [0, 1, 2, 3, 4, 5] })
    expect(shown([2, 3], [{ op: 'contiguous' }])).toEqual(shown([2, 3], []))
  })

  it('transposes', () => {
    expect(shown([2, 3], [{ op: 'transpose', axes: [1, 0] }])).toEqual({ shape: [3, 2], values: [0, 3, 1, 4, 2, 5] })
    expect(shown([2, 1, 3], [{ op: 'transpose', axes: [2, 0, 1] }])).toEqual({
      shape: [3, 2, 1],
      values: [0, 3, 1, 4, 2, 5],
    })
  })

  it('slices, and clips what lies past the end', () => {
    expect(shown([3, 2], [{ op: 'slice', axis: 0, start: 1, stop: 9 }])).toEqual({
      shape: [2, 2],
      values: [2, 3, 4, 5],
    })
    expect(shown([3, 2], [{ op: 'slice', axis: 1, start: 1, stop: 2 }])).toEqual({ shape: [3, 1], values: [1, 3, 5] })
    expect(shown([3, 2], [{ op: 'slice', axis: 0, start: 7, stop: 9 }])).toEqual({ shape: [0, 2], values: [] })
    expect(shown([3, 2], [{ op: 'slice', axis: 0, start: 2, stop: 1 }])).toEqual({ shape: [0, 2], values: [] })
  })

  it('reshapes a slice in place and a transpose by way of a copy', () => {
    const rows: ArrayOp = { op: 'slice', axis: 0, start: 1, stop: 3 }
    const flat: ArrayOp = { op: 'reshape', shape: [1, 4] }
    expect(shown([3, 2], [rows, flat])).toEqual({ shape: [1, 4], values: [2, 3, 4, 5] })
    expect(deliver([3, 2], [rows, flat])).toMatchObject({ views: [{ offset: 2 }] })
    expect(
      shown(
        [2, 2],
        [
          { op: 'transpose', axes: [1, 0] },
          { op: 'reshape', shape: [-1] },
        ],
      ),
    ).toEqual({ shape: [4], values: [0, 2, 1, 3] })
  })

  it('knows which views can be read in one piece', () => {
    const contiguous = (shape: number[], ...ops: ArrayOp[]) => {
      const delivery = deliver(shape, ops)
      return delivery.ok && delivery.views.length === 1 && delivery.views.every(isContiguous)
    }
    expect(contiguous([4, 5], { op: 'slice', axis: 0, start: 1, stop: 3 })).toBe(true)
    expect(contiguous([4, 5], { op: 'slice', axis: 1, start: 1, stop: 3 })).toBe(false)
    expect(contiguous([4, 1], { op: 'transpose', axes: [1, 0] })).toBe(true)
    expect(contiguous([4, 5], { op: 'transpose', axes: [1, 0] })).toBe(false)
  })

  it('refuses in the words of MLX', () => {
    expect(refusal([3, 4], { op: 'transpose', axes: [0] })).toBe(
      '[transpose] Received 1 axes for array with 2 dimensions.',
    )
    expect(refusal([3, 4], { op: 'transpose', axes: [0, 2] })).toBe(
      '[transpose] Invalid axis (2) for array with 2 dimensions.',
    )
    expect(refusal([3, 4], { op: 'transpose', axes: [0, 0] })).toBe('[transpose] Repeat axes not allowed.')
    expect(refusal([3, 4], { op: 'slice', axis: 2, start: 0, stop: 1 })).toBe(
      'Too many indices for array with 2 dimensions.',
    )
    expect(refusal([3, 4], { op: 'reshape', shape: [5, 3] })).toBe(
      '[reshape] Cannot reshape array of size 12 into shape (5,3).',
    )
    expect(refusal([3, 4], { op: 'reshape', shape: [5, -1] })).toBe(
      '[reshape] Cannot reshape array of size 12 into shape (5,2).',
    )
    expect(refusal([3, 4], { op: 'reshape', shape: [-1, -1] })).toBe('[reshape] Reshape can only infer one dimension.')
    expect(refusal([3, 4], { op: 'reshape', shape: [0, -1] })).toBe(
      '[reshape] Cannot infer the shape of an empty array',
    )
  })

  it('agrees with element-by-element indexing (law)', () => {
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(shape, fc.infiniteStream(fc.nat()), (dims, picks) => {
        const axes = dims
          .map((_, i) => i)
          .sort((a, b) => (Number(picks.next().value) % 7) - (Number(picks.next().value) % 7) || a - b)
        const axis = Number(picks.next().value) % dims.length
        const start = Number(picks.next().value) % 3
        const ops: ArrayOp[] = [
          { op: 'transpose', axes },
          { op: 'slice', axis, start, stop: start + 2 },
        ]
        const { shape: made, values } = shown(dims, ops)
        const steps = dims.map((_, i) => dims.slice(i + 1).reduce((a, b) => a * b, 1))
        const expected: number[] = []
        const visit = (index: number[]) => {
          if (index.length < made.length) {
            for (let i = 0; i < (made[index.length] ?? 0); i++) visit([...index, i])
          } else {
            expected.push(
              index.reduce((sum, i, at) => sum + (i + (at === axis ? start : 0)) * (steps[axes[at] ?? 0] ?? 0), 0),
            )
          }
        }
        visit([])
        expect(values).toEqual(expected)
      }),
    )
  })
})
