// Every kind of problem: a file that has it, what is said of it, who refuses it, and a near miss that has it not.

import { expect, test } from 'vitest'
import type { RefusedBy, Shard, ShardProblemKind } from '../../../server/checkpoint/facts'
import { maxRank, maxTensors } from '../../../server/checkpoint/limits'
import { readShard } from '../../../server/checkpoint/shard'
import { type ByteSource, bytesSource } from '../../../server/util/byteSource'
import { fileOf } from './mutations'

interface Case {
  readonly broken: () => Uint8Array | ByteSource
  /** Part of the message. */
  readonly says: string
  readonly tensors?: readonly string[]
  readonly refusedBy: RefusedBy
  readonly nearMiss: () => Uint8Array | ByteSource
}

const both: RefusedBy = { rust: true, mlx: true }
const rust: RefusedBy = { rust: true, mlx: false }
const mlx: RefusedBy = { rust: false, mlx: true }
const nobody: RefusedBy = { rust: false, mlx: false }

const text = (content: string): Uint8Array => Buffer.from(content.padEnd(40, ' '), 'latin1')
const a = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
const entry = (dtype: string, shape: string, offsets: string): string =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`
const one = (value: string, dataBytes = 8): Buffer => fileOf(`{"a":${value}}`, dataBytes)
const healthy = (): Buffer => one(a)

/** A header length that its file does not bear out. */
const withLength = (length: bigint, rest: string): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(length)
  return Buffer.concat([bytes, Buffer.from(rest)])
}

const cases: Readonly<Record<ShardProblemKind, Case>> = {
  'empty-file': {
    broken: () => Buffer.alloc(0),
    says: 'empty (0 bytes)',
    refusedBy: both,
    nearMiss: () => fileOf('{}', 0),
  },
  'lfs-pointer': {
    broken: () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 4932307584\n'),
    says: 'git-lfs pointer, expected the weights it stands for (oid sha256 4d7a2146, 4,932,307,584 bytes)',
    refusedBy: both,
    nearMiss: () => text('version 2 of my weights'),
  },
  'apple-double': {
    broken: () => Buffer.from([0, 5, 0x16, 7, 0, 2, 0, 0, ...Buffer.from('Mac OS X        ')]),
    says: 'AppleDouble',
    refusedBy: both,
    nearMiss: () => Buffer.from([0, 5, 0x16, 8, 0, 2, 0, 0, ...Buffer.from('Mac OS X        ')]),
  },
  'html-page': {
    broken: () => text('<!DOCTYPE html><html><head><title>404 Not Found</title></head>'),
    says: 'HTML page ("404 Not Found")',
    refusedBy: both,
    nearMiss: () => text('<3 weights'),
  },
  'json-text': {
    broken: () => text('{"error":"Repository not found"}'),
    says: '{"error":"Repository not found"}',
    refusedBy: both,
    nearMiss: () => healthy(),
  },
  'zip-archive': {
    broken: () => text('PK\x03\x04\x14\x00\x00\x08'),
    says: 'zip archive',
    refusedBy: both,
    nearMiss: () => text('PK\x03\x05\x14\x00\x00\x08'),
  },
  pickle: {
    broken: () => text('\x80\x02}q\x00(X\x06\x00'),
    says: 'pickle',
    refusedBy: both,
    nearMiss: () => text('\x80\x09}q\x00(X\x06\x00'),
  },
  gguf: {
    broken: () => text('GGUF\x03\x00\x00\x00'),
    says: 'GGUF',
    refusedBy: both,
    nearMiss: () => text('GGML\x03\x00\x00\x00'),
  },
  'numpy-array': {
    broken: () => text('\x93NUMPY\x01\x00'),
    says: 'NumPy',
    refusedBy: both,
    nearMiss: () => text('\x93NUMPI\x01\x00'),
  },
  hdf5: {
    broken: () => text('\x89HDF\r\n\x1a\n'),
    says: 'HDF5',
    refusedBy: both,
    nearMiss: () => text('\x89PNG\r\n\x1a\n'),
  },
  gzip: {
    broken: () => text('\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03'),
    says: 'gzip',
    refusedBy: both,
    nearMiss: () => text('\x1f\x8c\x08\x00\x00\x00\x00\x01'),
  },
  'all-zero': {
    broken: () => Buffer.alloc(100),
    says: 'nothing but zero bytes',
    refusedBy: both,
    nearMiss: () => withLength(0n, '{}'),
  },
  unreadable: {
    broken: () => ({ sizeBytes: 100, read: () => Promise.reject(new Error('EACCES: permission denied')) }),
    says: 'EACCES: permission denied',
    refusedBy: both,
    nearMiss: () => bytesSource(healthy()),
  },
  'too-small': {
    broken: () => Buffer.from([2, 0, 0, 0, 0]),
    says: 'the file is 5 bytes long',
    refusedBy: both,
    nearMiss: () => fileOf('{}', 0),
  },
  'header-too-large': {
    broken: () => withLength(100_000_001n, 'x'),
    says: '100,000,001 bytes, at most 100,000,000 bytes',
    refusedBy: both,
    nearMiss: () => withLength(99_999_999n, 'x'),
  },
  'header-past-end': {
    broken: () => withLength(500n, `{"a":${a},"b":{"dty`),
    says: 'ends 437 bytes before that; 1 tensor named before it ends',
    tensors: ['a'],
    refusedBy: both,
    nearMiss: () => healthy(),
  },
  'header-not-utf8': {
    broken: () => fileOf(Buffer.concat([Buffer.from('{"\xff', 'latin1'), Buffer.from(`":${a}}`)]), 8),
    says: 'byte 2 of the header is 0xff, expected UTF-8',
    refusedBy: both,
    nearMiss: () => fileOf(`{"\u00ff":${a}}`, 8),
  },
  'header-not-json': {
    broken: () => fileOf(`{"a":${a},}`, 8),
    says: 'is "}", expected a name in quotes; 1 tensor read before it',
    refusedBy: both,
    nearMiss: healthy,
  },
  'bad-entry': {
    broken: () => fileOf(`{"a":${a},"b":{"dtype":"F32","shape":[1]},"c":7}`, 8),
    says: '"b" has no data_offsets, expected dtype, shape and data_offsets (and so with 1 more tensor)',
    tensors: ['b', 'c'],
    refusedBy: both,
    nearMiss: () => one('{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":[{}]}'),
  },
  'unknown-dtype': {
    broken: () => one(entry('"F33"', '[2]', '[0,8]')),
    says: '"a" has dtype "F33", expected one of BOOL, F4',
    tensors: ['a'],
    refusedBy: both,
    nearMiss: healthy,
  },
  'bad-offsets': {
    broken: () => one(entry('"F32"', '[2]', '[8,0]')),
    says: '"a" has data_offsets [8, 0]',
    tensors: ['a'],
    refusedBy: both,
    nearMiss: () => one(entry('"F32"', '[0]', '[0,0]'), 0),
  },
  'size-mismatch': {
    broken: () => one(entry('"F32"', '[3]', '[0,8]')),
    says: '"a" takes 8 bytes by its data_offsets [0, 8], expected 12 bytes for F32 [3]',
    tensors: ['a'],
    refusedBy: both,
    nearMiss: () => one(entry('"F16"', '[2,2]', '[0,8]')),
  },
  'size-overflow': {
    broken: () => one(entry('"U8"', '[18446744073709551615,2]', '[0,8]')),
    says: 'more than 2^64 bits',
    tensors: ['a'],
    refusedBy: both,
    nearMiss: () => one(entry('"U8"', '[0,18446744073709551615]', '[0,0]'), 0),
  },
  'not-byte-aligned': {
    broken: () => one(entry('"F4"', '[15]', '[0,8]')),
    says: '"a" is F4 [15], 4 bits each',
    tensors: ['a'],
    refusedBy: both,
    nearMiss: () => one(entry('"F4"', '[16]', '[0,8]')),
  },
  overlap: {
    broken: () => fileOf(`{"a":${a},"b":${entry('"F32"', '[2]', '[4,12]')}}`, 12),
    says: '"b" has data_offsets [4, 12], but "a" reaches to 8: they overlap',
    tensors: ['b'],
    refusedBy: rust,
    nearMiss: () => fileOf(`{"a":${a},"b":${entry('"F32"', '[2]', '[8,16]')}}`, 16),
  },
  hole: {
    broken: () => fileOf(`{"b":${entry('"F32"', '[2]', '[12,20]')},"a":${a}}`, 20),
    says: '"b" has data_offsets [12, 20], expected to begin at 8 where "a" ends: a hole of 4 bytes',
    tensors: ['b'],
    refusedBy: rust,
    nearMiss: () =>
      fileOf(`{"b":${entry('"F32"', '[2]', '[8,16]')},"a":${a},"c":${entry('"F32"', '[0]', '[8,8]')}}`, 16),
  },
  'past-end': {
    broken: () =>
      fileOf(`{"a":${a},"b":${entry('"F32"', '[2]', '[8,16]')},"c":${entry('"F32"', '[2]', '[16,24]')}}`, 15),
    says: 'holds 15 bytes of tensor data, its header describes 24 bytes: 9 bytes missing, and with them all or part of 2 tensors (first "b")',
    tensors: ['b', 'c'],
    refusedBy: both,
    nearMiss: () => fileOf(`{"a":${a},"b":${entry('"F32"', '[2]', '[8,16]')}}`, 16),
  },
  'trailing-bytes': {
    broken: () => one(a, 9),
    says: '1 byte behind the last tensor',
    refusedBy: rust,
    nearMiss: healthy,
  },
  'duplicate-name': {
    broken: () => fileOf(`{"a":${entry('"U8"', '[1]', '[0,1]')},"\\u0061":${a}}`, 8),
    says: '"a" is in the header 2 times, expected once; readers keep the last',
    tensors: ['a'],
    refusedBy: nobody,
    nearMiss: () => fileOf(`{"a":${a},"A":${entry('"U8"', '[0]', '[8,8]')}}`, 8),
  },
  'too-many-tensors': {
    broken: () => {
      const entries = new Array<string>(maxTensors + 1).fill('"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}')
      return fileOf(`{${entries.join(',')}}`, 0)
    },
    says: 'more than 1,000,000 tensors',
    refusedBy: nobody,
    nearMiss: healthy,
  },
  'too-many-dimensions': {
    broken: () => one(entry('"F32"', `[2${',1'.repeat(maxRank)}]`, '[0,8]')),
    says: `"a" has ${maxRank + 1} dimensions`,
    tensors: ['a'],
    refusedBy: nobody,
    nearMiss: () => one(entry('"F32"', `[2${',1'.repeat(maxRank - 1)}]`, '[0,8]')),
  },
  'dtype-not-in-mlx': {
    broken: () => one(entry('"F64"', '[1]', '[0,8]')),
    says: '"a" has dtype F64; MLX reads',
    tensors: ['a'],
    refusedBy: mlx,
    nearMiss: () => one(entry('"F8_E8M0"', '[8]', '[0,8]')),
  },
  'bad-metadata': {
    broken: () => fileOf('{"__metadata__":{"step":7}}', 0),
    says: '__metadata__ has a number for "step", expected a string',
    refusedBy: both,
    nearMiss: () => fileOf('{"__metadata__":{"step":"7"}}', 0),
  },
  unaligned: {
    broken: () => fileOf(`{"b":${entry('"U8"', '[3]', '[0,3]')},"a":${entry('"F32"', '[2]', '[3,11]')}}`, 11),
    says: '"a" begins at byte 3 of the data, which is no multiple of the 4 bytes of an element',
    tensors: ['a'],
    refusedBy: nobody,
    nearMiss: () =>
      fileOf(
        `{"__metadata__":{"format":"mlx"},"b":${entry('"U8"', '[3]', '[0,3]')},"a":${entry('"F32"', '[2]', '[3,11]')}}`,
        11,
      ),
  },
  'no-tensors': {
    broken: () => fileOf('{"__metadata__":{"format":"mlx"}}', 0),
    says: 'names no tensor',
    refusedBy: nobody,
    nearMiss: () => healthy(),
  },
}

