// Writes a safetensors file, for the sample workspace, the benchmarks and the tests. The product itself never writes one.
// Layout as of huggingface/safetensors README: u64 little-endian header length, JSON padded to 8 bytes, tensor data.

import type { DType } from '../../server/checkpoint/dtype'

export interface TensorToWrite {
  readonly name: string
  readonly dtype: DType
  /** Stored shape, in elements. */
  readonly shape: readonly number[]
  /** Row-major little-endian bytes. */
  readonly data: Uint8Array
}

/** The bytes before the data, for tensors laid out one after another in the order given. */
export function safetensorsHeader(
  tensors: readonly {
    readonly name: string
    readonly dtype: DType
    readonly shape: readonly number[]
    readonly bytes: number
  }[],
  metadata: Readonly<Record<string, string>> | undefined = { format: 'mlx' },
): Uint8Array {
  let at = 0
  const entries: [string, unknown][] = metadata ? [['__metadata__', metadata]] : []
  for (const { name, dtype, shape, bytes } of tensors) {
    entries.push([name, { dtype, shape, data_offsets: [at, at + bytes] }])
    at += bytes
  }
  // Written pair by pair: an object would drop duplicate names, reorder numeric ones and swallow `__proto__`.
  let text = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`
  const length = Buffer.byteLength(text)
  text = text.padEnd(text.length + ((8 - (length % 8)) % 8), ' ')
  const json = Buffer.from(text)
  const out = new Uint8Array(8 + json.length)
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true)
  out.set(json, 8)
  return out
}

/** A whole file in memory. */
export function writeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const header = safetensorsHeader(
    tensors.map(t => ({ ...t, bytes: t.data.length })),
    metadata,
  )
  return new Uint8Array(Buffer.concat([header, ...tensors.map(t => t.data)]))
}
