// Tensors that two files of one folder both hold. Files in different folders are ranks, which share names by design.
// Names are met by their hashes, which the headers' readers have worked out already, so that a large model without a
// tensor twice makes no string at all.

import type { Model, Shard } from './facts'
import { folderOf } from './paths'

/** Tensors that two shards share. */
export interface SharedTensors {
  readonly first: Shard
  readonly second: Shard
  readonly tensors: readonly string[]
  /** One whose dtype or shape differ between the two; undefined where they all agree. */
  readonly differing: string | undefined
}

const cache = new WeakMap<Model, readonly SharedTensors[]>()

/** Every pair of shards of one folder that share tensors; of three that hold one, the two pairs of neighbours. */
export function sharedTensorsOf(model: Model): readonly SharedTensors[] {
  let found = cache.get(model)
  if (!found) cache.set(model, (found = byFolder(model.shards).flatMap(sharedIn)))
  return found
}

function byFolder(shards: readonly Shard[]): readonly (readonly Shard[])[] {
  const folders = new Map<string, Shard[]>()
  for (const shard of shards) {
    const folder = folderOf(shard.path)
    const own = folders.get(folder)
    if (own) own.push(shard)
    else folders.set(folder, [shard])
  }
  return [...folders.values()].filter(own => own.length > 1)
}

/** Calls `meet` for every tensor with the place where its name was met last, as the number of a shard and a row. */
type Meet = (shard: number, row: number, before: number, rowBefore: number) => void

function sharedIn(shards: readonly Shard[]): readonly SharedTensors[] {
  const pairs = new Map<number, { first: Shard; second: Shard; tensors: string[]; differing: string | undefined }>()
  walk(shards, (number, row, before, rowBefore) => {
    const [first, second] = [shards[before], shards[number]]
    if (!first || !second) return
    const key = before * shards.length + number
    let pair = pairs.get(key)
    if (!pair) pairs.set(key, (pair = { first, second, tensors: [], differing: undefined }))
    const [a, b] = [first.tensors.tensorAt(rowBefore), second.tensors.tensorAt(row)]
    pair.tensors.push(a.name)
    if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) pair.differing ??= a.name
  })
  return [...pairs.values()]
}

/** Honest names need about two probes each; this many for each of them is a file made to be slow. */
const maxProbesPerName = 32

function walk(shards: readonly Shard[], meet: Meet): void {
  const total = shards.reduce((sum, { tensors }) => sum + tensors.count, 0)
  const { mayComeAgain, count } = crowded(shards, total)
  if (count === 0) return
  let size = 8
  while (size < count * 2) size *= 2
  const mask = size - 1
  /** Number of the shard + 1, or 0 for a free slot. */
  const holder = new Int32Array(size)
  const rows = new Int32Array(size)
  let probes = count * maxProbesPerName
  const met: Parameters<Meet>[] = []
  for (const [number, { tensors }] of shards.entries())
    for (let row = 0; row < tensors.count; row++) {
      const hash = tensors.hashes[row] ?? 0
      if (!mayComeAgain(hash)) continue
      let slot = hash & mask
      for (; holder[slot] !== 0; slot = (slot + 1) & mask) {
        if (--probes < 0) return walkByName(shards, meet)
        const before = (holder[slot] ?? 0) - 1
        const other = shards[before]?.tensors
        const rowBefore = rows[slot] ?? 0
        if (other?.hashes[rowBefore] !== hash || other.nameAt(rowBefore) !== tensors.nameAt(row)) continue
        if (before !== number) met.push([number, row, before, rowBefore])
        break
      }
      holder[slot] = number + 1
      rows[slot] = row
    }
  for (const each of met) meet(...each)
}

/** Bits for each name: so many that few names share one by chance. */
const bitsPerName = 32

/**
 * Which hashes share a bit with that of another tensor, and how many tensors have such a one. Those few are looked at.
 */
function crowded(
  shards: readonly Shard[],
  total: number,
): { readonly mayComeAgain: (hash: number) => boolean; readonly count: number } {
  let size = 256
  while (size < total * bitsPerName) size *= 2
  const mask = size - 1
  const met = new Uint32Array(size / 32)
  const again = new Uint32Array(size / 32)
  let count = 0
  for (const { tensors } of shards) {
    const { hashes } = tensors
    for (let row = 0; row < tensors.count; row++) {
      const at = (hashes[row] ?? 0) & mask
      const bit = 1 << (at & 31)
      const word = at >>> 5
      const before = met[word] ?? 0
      met[word] = before | bit
      if ((before & bit) === 0) continue
      // With the one that was first there.
      if (((again[word] ?? 0) & bit) === 0) count++
      again[word] = (again[word] ?? 0) | bit
      count++
    }
  }
  const mayComeAgain = (hash: number): boolean => {
    const at = hash & mask
    return ((again[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0
  }
  return { mayComeAgain, count }
}

function walkByName(shards: readonly Shard[], meet: Meet): void {
  const last = new Map<string, readonly [shard: number, row: number]>()
  for (const [number, { tensors }] of shards.entries())
    for (let row = 0; row < tensors.count; row++) {
      const name = tensors.nameAt(row)
      const before = last.get(name)
      if (before && before[0] !== number) meet(number, row, ...before)
      last.set(name, [number, row])
    }
}
