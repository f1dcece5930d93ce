// Finds the tensors of a model by name, without a table of all names: shard by shard, from the one in which the last was found
// onwards, since what is asked for one after another mostly lies together.

import { sharedTensorsOf } from './duplicates'
import type { Model } from './facts'
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
  /** Where the search begins: of tensors that are stored several times the last must be met first. */
  let start = shards.length - 1
  const step = isOnce ? 1 : shards.length - 1
  return name => {
    for (let tried = 0, i = start; tried < shards.length; tried++, i = (i + step) % shards.length) {
      const shard = shards[i]
      const index = shard?.tensors.indexOf(name) ?? -1
      if (!shard || index < 0) continue
      if (isOnce) start = i
      return { shard, index }
    }
    return undefined
  }
}
