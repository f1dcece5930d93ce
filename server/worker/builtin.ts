// The built-in engine of "Verify Dequantize": what `mx.dequantize` would give or say, where MLX cannot be had.
// It reads only the ranges of a module's tensors, in blocks of rows where they are stored as they are delivered, and
// whole (one module at a time) where a transpose or the like reorders them. Affine only; see quant/decode for the
// arithmetic. Problems of the data are results, never exceptions.

import { createHash } from 'node:crypto'
import { dtypeBits } from '../checkpoint/dtype'
import type { DequantizeJob, DequantizeResult, DeliveredTensor } from '../protocol'
import { affineOutputBytes, affineOutputColumns, affineOutputDtype, dequantizeAffine } from '../quant/decode/affine'
import { mlxDtype } from '../quant/decode/mlxDtype'
import { summaryOf } from '../quant/decode/summary'
import { validateDequantize } from '../quant/decode/validate'
import { copyView, deliver, isContiguous } from '../quant/decode/view'
import type { View } from '../quant/decode/view'
import { floatBytes } from '../quant/floats'
import type { FloatDType } from '../quant/floats'
import type { ByteSource } from '../util/byteSource'

/** Decoded bytes per block: enough that the loop over blocks costs nothing, little enough to stay small. */
const blockBytes = 8 << 20

/** Decodes the module that the job describes. A cancelled run ends as skipped, before the next block. */
export async function runBuiltin(
  job: DequantizeJob,
  open: (path: string) => Promise<ByteSource>,
  cancelled: () => boolean,
): Promise<DequantizeResult> {
  const began = performance.now()
  const outcome = await decodeJob(job, open, cancelled)
  return { ...nothing, ...outcome, ms: performance.now() - began }
}

type Outcome = Pick<DequantizeResult, 'status'> & Partial<DequantizeResult>

const nothing = {
  error: null,
  shape: null,
  dtype: null,
  sha256: null,
  min: null,
  max: null,
  mean: null,
  nan: null,
  inf: null,
}
const failed = (error: string): Outcome => ({ status: 'error', error })
const skipped = (error: string): Outcome => ({ status: 'skipped', error })

