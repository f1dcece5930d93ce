// Tensors that two files of one folder both hold. Files in different folders are ranks, which share names by design.
// It rests on the modules that other readers of a model have worked out already (modules.ts).

import type { Model, Shard } from './facts'
import { type Member, modulesOf, tensorOf } from './modules'
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

/** Every pair of shards of one folder that share tensors. */
export function sharedTensorsOf(model: Model): readonly SharedTensors[] {
  let found = cache.get(model)
  if (!found) cache.set(model, (found = model.shards.length > 1 ? find(model) : []))
  return found
}

function find(model: Model): readonly SharedTensors[] {
  const numbers = new Map(model.shards.map((shard, i) => [shard, i] as const))
  const folders = new Map(model.shards.map(shard => [shard, folderOf(shard.path)] as const))
  const pairs = new Map<number, { first: Shard; second: Shard; tensors: string[]; differing?: string }>()
  const note = (a: Member, b: Member): void => {
    if (a.shard === b.shard) return
    const key = (numbers.get(a.shard) ?? 0) * model.shards.length + (numbers.get(b.shard) ?? 0)
    let pair = pairs.get(key)
    if (!pair) pairs.set(key, (pair = { first: a.shard, second: b.shard, tensors: [] }))
    const [x, y] = [tensorOf(a), tensorOf(b)]
    pair.tensors.push(x.name)
    if (x.dtype !== y.dtype || x.shape.join() !== y.shape.join()) pair.differing ??= x.name
  }
  for (const members of modulesOf(model).values()) {
    if (members.every(member => member.shard === members[0]?.shard)) continue
    // Against the holder just before is enough: three files that share a tensor are two pairs.
    const before = new Map<string, Member>()
    for (const member of members) {
      const key = `${member.parameter}\0${folders.get(member.shard)}`
      const other = before.get(key)
      if (other) note(other, member)
      before.set(key, member)
    }
  }
  return [...pairs.values()].map(pair => ({ differing: undefined, ...pair }))
}
