// A shard that is true in its header and holds zeros otherwise, made when they are asked for: real sizes cost nothing.

import { dtypeBits, type DType } from '../../server/checkpoint/dtype'
import type { Shard } from '../../server/checkpoint/facts'
import { readShard } from '../../server/checkpoint/shard'
import type { ByteSource } from '../../server/util/byteSource'

/** One tensor; shape in elements. */
export interface Tensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** Reads a shard with these tensors, stored one behind the other; MLX's writer keeps this order. */
export function sparseShard(path: string, tensors: readonly Tensor[], format: string): Promise<Shard> {
  let end = 0
  const header: Record<string, unknown> = { __metadata__: { format } }
  // Hugging Face's writer sorts by width, the widest first, so that every tensor begins on its own element size.
  const sorted = format === 'mlx' ? tensors : [...tensors].sort((a, b) => dtypeBits[b.dtype] - dtypeBits[a.dtype])
  for (const { name, dtype, shape } of sorted) {
    const begin = end
    end += (shape.reduce((product, size) => product * size, 1) * dtypeBits[dtype]) / 8
    header[name] = { dtype, shape, data_offsets: [begin, end] }
  }
  // Hugging Face's writer pads the header so that the data is aligned; MLX's does not.
  const text = JSON.stringify(header)
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8, ' '))
  const head = new Uint8Array(8 + json.length)
  new DataView(head.buffer).setBigUint64(0, BigInt(json.length), true)
  head.set(json, 8)
  const source: ByteSource = {
    sizeBytes: head.length + end,
    read: (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, head.length + end - offset)))
      if (offset < head.length) bytes.set(head.subarray(offset, Math.min(head.length, offset + bytes.length)))
      return Promise.resolve(bytes)
    },
  }
  return readShard(path, source)
}
