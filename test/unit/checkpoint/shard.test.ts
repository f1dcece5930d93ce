// A healthy shard, whatever its writer's habits, and how it is read.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { writeSafetensors } from '../../../scripts/support/writeSafetensors'
import { dtypeBits, dtypes } from '../../../server/checkpoint/dtype'
import type { Shard } from '../../../server/checkpoint/facts'
import { hashSpan, viewOf } from '../../../server/checkpoint/nameHash'
import { readShard } from '../../../server/checkpoint/shard'
import { type ByteSource, bytesSource } from '../../../server/util/byteSource'
import { fileOf } from './mutations'

const read = (bytes: Uint8Array): Promise<Shard> => readShard('/m/a.safetensors', bytesSource(bytes))

test('tensors, metadata and sizes of a file by the Rust writer', async () => {
  const bytes = writeSafetensors(
    [
      { name: 'proj.weight', dtype: 'U32', shape: [8, 4], data: new Uint8Array(128) },
      { name: 'proj.scales', dtype: 'F16', shape: [8, 1], data: new Uint8Array(16) },
    ],
    { format: 'mlx', note: 'x' },
  )
  const shard = await read(bytes)
  const dataStart = bytes.length - 144
  expect(shard.problems).toEqual([])
  expect([...shard.metadata]).toEqual([
    ['format', 'mlx'],
    ['note', 'x'],
  ])
  expect(shard).toMatchObject({ path: '/m/a.safetensors', sizeBytes: bytes.length, dataBytes: 144 })
  expect([...shard.tensors.names()]).toEqual(['proj.weight', 'proj.scales'])
  expect(shard.tensors.find('proj.scales')).toEqual({
    name: 'proj.scales',
    dtype: 'F16',
    shape: [8, 1],
    beginBytes: dataStart + 128,
    endBytes: dataStart + 144,
  })
  expect(shard.tensors.find('proj.biases')).toBeUndefined()
  expect(() => shard.tensors.nameAt(2)).toThrow(RangeError)
})

test('a file by the MLX writer: null metadata, sorted fields, unsorted data, no padding', async () => {
  const header =
    '{"Z":{"data_offsets":[4,8],"dtype":"U32","shape":[1]},"__metadata__":null,"a":{"data_offsets":[8,12],"dtype":"F32","shape":[]},"b":{"data_offsets":[0,4],"dtype":"BF16","shape":[1,2]}}'
  const shard = await read(fileOf(header, 12))
  expect(shard.problems).toEqual([])
  expect(shard.metadata.size).toBe(0)
  expect(shard.tensors.find('a')?.shape).toEqual([])
})

test('white space anywhere, unknown fields, and a header of nothing', async () => {
  const loose =
    '\n{ "a" : { "shape" : [ 2 , 1 ] ,\t"new" : {"x":[1,-2.5e-3,null,true,"\\u00e9"]}, "dtype" : "I16" , "data_offsets" : [ 0 , 4 ] } , "e":{"dtype":"F64","shape":[0],"data_offsets":[4,4]} }  '
  const shard = await read(fileOf(loose, 4))
  expect(shard.problems.map(problem => problem.kind)).toEqual(['dtype-not-in-mlx'])
  expect(shard.tensors.tensorAt(0)).toMatchObject({ name: 'a', dtype: 'I16', shape: [2, 1] })
  expect((await read(fileOf('{}', 0))).problems.map(problem => problem.kind)).toEqual(['no-tensors'])
})

test('names are only names: escapes, other alphabets, __proto__, the empty one', async () => {
  const names = ['__proto__', 'constructor', '', 'é', '日本', '😀', 'a"b\\c\n', 'with space', 'toString', '\u0000']
  const entries = names.map(
    (name, i) => `${JSON.stringify(name)}:{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
  )
  const shard = await read(
    fileOf(`{${entries.join(',')},"\\ud83d\\ude00\\/":{"dtype":"U8","shape":[],"data_offsets":[10,11]}}`, 11),
  )
  expect(shard.problems).toEqual([])
  expect([...shard.tensors.names()]).toEqual([...names, '😀/'])
  for (const [i, name] of names.entries()) expect(shard.tensors.find(name)).toEqual(shard.tensors.tensorAt(i))
  expect(shard.tensors.find('😀/')?.shape).toEqual([])
  expect(shard.tensors.find('hasOwnProperty')).toBeUndefined()
})

test('metadata is only strings, whatever their keys', async () => {
  const shard = await read(fileOf('{"__metadata__":{"__proto__":"p","a":"1","a":"2"}}', 0))
  expect([...shard.metadata]).toEqual([
    ['__proto__', 'p'],
    ['a', '2'],
  ])
})

test('every dtype has its own width, F4 and F6 less than a byte', async () => {
  for (const dtype of dtypes) {
    const bytes = (8 * dtypeBits[dtype]) / 8
    const data = new Uint8Array(bytes)
    const shard = await read(writeSafetensors([{ name: 'a', dtype, shape: [2, 4], data }]))
    expect(shard.problems.filter(problem => problem.refusedBy.rust)).toEqual([])
    expect(shard.tensors.find('a')?.dtype).toBe(dtype)
  }
})

test('any set of names and shapes is read back as it was written', async () => {
  const tensor = fc.record({
    name: fc
      .string({ unit: 'binary' })
      .filter(name => name !== '__metadata__' && Buffer.from(name).toString() === name),
    shape: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
  })
  const law = fc.asyncProperty(fc.uniqueArray(tensor, { selector: each => each.name, maxLength: 12 }), async list => {
    const written = list.map(({ name, shape }) => ({
      name,
      shape,
      dtype: 'I16' as const,
      data: new Uint8Array(shape.reduce((product, dim) => product * dim, 1) * 2),
    }))
    const shard = await read(writeSafetensors(written))
    expect(shard.problems.map(problem => problem.kind)).toEqual(list.length > 0 ? [] : ['no-tensors'])
    expect(list.map(({ name }) => shard.tensors.find(name)?.shape)).toEqual(list.map(each => each.shape))
  })
  await fc.assert(law, { numRuns: 80, seed: 3 })
})

test('twenty thousand names are each found', async () => {
  const count = 20_000
  const entries = Array.from(
    { length: count },
    (_, i) => `"model.layers.${i}.weight":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
  )
  const shard = await read(fileOf(`{${entries.join(',')}}`, count))
  expect(shard.problems).toEqual([])
  for (let i = 0; i < count; i += 997)
    expect(shard.tensors.find(`model.layers.${i}.weight`)?.endBytes).toBe(shard.sizeBytes - count + i + 1)
})

