// The built-in engine on small files: what it decodes, what it reads, and what it says of broken deliveries.

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ArrayOp, DeliveredTensor, DequantizeJob } from '../../../server/protocol'
import { dequantizeAffine } from '../../../server/quant/decode/affine'
import { copyView, deliver } from '../../../server/quant/decode/view'
import { quantizeAffine } from '../../../server/quant/encode/affine'
import type { ByteSource } from '../../../server/util/byteSource'
import { bytesSource } from '../../../server/util/byteSource'
import { runBuiltin } from '../../../server/worker/builtin'
import { bytesOf, randomWords } from '../quant/random'

const next = randomWords(3)
const rows = 6
const columns = 256
const matrix = bytesOf(Float32Array.from({ length: rows * columns }, () => next() / 2 ** 32 - 0.5))
const quantized = quantizeAffine(matrix, 'F32', 64, 4)
const decoded = dequantizeAffine({
  ...quantized,
  scalesDtype: 'F32',
  biasesDtype: 'F32',
  rows,
  packedColumns: 32,
  groups: 4,
  groupSize: 64,
  bits: 4,
})
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const swap: ArrayOp = { op: 'transpose', axes: [1, 0] }

/** One file of three tensors, each stored through `ops`. Three odd bytes come first, as headers are not aligned. */
function file(ops: readonly ArrayOp[] = []): { bytes: Uint8Array; job: DequantizeJob } {
  const parts: [string, string, number[], Uint8Array][] = [
    ['q.weight', 'U32', [rows, 32], bytesOf(quantized.weight)],
    ['q.scales', 'F32', [rows, 4], quantized.scales],
    ['q.biases', 'F32', [rows, 4], quantized.biases],
  ]
  let at = 3
  const chunks: Uint8Array[] = [new Uint8Array(3)]
  const [weight, scales, biases] = parts.map(([name, dtype, logical, data]): DeliveredTensor => {
    const delivery = deliver(logical, ops)
    if (!delivery.ok) throw new Error(delivery.error)
    let stored = data
    for (const view of delivery.views) stored = copyView(stored, view, 4)
    const beginBytes = at
    at += stored.length
    chunks.push(stored)
    return {
      name,
      path: '/m.safetensors',
      dtype,
      shape: delivery.views.at(-1)?.shape ?? [],
      beginBytes,
      endBytes: at,
      ops: [],
    }
  })
  if (!weight || !scales || !biases) throw new Error('three tensors were made')
  return {
    bytes: new Uint8Array(Buffer.concat(chunks)),
    job: { weight, scales, biases, groupSize: 64, bits: 4, mode: 'affine' },
  }
}

/** The same ops for all three tensors of a job. */
function withOps(job: DequantizeJob, ...ops: ArrayOp[]): DequantizeJob {
  const delivered = (tensor: DeliveredTensor) => ({ ...tensor, ops })
  return {
    ...job,
    weight: delivered(job.weight),
    scales: delivered(job.scales),
    biases: job.biases && delivered(job.biases),
  }
}

const run = (bytes: Uint8Array, job: DequantizeJob, cancelled = () => false) =>
  runBuiltin(job, async () => bytesSource(bytes), cancelled)

