// What every section of the tree is given, and which shards a row of it speaks of.

import type { Model, Shard } from '../checkpoint/facts'
import { ranksOf } from '../checkpoint/models'
import type { TreeGrouping } from '../protocol'
import type { Badges } from './badges'

export interface TreeScope {
  readonly model: Model
  readonly badges: Badges
  readonly grouping: TreeGrouping
  /** Trimmed; empty keeps everything. */
  readonly filter: string
}

/** Shards that a scope of module rows names: a rank's folder, one shard, or the whole model. */
export function shardsIn(model: Model, scope: string): readonly Shard[] {
  if (scope === model.path) return model.shards
  const shard = model.shards.find(({ path }) => path === scope)
  return shard ? [shard] : (ranksOf(model).find(({ path }) => path === scope)?.shards ?? [])
}
