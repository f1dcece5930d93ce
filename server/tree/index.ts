// The tree view, one level at a time: which section answers for the children of which row.
// Everything that a row shows is decided here on the server; a client only draws it.

import type { Analysis, Snapshot } from '../engine'
import type { TreeNode, TreeParams } from '../protocol'
import { badgesOf } from './badges'
import { modelRows } from './models'
import { moduleRows } from './modules'
import { placeOf } from './nodeId'
import type { TreeScope } from './scope'
import { rankChildren, shardRows } from './shards'

/** The children of a row, or the models where no parent is named; empty for a row that is no longer there. */
export function buildTree(snapshot: Snapshot, analysis: Analysis, params: TreeParams): TreeNode[] {
  const filter = params.filter.trim()
  if (params.parent === undefined) return modelRows(snapshot.models, analysis, filter)
  const place = placeOf(params.parent)
  const model = snapshot.models.find(candidate => candidate.path === place?.model)
  if (!place || !model) return []
  const scope: TreeScope = { model, badges: badgesOf(analysis, model), grouping: params.grouping, filter }
  switch (place.kind) {
    case 'model':
      return scope.grouping === 'module' ? moduleRows(model.path, '', scope) : shardRows(scope)
    case 'rank':
      return rankChildren(place.folder, scope)
    case 'shard':
      return moduleRows(place.shard, '', scope)
    case 'module':
      return moduleRows(place.scope, place.module, scope)
    case 'tensor':
      return []
  }
}
