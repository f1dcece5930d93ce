// Tensors that several shards hold, where their names were made to be hard to compare.

import { expect, test } from 'vitest'
import { sharedTensorsOf } from '../../../server/checkpoint/duplicates'
import { hashSeed, hashSpan, viewOf } from '../../../server/checkpoint/nameHash'
import { readShard } from '../../../server/checkpoint/shard'
import { bytesSource } from '../../../server/util/byteSource'
import { collidingNames, inverse } from './collidingNames'
import { fileOf, randomFrom } from './mutations'

test('names in many shards whose hashes were made to meet in one slot are compared all the same', async () => {
  // Hashes that differ in their upper halves alone.
  const bytesFor = (upper: number): number => {
    const mixed = (upper << 16) | upper
    return Math.imul(inverse, mixed ^ (hashSeed >>> 15)) ^ hashSeed
  }
  const names = collidingNames(3000, bytesFor)
  const lowest = names.map(name => hashSpan(viewOf(Buffer.from(name)), 0, 8) & 0xffff)
  expect(new Set(lowest).size).toBe(1)
  // Every name is in two shards that stand far apart.
  const shards = await Promise.all(
    Array.from({ length: 60 }, (_, number) => {
      const own = names.slice((number % 30) * 100, (number % 30) * 100 + 100)
      const entries = own.map((name, i) => `"${name}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`)
      return readShard(`/m/model-${number}.safetensors`, bytesSource(fileOf(`{${entries.join(',')}}`, own.length)))
    }),
  )
  const shared = sharedTensorsOf({ path: '/m', kind: 'unknown', shards, configs: [], index: undefined })
  expect(shared.map(({ first, second, tensors }) => [first, second, tensors.length])).toEqual(
    shards.slice(0, 30).map((shard, number) => [shard, shards[number + 30], 100]),
  )
})

test('names that a few of many shards share are found among thousands that nobody shares', async () => {
  const random = randomFrom(3)
  const owners = new Map<string, number[]>()
  const shards = await Promise.all(
    Array.from({ length: 40 }, (_, number) => {
      const own = new Set(Array.from({ length: 200 }, () => `layers.${random(60_000)}.weight`))
      for (const name of own) owners.set(name, [...(owners.get(name) ?? []), number])
      const entries = [...own].map((name, i) => `"${name}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`)
      return readShard(`/m/model-${number}.safetensors`, bytesSource(fileOf(`{${entries.join(',')}}`, own.size)))
    }),
  )
  const expected = [...owners].flatMap(([name, numbers]) =>
    numbers.slice(1).map((number, i) => `${numbers[i]} ${number} ${name}`),
  )
  const shared = sharedTensorsOf({ path: '/m', kind: 'unknown', shards, configs: [], index: undefined })
  const found = shared.flatMap(({ first, second, tensors }) =>
    tensors.map(name => `${shards.indexOf(first)} ${shards.indexOf(second)} ${name}`),
  )
  expect(found.sort()).toEqual(expected.sort())
  expect(found.length).toBeGreaterThan(300)
})