describe('the built-in engine', () => {
  it('decodes a healthy module: shape, dtype, digest and summary', async () => {
    const { bytes, job } = file()
    const result = await run(bytes, job)
    const values = new Float32Array(decoded.buffer)
    expect(result).toMatchObject({
      status: 'ok',
      error: null,
      shape: [rows, columns],
      dtype: 'float32',
      sha256: sha256(decoded),
      min: Math.min(...values),
      max: Math.max(...values),
      nan: 0,
      inf: 0,
    })
    expect(result.mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 6)
    expect(result.ms).toBeGreaterThan(0)
  })

  it('says of a transposed module what MLX says, and decodes it once transposed back', async () => {
    const { bytes, job } = file([swap])
    expect(await run(bytes, job)).toMatchObject({
      status: 'error',
      error: '[dequantize] Shape of scales and biases does not match the matrix',
      shape: null,
      sha256: null,
    })
    expect(await run(bytes, withOps(job, swap, { op: 'contiguous' }))).toMatchObject({
      status: 'ok',
      sha256: sha256(decoded),
    })
  })

  it('decodes slices of rows, and experts of three dimensions', async () => {
    const { bytes, job } = file()
    expect(await run(bytes, withOps(job, { op: 'slice', axis: 0, start: 2, stop: 99 }))).toMatchObject({
      status: 'ok',
      shape: [rows - 2, columns],
      sha256: sha256(decoded.subarray(2 * columns * 4)),
    })
    const experts = (tensor: DeliveredTensor): DeliveredTensor => ({ ...tensor, shape: [2, 3, tensor.shape[1] ?? 0] })
    const job3 = {
      ...job,
      weight: experts(job.weight),
      scales: experts(job.scales),
      biases: job.biases && experts(job.biases),
    }
    expect(await run(bytes, job3)).toMatchObject({ status: 'ok', shape: [2, 3, columns], sha256: sha256(decoded) })
  })

  it('says what MLX says of operations that cannot be done', async () => {
    const { bytes, job } = file()
    expect(await run(bytes, withOps(job, { op: 'reshape', shape: [5, 5] }))).toMatchObject({
      status: 'error',
      error: '[reshape] Cannot reshape array of size 192 into shape (5,5).',
    })
    expect(await run(bytes, withOps(job, { op: 'slice', axis: 2, start: 0, stop: 1 }))).toMatchObject({
      status: 'error',
      error: 'Too many indices for array with 2 dimensions.',
    })
  })

  it('reads the ranges of the three tensors and nothing else', async () => {
    const { bytes, job } = file()
    const reads: [number, number][] = []
    const counting: ByteSource = {
      sizeBytes: bytes.length,
      read: async (offset, length) => {
        reads.push([offset, offset + length])
        return bytes.subarray(offset, offset + length)
      },
    }
    await runBuiltin(
      job,
      async () => counting,
      () => false,
    )
    expect(reads).toEqual([job.weight, job.scales, job.biases].map(tensor => [tensor?.beginBytes, tensor?.endBytes]))
  })

  it('reports a file that shrank since its header was read', async () => {
    const { bytes, job } = file()
    const expected = {
      status: 'error',
      error: expect.stringContaining('the file has changed since its header was read'),
    }
    expect(await run(bytes.subarray(0, bytes.length - 1), job)).toMatchObject(expected)
    const short: ByteSource = {
      sizeBytes: bytes.length,
      read: async (at, length) => bytes.subarray(at, at + length - 1),
    }
    expect(
      await runBuiltin(
        job,
        async () => short,
        () => false,
      ),
    ).toMatchObject(expected)
  })

  it('reports a file that cannot be opened', async () => {
    const { job } = file()
    const gone = async () => Promise.reject(new Error('ENOENT: no such file'))
    expect(await runBuiltin(job, gone, () => false)).toMatchObject({ status: 'error', error: 'ENOENT: no such file' })
  })

  it('skips what it does not know, with the reason, after what MLX would refuse', async () => {
    const { bytes, job } = file()
    const u8: DeliveredTensor = {
      ...job.scales,
      dtype: 'U8',
      shape: [rows, 8],
      endBytes: job.scales.beginBytes + rows * 8,
    }
    const mx: DequantizeJob = { weight: job.weight, scales: u8, groupSize: 32, bits: 4, mode: 'mxfp4' }
    expect(await run(bytes, mx)).toMatchObject({
      status: 'skipped',
      error: 'the built-in dequantizer knows affine only, not mxfp4',
    })
    expect(await run(bytes, { ...mx, groupSize: 64 })).toMatchObject({
      status: 'error',
      error: '[dequantize] mxfp4 quantization requires group size 32 but got 64.',
    })
    expect(await run(bytes, { ...job, scales: { ...job.scales, dtype: 'I32' } })).toMatchObject({
      status: 'skipped',
      error: 'the built-in dequantizer knows float16, bfloat16 and float32; scales are int32, biases float32',
    })
  })

  it('gives no infinite number, which JSON cannot hold, but counts them', async () => {
    const { bytes, job } = file()
    const huge = bytes.slice()
    new DataView(huge.buffer).setFloat32(job.biases?.beginBytes ?? 0, Infinity, true)
    const result = await run(huge, job)
    expect(result).toMatchObject({ status: 'ok', max: null, mean: null, nan: 0, inf: 64 })
    expect(result.min).toBeLessThan(0)
  })

  it('stops when cancelled', async () => {
    const { bytes, job } = file()
    expect(await run(bytes, job, () => true)).toMatchObject({ status: 'skipped', error: 'cancelled', sha256: null })
  })

  it('gives the same digest however many blocks a matrix takes', async () => {
    const many = 3000
    const block = Uint32Array.from({ length: many * 32 }, next)
    const floats = bytesOf(new Float32Array(many * 4).fill(0.25))
    const bytes = new Uint8Array(Buffer.concat([bytesOf(block), floats, floats]))
    const at = [0, block.byteLength, block.byteLength + floats.length, bytes.length]
    const tensor = (name: string, dtype: string, width: number, n: number): DeliveredTensor => ({
      name,
      path: '/b.safetensors',
      dtype,
      shape: [many, width],
      beginBytes: at[n] ?? 0,
      endBytes: at[n + 1] ?? 0,
      ops: [],
    })
    const wide: DequantizeJob = {
      weight: tensor('w', 'U32', 32, 0),
      scales: tensor('s', 'F32', 4, 1),
      biases: tensor('b', 'F32', 4, 2),
      groupSize: 256,
      bits: 1,
      mode: 'affine',
    }
    const whole = dequantizeAffine({
      weight: block,
      scales: floats,
      biases: floats,
      scalesDtype: 'F32',
      biasesDtype: 'F32',
      rows: many,
      packedColumns: 32,
      groups: 4,
      groupSize: 256,
      bits: 1,
    })
    expect(await run(bytes, wide)).toMatchObject({ status: 'ok', shape: [many, 1024], sha256: sha256(whole) })
  })
})
