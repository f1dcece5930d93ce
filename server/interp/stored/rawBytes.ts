// What the bytes of a shard say to a program that reads them itself: how long the header is, what stands in it, and where
// the numbers begin. Format: safetensors/README.md of huggingface/safetensors, 0.8.

import type { Model, Shard } from '../../checkpoint/facts'
import { matchPaths, shardCandidates } from './checkpoints'
import type { Machine } from '../run/machine'
import { partsOf } from '../values/text'
import { constant, dict, type DictValue, list, type Place, type Value, wholeNumber } from '../values/value'
import { isScratch, writtenAt } from './writtenFiles'

/** Bytes before the header, which say how long it is. */
export const prefixBytes = 8
/** A header of more tensors is not held entry by entry. */
const heldEntries = 20_000

export interface StoredFile {
  readonly model: Model
  readonly shard: Shard
}

/** The shard that a path names, if it is one that the program has not written itself. */
export function shardAt(m: Machine, path: Value, at: Place): StoredFile | undefined {
  if (writtenAt(m, path) || isScratch(m, path) || partsOf(path)?.length !== 1) return undefined
  const matched = matchPaths(m, path, at, shardCandidates(m.models))
  return matched?.length === 1 ? matched[0]?.value : undefined
}

/** How long the header is; undefined where the file is not as its header says. */
export const headerBytes = ({ shard }: StoredFile): number | undefined =>
  shard.problems.length > 0 ? undefined : shard.sizeBytes - shard.dataBytes - prefixBytes

/** The header as JSON gives it; undefined where it is not held. */
export function headerOf(m: Machine, file: StoredFile): DictValue | undefined {
  const { tensors, metadata } = file.shard
  const start = headerBytes(file)
  if (start === undefined || tensors.count > heldEntries) return undefined
  const header = dict()
  if (metadata.size > 0)
    header.map.set('__metadata__', dict([...metadata].map(([key, value]) => [key, constant(value)])))
  m.work -= tensors.count
  for (let i = 0; i < tensors.count; i++) {
    const { name, dtype, shape, beginBytes, endBytes } = tensors.tensorAt(i)
    const offsets = [beginBytes, endBytes].map(bytes => wholeNumber(bytes - prefixBytes - start))
    header.map.set(
      name,
      dict([
        ['dtype', constant(dtype)],
        ['shape', list(shape.map(wholeNumber))],
        ['data_offsets', list(offsets)],
      ]),
    )
  }
  return header
}
