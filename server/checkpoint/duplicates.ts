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
  const starts = new Int32Array(shards.length + 1)
  for (const [number, { tensors }] of shards.entries()) starts[number + 1] = (starts[number] ?? 0) + tensors.count
  const hashes = new Int32Array(starts[shards.length] ?? 0)
  for (const [number, { tensors }] of shards.entries())
    hashes.set(tensors.hashes.subarray(0, tensors.count), starts[number])
  const placeOf = (tensor: number): readonly [shard: number, row: number] => {
    let number = 0
    while ((starts[number + 1] ?? Infinity) <= tensor) number++
    return [number, tensor - (starts[number] ?? 0)]
  }
  const nameOf = (tensor: number): string | undefined => {
    const [number, row] = placeOf(tensor)
    return shards[number]?.tensors.nameAt(row)
  }
  const met = equalsAmong(hashes, (a, b) => nameOf(a) === nameOf(b))
  if (!met) return walkByName(shards, meet)
  for (const [before, after] of met) meet(...placeOf(after), ...placeOf(before))
}

/**
 * Pairs of what is equal, each with the one before it, by an open-addressing table of hashes; undefined where the hashes were
 * made to collide.
 */
function equalsAmong(
  hashes: Int32Array,
  isEqual: (a: number, b: number) => boolean,
): readonly (readonly [number, number])[] | undefined {
  let size = 8
  while (size < hashes.length * 2) size *= 2
  const mask = size - 1
  /** Number of the last one there + 1, or 0 for a free slot. */
  const slots = new Int32Array(size)
  let probes = hashes.length * maxProbesPerName
  const met: (readonly [number, number])[] = []
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i] ?? 0
    let slot = hash & mask
    let held = slots[slot] ?? 0
    while (held !== 0 && !(hashes[held - 1] === hash && isEqual(held - 1, i))) {
      if (--probes < 0) return undefined
      slot = (slot + 1) & mask
      held = slots[slot] ?? 0
    }
    slots[slot] = i + 1
    if (held !== 0) met.push([held - 1, i])
  }
  return met
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
