// The index of a sharded checkpoint, with the place of everything in it.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { readShardIndex, type ShardIndex } from '../../../server/checkpoint/shardIndex'

const read = (text: string): ShardIndex => readShardIndex(readJsonFile('/m/model.safetensors.index.json', text))

test('entries, files and the total, with their places', () => {
  const text = JSON.stringify(
    {
      metadata: { total_parameters: 7, total_size: 1234 },
      weight_map: {
        'a.weight': 'model-1.safetensors',
        'b.weight': 'model-2.safetensors',
        __proto__x: 'model-1.safetensors',
      },
    },
    null,
    2,
  ).replace('__proto__x', '__proto__')
  const index = read(text)
  expect(index.count).toBe(3)
  expect(index.files).toEqual(['model-1.safetensors', 'model-2.safetensors'])
  expect(index.totalSize?.value).toBe(1234)
  expect(text.slice(index.totalSize?.offset, (index.totalSize?.offset ?? 0) + 4)).toBe('1234')
  expect(index.find('__proto__')?.file).toBe('model-1.safetensors')
  expect(index.find('toString')).toBeUndefined()
  for (const entry of index.entries()) {
    expect(text.slice(entry.nameOffset, entry.nameOffset + entry.nameLength)).toBe(JSON.stringify(entry.name))
    expect(text.slice(entry.fileOffset, entry.fileOffset + entry.fileLength)).toBe(JSON.stringify(entry.file))
  }
})

test('odd values are passed over, of a name twice the last counts, and no total is none', () => {
  const index = read(
    '{"other":[{"weight_map":1}],"weight_map":{"a":1,"b":{"c":"]"},"d":"x\\u0041","d":"y"},"metadata":{}}',
  )
  expect([...index.entries()].map(entry => [entry.name, entry.file])).toEqual([
    ['d', 'xA'],
    ['d', 'y'],
  ])
  expect(index.find('d')?.file).toBe('y')
  expect(index.totalSize).toBeUndefined()
  expect(read('{"metadata":{"total_size":"12"}}').totalSize).toBeUndefined()
  expect(read('[]').count).toBe(0)
})

test('what precedes a fault is there, and no text makes trouble', () => {
  const text = '{"weight_map": {"a\\"b": "x.safetensors", "c": "y.safetensors"}, "metadata": {"total_size": 5}}'
  for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length)).count).toBeLessThanOrEqual(2)
  expect(read(text.slice(0, 45)).find('a"b')?.file).toBe('x.safetensors')
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\ ', 'weight_map', 'metadata', '1') }),
      each => void [...read(each).entries()],
    ),
    { seed: 8, numRuns: 1000 },
  )
})

test('places are those of the text where the file is not ASCII', () => {
  const text =
    '{"metadata":{"é":"😀","total_size":7},"weight_map":{"größe.weight":"é.safetensors","b":"é.safetensors","c":1}}'
  const index = read(text)
  expect(index.files).toEqual(['é.safetensors'])
  for (const { name, nameOffset, nameLength } of index.entries())
    expect(text.slice(nameOffset, nameOffset + nameLength)).toBe(`"${name}"`)
  expect(text.charAt(index.totalSize?.offset ?? 0)).toBe('7')
  expect(index.faults.map(({ kind, offset }) => [kind, text.charAt(offset)])).toEqual([['not-a-file-name', '1']])
})

test('an index of any length says what JSON.parse says, however it is spaced and written', () => {
  const space = fc.oneof(fc.constant(''), fc.constantFrom(' ', '\n\t', ' '.repeat(700)))
  const names = ['layer.weight', 'größe', 'a\\u0041b', 'with space!', 'x'.repeat(5000), 'x'.repeat(70_000)]
  const name = fc.oneof({ weight: 30, arbitrary: fc.constant(names[0] ?? '') }, fc.constantFrom(...names.slice(1)))
  const file = fc.constantFrom('a.safetensors', 'b.safetensors', 'b\\u002esafetensors', 'é.safetensors')
  const piece = fc.tuple(space, name, space, space, file, space)
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 80 }), (pieces, times) => {
      const entries = Array.from({ length: times }, (_, turn) =>
        pieces.map(([a, name, b, c, file, d], i) => `${a}"${turn}.${i}.${name}"${b}:${c}"${file}"${d}`),
      )
      const text = `{"weight_map":{${entries.flat().join(',')}},"metadata":{"total_size":1}}`
      const expected = Object.entries((JSON.parse(text) as { weight_map: Record<string, string> }).weight_map)
      const index = read(text)
      expect([...index.entries()].map(entry => [entry.name, entry.file])).toEqual(expected)
      expect(index.faults).toEqual([])
      const files = [...new Set(expected.map(([, file]) => file))]
      expect(index.files).toEqual(files)
      for (const each of files)
        expect(Array.from(index.numbersOf(each), number => index.nameAt(number))).toEqual(
          expected.filter(([, file]) => file === each).map(([name]) => name),
        )
    }),
    { seed: 3, numRuns: 60 },
  )
})

test('a hundred thousand entries are read without a tree', () => {
  const entries = Array.from({ length: 100_000 }, (_, i) => `"model.layers.${i}.weight":"model-${i % 163}.safetensors"`)
  const text = `{"weight_map":{${entries.join(',')}}}`
  const file = Object.defineProperty({ path: 'a', text, bytes: Buffer.from(text), problems: [] }, 'root', {
    get: () => {
      throw new Error('the tree was asked for')
    },
  }) as unknown as Parameters<typeof readShardIndex>[0]
  const index = readShardIndex(file)
  expect(index.count).toBe(100_000)
  expect(index.files.length).toBe(163)
  expect(index.find('model.layers.99999.weight')?.file).toBe(`model-${99_999 % 163}.safetensors`)
})
