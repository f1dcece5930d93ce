// Bytes that are lent for a while, as the command line lends them, give the same facts as bytes that may be kept: also of
// damaged files, and when they hold something else afterwards.

import { expect, test } from 'vitest'
import type { Shard } from '../../../server/checkpoint/facts'
import { readShard } from '../../../server/checkpoint/shard'
import { type ByteSource, bytesSource } from '../../../server/util/byteSource'
import { collidingNames } from './collidingNames'
import { fileOf, mutated, randomFrom } from './mutations'

const room = new Uint8Array(1 << 20)

/** Lends one and the same memory for every read, and spoils what the last read left there. */
function lending(bytes: Uint8Array): ByteSource {
  return {
    ...bytesSource(bytes),
    lend: (offset, length) => {
      room.fill(0x7b)
      const part = bytes.subarray(offset, Math.min(bytes.length, offset + length))
      room.set(part)
      return room.subarray(0, part.length)
    },
  }
}

const factsOf = ({ tensors, problems, metadata, dataBytes }: Shard) => ({
  problems,
  metadata: [...metadata],
  dataBytes,
  tensors: Array.from({ length: tensors.count }, (_, i) => tensors.tensorAt(i)),
  hashes: [...tensors.hashes],
  sums: tensors.nameSums,
  found: Array.from({ length: tensors.count }, (_, i) => tensors.indexOf(tensors.nameAt(i))),
  lost: tensors.indexOf('no such name'),
  families: tensors.families().map(({ sample, pattern, rows, hash }) => [sample, pattern, [...rows], hash]),
})

async function expectSame(file: Uint8Array): Promise<Shard> {
  const kept = await readShard('a.safetensors', bytesSource(file))
  const lent = await readShard('a.safetensors', lending(file))
  room.fill(0x22)
  expect(factsOf(lent)).toEqual(factsOf(kept))
  return lent
}

test('thousands of damaged files', async () => {
  const random = randomFrom(7)
  let tensors = 0
  for (let i = 0; i < 4000; i++) tensors += (await expectSame(mutated(random))).tensors.count
  expect(tensors).toBeGreaterThan(4000)
})

const entry = (name: string, i: number) => `"${name}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`

test('names with escapes before and behind names without', async () => {
  const names = [
    'a',
    'caf\\u00e9.weight',
    'model.layers.0.up_proj.weight',
    '\\ud83d\\ude00',
    'b\\n',
    'é',
    'z'.repeat(100),
  ]
  const { tensors } = await expectSame(fileOf(`{${names.map(entry).join()}}`, names.length))
  expect([...tensors.names()].slice(0, 4)).toEqual(['a', 'café.weight', 'model.layers.0.up_proj.weight', '😀'])
})

test('a name twice, names made to collide, and no name at all', async () => {
  const twice = await expectSame(fileOf(`{${['a', 'bb', 'a', 'c'].map(entry).join()}}`, 4))
  expect([...twice.tensors.names()]).toEqual(['bb', 'a', 'c'])
  const names = collidingNames(3000)
  await expectSame(fileOf(`{${names.map(entry).join()}}`, names.length))
  await expectSame(fileOf('{}', 0))
  await expectSame(new Uint8Array(3))
})

test('the same file cut short, and one that is none', async () => {
  const file = fileOf(`{${['a', 'bb'].map(entry).join()}}`, 2)
  for (let length = 0; length < file.length; length++) await expectSame(file.subarray(0, length))
  await expectSame(Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n'))
})
