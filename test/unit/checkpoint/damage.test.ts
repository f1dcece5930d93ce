// However a file is damaged, reading it gives a shard: with problems, or sound.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Shard } from '../../../server/checkpoint/facts'
import { hashSpan, viewOf } from '../../../server/checkpoint/nameHash'
import { readShard } from '../../../server/checkpoint/shard'
import { bytesSource } from '../../../server/util/byteSource'
import { collidingNames } from './collidingNames'
import { fileOf } from './mutations'

const header =
  '{"__metadata__":{"format":"mlx"},"q.weight":{"dtype":"U32","shape":[2,4],"data_offsets":[0,32]},"q.scales":{"dtype":"F16","shape":[2,1],"data_offsets":[32,36]},"é\\n":{"data_offsets":[36,36],"dtype":"F4","shape":[0]}}'
const sound = fileOf(header, 36)

/** Reads, and asks everything that can be asked. */
async function consult(bytes: Uint8Array): Promise<Shard> {
  const shard = await readShard('a', bytesSource(bytes))
  const names = [...shard.tensors.names()]
  expect(names).toHaveLength(shard.tensors.count)
  for (const [i, name] of names.entries()) {
    const tensor = shard.tensors.tensorAt(i)
    expect(tensor.name).toBe(name)
    expect(tensor.shape.every(dim => dim >= 0)).toBe(true)
    if (!name.includes('\ufffd')) expect(shard.tensors.find(name)).toEqual(tensor)
  }
  for (const problem of shard.problems) expect(problem.message).not.toBe('')
  return shard
}

test('the file itself is sound', async () => {
  expect((await consult(sound)).problems.filter(problem => problem.refusedBy.rust)).toEqual([])
})

test('every truncation is a problem', async () => {
  for (let length = 0; length < sound.length; length++) {
    expect((await consult(sound.subarray(0, length))).problems.some(problem => problem.refusedBy.rust)).toBe(true)
  }
})

test('every change of a single byte gives a shard', async () => {
  const changes = [1, 2, 4, 32, 128]
  for (let at = 0; at < sound.length; at++) {
    for (const change of changes) {
      const bytes = Buffer.from(sound)
      bytes[at] = (bytes[at] ?? 0) ^ change
      await consult(bytes)
    }
  }
})

test('any bytes give a shard', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async bytes => {
      await consult(bytes)
      await consult(fileOf(bytes, 8))
    }),
    { numRuns: 500, seed: 4 },
  )
})

test('any JSON as header gives a shard', async () => {
  const entry = fc.record({
    dtype: fc.constantFrom('F32', 'F4', 'x'),
    shape: fc.array(fc.anything()),
    data_offsets: fc.json(),
  })
  const value = fc.oneof(
    fc.json(),
    fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())).map(each => JSON.stringify(each) ?? 'null'),
  )
  await fc.assert(
    fc.asyncProperty(value, async json => void (await consult(fileOf(json, 8)))),
    { numRuns: 200, seed: 5 },
  )
})

test('names made to collide are found all the same, and in time', async () => {
  const names = collidingNames(8000)
  expect(new Set(names).size).toBeGreaterThan(5000)
  const hashes = names.map(name => hashSpan(viewOf(Buffer.from(name)), 0, 8))
  expect(new Set(hashes).size).toBe(1)
  const entries = names.map((name, i) => `"${name}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`)
  const twice = `"${names[7]}":{"dtype":"U8","shape":[],"data_offsets":[7,8]}`
  const shard = await readShard('a', bytesSource(fileOf(`{${entries.join(',')},${twice}}`, names.length)))
  expect(shard.problems).toMatchObject([{ kind: 'duplicate-name', tensors: [names[7]] }])
  expect(names.map(name => shard.tensors.find(name)?.name)).toEqual(names)
  expect(shard.tensors.find(names[7] ?? '')?.shape).toEqual([])
})

test('a header of the shortest entries there are has room for all of them', async () => {
  const entry = '"":["U8",[],[0,0]]'
  const shard = await readShard('a', bytesSource(fileOf(`{${Array<string>(5000).fill(entry).join(',')}}`, 0)))
  expect(shard.tensors.count).toBe(1)
  expect(shard.problems.find(({ kind }) => kind === 'duplicate-name')?.message).toContain('5000 times')
})
