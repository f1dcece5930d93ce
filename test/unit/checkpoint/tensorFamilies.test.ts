// Families of tensors: the same grouping as a plain reading of the names gives, for names of every kind.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readShard } from '../../../server/checkpoint/shard'
import { patternOf } from '../../../server/checkpoint/tensorFamilies'
import { bytesSource } from '../../../server/util/byteSource'
import { writeSafetensors } from '../../../scripts/support/writeSafetensors'

async function tableOf(tensors: readonly (readonly [name: string, dtype: 'U8' | 'I8', ...shape: number[]])[]) {
  const bytes = writeSafetensors(
    tensors.map(([name, dtype, ...shape]) => ({
      name,
      dtype,
      shape,
      data: new Uint8Array(shape.reduce((a, b) => a * b, 1)),
    })),
  )
  return (await readShard('/m/model.safetensors', bytesSource(bytes))).tensors
}

test('numbers between dots are alike, all others are not', async () => {
  const table = await tableOf([
    ['l.0.w1.weight', 'U8', 2],
    ['l.11.w1.weight', 'U8', 2],
    ['l.0.w2.weight', 'U8', 2],
    ['l.2.w1.weight', 'U8', 3],
    ['l.2.w1.scale', 'U8', 2],
    ['l.3.w1.weight', 'I8', 2],
    ['4.w1.weight', 'U8', 2],
    ['l.5', 'U8', 2],
    ['l.6', 'U8', 2],
  ])
  expect(table.families().map(({ sample, rows }) => [sample, [...rows]])).toEqual([
    ['l.0.w1.weight', [0, 1]],
    ['l.0.w2.weight', [2]],
    ['l.2.w1.weight', [3]],
    ['l.2.w1.scale', [4]],
    ['l.3.w1.weight', [5]],
    ['4.w1.weight', [6]],
    ['l.5', [7]],
    ['l.6', [8]],
  ])
  expect(table.families()).toBe(table.families())
})

test('the grouping is that of patterns, dtypes and shapes', async () => {
  const part = fc.constantFrom('0', '12', '7', 'a', 'é', 'w1', '', '1x', 'weight')
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map(parts => parts.join('.'))
  const tensor = fc.tuple(name, fc.constantFrom('U8' as const, 'I8' as const), fc.integer({ min: 1, max: 2 }))
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(tensor, { selector: ([each]) => each, maxLength: 40 }), async tensors => {
      const table = await tableOf(tensors)
      const expected = new Map<string, number[]>()
      for (const [row, [each, dtype, size]] of tensors.entries()) {
        const key = `${patternOf(each)} ${dtype} ${size}`
        expected.set(key, [...(expected.get(key) ?? []), row])
      }
      expect(table.families().map(({ rows }) => [...rows])).toEqual([...expected.values()])
    }),
    { numRuns: 300, seed: 3 },
  )
})
