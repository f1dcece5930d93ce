// Tensors that two files of one folder both hold. Files in different folders are ranks, which share names by design.
// Names are met by their hashes, which the headers' readers have worked out already, so that a large model without a
// tensor twice makes no string at all.

import type { Model, Shard } from './facts'
import { folderOf } from './paths'
import { copied, scannerFor } from './scanner'

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

/** Meets tensors by their names, though only those whose name has a hash that is there more than once. */
function walk(shards: readonly Shard[], meet: Meet): void {
  const starts: number[] = []
  let count = 0
  for (const { tensors } of shards) {
    starts.push(count)
    count += tensors.count
  }
  const last = new Map<string, readonly [shard: number, row: number]>()
  let number = 0
  for (const place of repeatsAmong(shards, count)) {
    while ((starts[number + 1] ?? count) <= place) number++
    const row = place - (starts[number] ?? 0)
    const name = shards[number]?.tensors.nameAt(row) ?? ''
    const before = last.get(name)
    if (before) meet(number, row, ...before)
    last.set(name, [number, row])
  }
}

/** The places, rising, of tensors whose name may be that of another; all where their hashes were made to collide. */
function repeatsAmong(shards: readonly Shard[], count: number): Iterable<number> {
  const scanner = scannerFor(count * bytesPerHash)
  const start = scanner.openHashes(count)
  const hashes = new Int32Array(scanner.memory.buffer, start, count)
  let at = 0
  for (const { tensors } of shards) {
    hashes.set(tensors.hashes, at)
    at += tensors.count
  }
  // The memory may grow, which takes the view above away.
  const found = scanner.findRepeats()
  if (found < 0) return Array(count).keys()
  return new Set(copied(Uint32Array, scanner, scanner.repeats, found).sort())
}

/** With its place in the scanner's table, which is at most half full. */
const bytesPerHash = 20