async function decodeJob(
  job: DequantizeJob,
  open: (path: string) => Promise<ByteSource>,
  cancelled: () => boolean,
): Promise<Outcome> {
  const { groupSize, bits, mode } = job
  const weight = viewsOf(job.weight)
  if ('error' in weight) return failed(weight.error)
  const scales = viewsOf(job.scales)
  if ('error' in scales) return failed(scales.error)
  const biases = job.biases && viewsOf(job.biases)
  if (biases && 'error' in biases) return failed(biases.error)

  const refusal = validateDequantize({ weight, scales, biases, groupSize, bits, mode })
  if (refusal !== undefined) return failed(refusal)
  if (mode !== 'affine' || !biases) return skipped(`the built-in dequantizer knows affine only, not ${mode}`)
  if (bits > 32)
    return skipped(`MLX takes ${bits} bits, but shifts past its 32-bit words; the built-in dequantizer does not`)
  const scalesDtype = floatDType(scales.dtype)
  const biasesDtype = floatDType(biases.dtype)
  if (!scalesDtype || !biasesDtype) {
    return skipped(
      `the built-in dequantizer knows float16, bfloat16 and float32; scales are ${mlxDtype(scales.dtype)}, biases ${mlxDtype(biases.dtype)}`,
    )
  }

  const dtype = affineOutputDtype(scalesDtype, biasesDtype)
  const leading = weight.shape.slice(0, -1)
  const rows = leading.reduce((a, b) => a * b, 1)
  const packedColumns = lastOf(weight.shape)
  const groups = lastOf(scales.shape)
  const biasGroups = lastOf(biases.shape)
  const columns = affineOutputColumns({ groups, biasGroups, groupSize })
  const hash = createHash('sha256')
  const summary = summaryOf(dtype)
  let memory = new Uint8Array(0)
  const blockRows = Math.max(1, Math.floor(blockBytes / Math.max(1, columns * floatBytes[dtype])))
  try {
    const readWeight = await rowReader(weight, open)
    const readScales = await rowReader(scales, open)
    const readBiases = await rowReader(biases, open)
    for (let from = 0; from < rows; from += blockRows) {
      if (cancelled()) return skipped('cancelled')
      const to = Math.min(rows, from + blockRows)
      const triple = {
        weight: words(await readWeight(from, to)),
        scales: await readScales(from, to),
        biases: await readBiases(from, to),
        scalesDtype,
        biasesDtype,
        rows: to - from,
        packedColumns,
        groups,
        biasGroups,
        groupSize,
        bits,
      }
      const bytes = affineOutputBytes(triple)
      if (memory.length < bytes) memory = new Uint8Array(bytes)
      const block = dequantizeAffine(triple, memory.subarray(0, bytes))
      hash.update(block)
      summary.add(block)
    }
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
  const { min, max, mean, nan, inf } = summary.result()
  return {
    status: 'ok',
    shape: [...leading, columns],
    dtype: mlxDtype(dtype) ?? null,
    sha256: hash.digest('hex'),
    min: finite(min),
    max: finite(max),
    mean: finite(mean),
    nan,
    inf,
  }
}

/** JSON has no infinities: where one is the answer, the number is null and the count of infinities tells. */
const finite = (x: number | null): number | null => (Number.isFinite(x) ? x : null)

/** A tensor as delivered: its dtype and shape, and the views that lead there. */
interface ViewedTensor {
  readonly stored: DeliveredTensor
  readonly dtype: string
  readonly shape: readonly number[]
  readonly views: readonly View[]
  readonly itemBytes: number
}

function viewsOf(stored: DeliveredTensor): ViewedTensor | { readonly error: string } {
  const delivery = deliver(stored.shape, stored.ops)
  if (!delivery.ok) return { error: delivery.error }
  const { views } = delivery
  const itemBytes = bytesOfItem(stored.dtype)
  const bytes = stored.endBytes - stored.beginBytes
  if (stored.shape.reduce((a, b) => a * b, itemBytes) !== bytes) {
    return {
      error: `${stored.name} is ${stored.dtype} [${stored.shape.join(', ')}], but ${bytes} bytes are stored for it`,
    }
  }
  return { stored, dtype: stored.dtype, shape: views[views.length - 1]?.shape ?? [], views, itemBytes }
}

/** Reads rows `from` to `to` (leading dimensions taken together), in the order delivered. */
type RowReader = (from: number, to: number) => Promise<Uint8Array>

async function rowReader(tensor: ViewedTensor, open: (path: string) => Promise<ByteSource>): Promise<RowReader> {
  const { stored, views, shape, itemBytes } = tensor
  const source = await open(stored.path)
  const rowBytes = lastOf(shape) * itemBytes
  const [first] = views
  if (first && views.length === 1 && isContiguous(first)) {
    const begin = stored.beginBytes + first.offset * itemBytes
    return (from, to) => readRange(source, stored, begin + from * rowBytes, (to - from) * rowBytes)
  }
  let bytes = await readRange(source, stored, stored.beginBytes, stored.endBytes - stored.beginBytes)
  for (const view of views) bytes = copyView(bytes, view, itemBytes)
  return async (from, to) => bytes.subarray(from * rowBytes, to * rowBytes)
}

async function readRange(
  source: ByteSource,
  stored: DeliveredTensor,
  begin: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = begin + length <= source.sizeBytes ? await source.read(begin, length) : undefined
  if (bytes?.length === length) return bytes
  throw new Error(
    `${stored.path} has ${source.sizeBytes} bytes, but its header put ${stored.name} at bytes ${stored.beginBytes} to ${stored.endBytes}: the file has changed since its header was read`,
  )
}

function words(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2)
}

const lastOf = (shape: readonly number[]): number => shape[shape.length - 1] ?? 0

function floatDType(dtype: string): FloatDType | undefined {
  return dtype === 'F16' || dtype === 'BF16' || dtype === 'F32' ? dtype : undefined
}

function bytesOfItem(dtype: string): number {
  return (Object.entries(dtypeBits).find(([name]) => name === dtype)?.[1] ?? 0) / 8
}
