// The rows that lead to a tensor, from its model down: what a view needs to unfold itself to it.

import type { Analysis, Snapshot } from '../engine'
import type { RevealParams, TreeGrouping, TreeNode } from '../protocol'
import { buildTree } from './index'
import { placeOf } from './nodeId'

/** From the model's row to the tensor's own; as far as there are rows where the tensor is gone. */
export function rowsTo(
  snapshot: Snapshot,
  analysis: Analysis,
  target: RevealParams,
  grouping: TreeGrouping,
): readonly TreeNode[] {
  const rows: TreeNode[] = []
  for (;;) {
    const children = buildTree(snapshot, analysis, { parent: rows.at(-1)?.id, grouping, filter: '' })
    const next = children.find(row => leadsTo(row, target))
    if (!next) return rows
    rows.push(next)
  }
}

function leadsTo({ id }: TreeNode, { model, path, tensor }: RevealParams): boolean {
  const place = placeOf(id)
  if (place?.model !== model) return false
  switch (place.kind) {
    case 'model':
      return true
    case 'rank':
      return path.startsWith(`${place.folder}/`) || path.startsWith(`${place.folder}\\`)
    case 'shard':
      return place.shard === path
    case 'module':
      return tensor.startsWith(`${place.module}.`)
    case 'tensor':
      return place.tensor === tensor && place.shard === path
  }
}