const readCase = (given: Uint8Array | ByteSource): Promise<Shard> =>
  readShard('/m/a.safetensors', given instanceof Uint8Array ? bytesSource(given) : given)

for (const [kind, { broken, says, tensors = [], refusedBy, nearMiss }] of Object.entries(cases)) {
  test(`${kind}: ${says}`, async () => {
    const found = (await readCase(broken())).problems.filter(problem => problem.kind === kind)
    expect(found).toHaveLength(1)
    expect(found[0]?.message).toContain(says)
    expect(found[0]?.message).not.toMatch(/\.$/)
    expect(found[0]).toMatchObject({ tensors, refusedBy })
    expect((await readCase(nearMiss())).problems.map(problem => problem.kind)).not.toContain(kind)
  })
}

test('what could be had beside a broken entry is had', async () => {
  const { tensors } = await readCase(fileOf(`{"a":${a},"b":{"dtype":"X"},"c":${entry('"U8"', '[1]', '[8,9]')}}`, 9))
  expect([...tensors.names()]).toEqual(['a', 'c'])
})

test('the last of two entries with a name is the one that counts, broken or not', async () => {
  const second = await readCase(fileOf(`{"a":${a},"a":${entry('"U8"', '[8]', '[0,8]')}}`, 8))
  expect(second.tensors.count).toBe(1)
  expect(second.tensors.find('a')?.dtype).toBe('U8')
  const broken = await readCase(fileOf(`{"a":${a},"a":7}`, 8))
  expect(broken.tensors.count).toBe(0)
  expect(broken.problems.find(problem => problem.kind === 'bad-entry')?.refusedBy).toEqual(both)
  const mended = await readCase(fileOf(`{"a":7,"a":${a}}`, 8))
  expect(mended.tensors.count).toBe(1)
  expect(mended.problems.find(problem => problem.kind === 'bad-entry')?.refusedBy).toEqual(rust)
})

