import { describe, expect, test } from 'vitest'
import { readShard } from '../../../server/checkpoint/shard'
import { headerLine, headerText } from '../../../server/tree/headerText'
import { compareNatural, showBytes, showCount } from '../../../server/tree/sizes'
import { bytesSource } from '../../../server/util/byteSource'
import { zeros } from '../../support/tempFolder'

describe('headerText', () => {
  test('states the file, its metadata, and every tensor in the order of the header', async () => {
    const bytes = zeros({ 'b.weight': ['U32', 2, 3], a: ['F16', 10] }, { format: 'mlx', 'two\nlines': '\u001b[31m' })
    const shard = await readShard('/ws/model.safetensors', bytesSource(bytes))
    const at = bytes.length - 44
    expect(headerText(shard).text.split('\n')).toEqual([
      'file      /ws/model.safetensors',
      `size      ${bytes.length} bytes (${bytes.length} B)`,
      'tensors   2 tensors, 44 bytes (44 B)',
      'metadata  format = mlx',
      'metadata  two\\u000alines = \\u001b[31m',
      '',
      'name      dtype  shape   bytes  offsets',
      `b.weight  U32    [2, 3]     24  ${at}–${at + 24}`,
      `a         F16    [10]       20  ${at + 24}–${at + 44}`,
      '',
    ])
  })

  test('knows the line of every tensor', async () => {
    const shard = await readShard('/x.safetensors', bytesSource(zeros({ 'b.weight': ['U32', 2, 3], a: ['F16', 10] })))
    for (const name of shard.tensors.names()) {
      const { text, line } = headerText(shard, name)
      expect(text.split('\n')[line]?.split(' ')[0]).toBe(name)
      expect(headerLine(shard, name)).toBe(line)
    }
    expect(headerText(shard, 'gone').line).toBe(0)
    expect(headerText(shard).line).toBe(0)
  })

  test('states what is wrong with a broken file', async () => {
    const shard = await readShard('/x.safetensors', bytesSource(new Uint8Array([1, 2, 3])))
    expect(headerText(shard).text).toMatch(/^problem {3}too-small: /m)
  })
})

test('showBytes', () => {
  const cases = [0, 1, 1023, 1024, 1536, 4_718_592, 1_048_575, 12 * 2 ** 30, 1.5 * 2 ** 50, 5000 * 2 ** 50]
  expect(cases.map(showBytes)).toEqual([
    '0 B',
    '1 B',
    '1023 B',
    '1 KB',
    '1.5 KB',
    '4.5 MB',
    '1 MB',
    '12 GB',
    '1.5 PB',
    '5000 PB',
  ])
})

test('showCount', () => {
  expect([0, 1, 12345].map(n => showCount(n, 'tensor'))).toEqual(['0 tensors', '1 tensor', '12,345 tensors'])
})

test('compareNatural', () => {
  expect(['layers.10', 'layers.2', 'a', 'layers.2.b'].sort(compareNatural)).toEqual([
    'a',
    'layers.2',
    'layers.2.b',
    'layers.10',
  ])
})