/** Counts what is asked of a source. */
function counting(bytes: Uint8Array, sizeBytes = bytes.length): { source: ByteSource; reads: [number, number][] } {
  const reads: [number, number][] = []
  const read: ByteSource['read'] = (offset, length) => {
    reads.push([offset, length])
    return bytesSource(bytes).read(offset, length)
  }
  return { source: { sizeBytes, read }, reads }
}

test('two reads of known size, and none of the data', async () => {
  const bytes = writeSafetensors([{ name: 'a', dtype: 'F32', shape: [1000], data: new Uint8Array(4000) }])
  const { source, reads } = counting(bytes)
  await readShard('a', source)
  expect(reads).toEqual([
    [0, 8],
    [8, bytes.length - 4008],
  ])
})

test('what is no safetensors file is looked at for a kilobyte and no more', async () => {
  const { source, reads } = counting(new Uint8Array(5000).fill(0x41), 50_000_000_000)
  await readShard('a', source)
  expect(reads).toEqual([
    [0, 8],
    [8, 1024],
  ])
})

test('a name is found in the middle of a text as it is by itself', async () => {
  const names = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', '.', '0', 'é', '😀', 'weight'), maxLength: 5 }), {
    minLength: 1,
    maxLength: 20,
  })
  const law = fc.asyncProperty(names, async list => {
    const data = new Uint8Array(1)
    const shard = await read(writeSafetensors(list.map(name => ({ name, dtype: 'U8', shape: [1], data }))))
    for (const name of [...list, ...list.map(each => `${each}x`), 'b']) {
      const view = viewOf(Buffer.from(`"${name}": "file"`))
      const end = 1 + Buffer.byteLength(name)
      expect(shard.tensors.indexIn(view, 1, end, hashSpan(view, 1, end))).toBe(shard.tensors.indexOf(name))
    }
  })
  await fc.assert(law, { numRuns: 60, seed: 6 })
})

/** How writers word an entry: Rust, MLX, Python's json; and with a field of its own, so that no entry reads like another. */
const wordings = [
  (size: number, begin: number, end: number) => `{"dtype":"U8","shape":[${size}],"data_offsets":[${begin},${end}]}`,
  (size: number, begin: number, end: number) => `{"data_offsets":[${begin},${end}],"dtype":"U8","shape":[${size}]}`,
  (size: number, begin: number, end: number) =>
    `{"dtype": "U8", "shape": [${size}], "data_offsets": [${begin}, ${end}]}`,
] as const

test('an entry that repeats another is read as one that does not', async () => {
  const name = fc.constantFrom(
    'l.0.w',
    'l.1.w',
    'l.9.w',
    'l.10.w',
    'l.11.w',
    'l.1x.w',
    'l.2',
    'é.1.w',
    'é.2.w',
    'a"1.w',
  )
  const entry = fc.record({
    name: fc.oneof(
      name,
      fc.nat(3000).map(number => `l.${number}.w`),
    ),
    size: fc.constantFrom(1, 2, 10),
    off: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, -1),
    style: fc.constantFrom(0, 0, 0, 0, 1, 2),
  })
  const law = fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 60 }), async list => {
    const write = (own: (number: number) => string): string => {
      let at = 0
      const entries = list.map(({ name, size, off, style }, number) => {
        const begin = at
        at += size
        const value = (wordings[style] ?? wordings[0])(size, begin, Math.max(0, at + off))
        return `${JSON.stringify(name)}:${value.slice(0, -1)}${own(number)}}`
      })
      return `{${entries.join(',')}}`
    }
    const length = list.reduce((sum, { size }) => sum + size, 0)
    const shards = await Promise.all(
      [write(() => ''), write(number => `,"own":${number}`)].map(text => read(fileOf(text, length))),
    )
    const [plain, own] = shards.map(({ tensors, problems, dataBytes, sizeBytes }) => ({
      tensors: Array.from({ length: tensors.count }, (_, row) => {
        const { beginBytes, endBytes, ...rest } = tensors.tensorAt(row)
        return { ...rest, begin: beginBytes - sizeBytes, end: endBytes - sizeBytes }
      }),
      families: tensors.families().map(({ sample, dtype, shape, rows }) => ({ sample, dtype, shape, rows: [...rows] })),
      found: Array.from({ length: tensors.count }, (_, row) => tensors.indexOf(tensors.nameAt(row)) === row),
      problems: problems.map(({ kind, tensors, refusedBy }) => ({ kind, tensors, refusedBy })),
      dataBytes,
      sums: tensors.nameSums,
    }))
    expect(plain).toEqual(own)
    expect(plain?.found).not.toContain(false)
  })
  await fc.assert(law, { numRuns: 400, seed: 11 })
})
