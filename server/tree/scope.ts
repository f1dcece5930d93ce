// What every section of the tree is given, and how a model falls into ranks: folders of shards below the model's own.

import { dirname } from 'node:path'
import type { Model, Shard } from '../checkpoint/facts'
import type { TreeGrouping } from '../protocol'
import type { Badges } from './badges'

export interface TreeScope {
  readonly model: Model
  readonly badges: Badges
  readonly grouping: TreeGrouping
  /** Trimmed; empty keeps everything. */
  readonly filter: string
}

export interface Rank {
  /** Absolute folder. */
  readonly folder: string
  readonly shards: readonly Shard[]
}

/** Shards by their folder, in the model's order. One rank whose folder is the model's own is a model without ranks. */
export function ranksIn(model: Model): readonly Rank[] {
  const byFolder = new Map<string, Shard[]>()
  for (const shard of model.shards) {
    const folder = dirname(shard.path)
    const list = byFolder.get(folder)
    if (list) list.push(shard)
    else byFolder.set(folder, [shard])
  }
  return [...byFolder].map(([folder, shards]) => ({ folder, shards }))
}

/** Shards that a scope of module rows names: a rank's folder, one shard, or the whole model. */
export function shardsIn(model: Model, scope: string): readonly Shard[] {
  const shard = model.shards.find(({ path }) => path === scope)
  if (shard) return [shard]
  return ranksIn(model).find(({ folder }) => folder === scope)?.shards ?? (scope === model.path ? model.shards : [])
}
