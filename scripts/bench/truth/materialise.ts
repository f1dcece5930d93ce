// A specimen's files as bytes: whole for real programs, headers alone for the engine, which reads nothing else.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readShard } from '../../../server/checkpoint/shard'
import type { Shard } from '../../../server/checkpoint/facts'
import type { ByteSource } from '../../../server/util/byteSource'
import { sizeOf } from '../../../test/support/buildCheckpoint'
import { safetensorsHeader, writeSafetensors } from '../../support/writeSafetensors'
import { tensorBytes } from './numbers'
import type { ShardFile, SpecimenFiles } from './specimen'

const whole = new WeakMap<ShardFile, Uint8Array>()

/** The file as it lies on the disk. */
export function shardBytes(file: ShardFile): Uint8Array {
  let known = whole.get(file)
  if (!known) {
    const tensors = file.tensors.map(tensor => ({ ...tensor, data: tensorBytes(tensor, file.tensors) }))
    known = changed(writeSafetensors(tensors, file.metadata), file.change)
    whole.set(file, known)
  }
  return known
}

function changed(bytes: Uint8Array, change: number): Uint8Array {
  if (change <= 0) return bytes.subarray(0, Math.max(0, bytes.length + change))
  return new Uint8Array(Buffer.concat([bytes, new Uint8Array(change).fill(0xa5)]))
}

/** Writes every file below `folder`. */
export function writeFiles(files: SpecimenFiles, folder: string): void {
  for (const [path, file] of files) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, file.kind === 'text' ? file.text : shardBytes(file))
  }
}

const read = new WeakMap<ShardFile, Map<string, Promise<Shard>>>()

/** What the engine knows of a shard; the same object for the same file, as in the editor. */
export function shardFacts(path: string, file: ShardFile): Promise<Shard> {
  const known = read.get(file) ?? new Map<string, Promise<Shard>>()
  read.set(file, known)
  let facts = known.get(path)
  if (!facts) known.set(path, (facts = readShard(path, headerSource(file))))
  return facts
}

/** A file whose tensor data are never asked for. */
function headerSource(file: ShardFile): ByteSource {
  const sized = file.tensors.map(tensor => ({ ...tensor, bytes: sizeOf(tensor) }))
  const header = safetensorsHeader(sized, file.metadata)
  const sizeBytes = Math.max(0, header.length + sized.reduce((sum, { bytes }) => sum + bytes, 0) + file.change)
  const there = header.subarray(0, sizeBytes)
  return { sizeBytes, read: (offset, length) => Promise.resolve(there.subarray(offset, offset + length)) }
}