test('an entry written as an array is a tensor that MLX does not see', async () => {
  const shard = await readCase(one('["F32",[2],[0,8]]'))
  expect(shard.tensors.find('a')?.shape).toEqual([2])
  expect(shard.problems).toMatchObject([{ kind: 'bad-entry', refusedBy: mlx }])
})

test('what MLX takes and the Rust reference refuses: a byte-order mark, NUL padding, wrapped dimensions, deep nesting', async () => {
  const deep = `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`
  const files = [
    fileOf(`\ufeff{"a":${a}}`, 8),
    fileOf(`{"a":${a}}\0\0`, 8),
    one(entry('"F32"', '[4294967298]', '[0,8]')),
    one(entry('"F32"', '[2.0]', '[0,8]')),
    fileOf(deep, 8),
  ]
  for (const file of files) {
    const { problems } = await readCase(file)
    expect(problems.map(problem => problem.refusedBy)).toEqual([rust])
  }
})

test('deep nesting in a broken entry is no trouble either', async () => {
  const { problems } = await readCase(fileOf(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 8))
  expect(problems.map(problem => problem.kind)).toContain('bad-entry')
})

test('a file that shrinks while it is read is unreadable, not cut short', async () => {
  const bytes = healthy()
  const shrunk: ByteSource = {
    sizeBytes: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, Math.min(30, offset + length)),
  }
  expect((await readShard('a', shrunk)).problems).toMatchObject([{ kind: 'unreadable' }])
})
