// Finds the tensors of a model by name, without a table of all names: shard by shard, beginning with the one in which the last
// was found, since what is asked for one after another mostly lies together.

import { sharedTensorsOf } from './duplicates'
import type { Model, Shard } from './facts'
import type { Member } from './modules'
import { folderOf } from './paths'

/** The last tensor of a name; undefined where there is none. */
export type LookUp = (name: string) => Pick<Member, 'shard' | 'index'> | undefined

const byModel = new WeakMap<Model, LookUp>()

/** The tensors of a model by name. */
export function lookUpIn(model: Model): LookUp {
  let known = byModel.get(model)
  if (!known) byModel.set(model, (known = finder(model)))
  return known
}

function finder(model: Model): LookUp {
  const { shards } = model
  const isOnce = new Set(shards.map(({ path }) => folderOf(path))).size < 2 && sharedTensorsOf(model).length === 0
  let last: Shard | undefined
  return name => {
    const near = isOnce ? (last?.tensors.indexOf(name) ?? -1) : -1
    if (last && near >= 0) return { shard: last, index: near }
    for (let i = shards.length - 1; i >= 0; i--) {
      const shard = shards[i]
      const index = shard?.tensors.indexOf(name) ?? -1
      if (!shard || index < 0) continue
      last = shard
      return { shard, index }
    }
    return undefined
  }
}
