// The root of the tree: one row for every model.

import { baseName, folderOf } from '../checkpoint/paths'
import type { Model } from '../checkpoint/facts'
import { ranksOf } from '../checkpoint/models'
import type { Analysis } from '../engine'
import type { TreeNode } from '../protocol'
import { badgesOf } from './badges'
import { holdsAny } from './moduleLevel'
import { nodeId } from './nodeId'
import { showBytes, showCount } from './sizes'

/** Rows of the models that hold a tensor which the filter wants. */
export function modelRows(models: readonly Model[], analysis: Analysis, filter: string): TreeNode[] {
  return models.flatMap(model => {
    if (filter !== '' && !holdsAny(model.shards, filter)) return []
    const tensors = model.shards.reduce((sum, shard) => sum + shard.tensors.count, 0)
    const bytes = model.shards.reduce((sum, shard) => sum + shard.dataBytes, 0)
    const ranks = ranksOf(model)
    const parts = ranks.length > 0 ? showCount(ranks.length, 'rank') : showCount(model.shards.length, 'shard')
    return {
      id: nodeId({ kind: 'model', model: model.path }),
      label: modelLabel(model.path),
      description: `${parts} · ${showCount(tensors, 'tensor')} · ${showBytes(bytes)}`,
      tooltip: model.kind === 'unknown' ? model.path : `${model.path}\n${model.kind} checkpoint`,
      icon: 'package',
      kind: 'model',
      severity: badgesOf(analysis, model).model,
      hasChildren: model.shards.length > 0,
      path: model.shards[0]?.path ?? model.path,
      name: model.path,
      model: model.path,
    }
  })
}

/** A folder's own name; `org/name` for a snapshot in a Hugging Face cache, whose folder is named by a commit. */
export function modelLabel(path: string): string {
  const snapshots = folderOf(path)
  const cached = /^models--(.+?)--(.+)$/.exec(baseName(folderOf(snapshots)))
  if (cached && baseName(snapshots) === 'snapshots') return `${cached[1]}/${cached[2]}`
  return baseName(path)
}
