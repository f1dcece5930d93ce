// What a model falls into on disk: ranks where its shards lie in several folders, else shards. A rank of one shard shows
// its modules at once: a level of one row helps nobody.

import { baseName } from '../checkpoint/paths'
import type { Shard } from '../checkpoint/facts'
import { ranksOf, type Rank } from '../checkpoint/models'
import type { Severity, TreeNode } from '../protocol'
import { graver } from './badges'
import { holdsAny } from './moduleLevel'
import { moduleRows } from './modules'
import { nodeId } from './nodeId'
import type { TreeScope } from './scope'
import { compareNatural, showBytes, showCount } from './sizes'

/** Rows below a model, grouped by shard. */
export function shardRows(scope: TreeScope): TreeNode[] {
  const ranks = ranksOf(scope.model)
  const rows =
    ranks.length > 0
      ? ranks.flatMap(rank => rankRow(rank, scope) ?? [])
      : scope.model.shards.flatMap(shard => shardRow(shard, scope) ?? [])
  return rows.sort((a, b) => compareNatural(a.label, b.label))
}

/** Rows below a rank: its shards, or the modules of its only one. */
export function rankChildren(folder: string, scope: TreeScope): TreeNode[] {
  const rank = ranksOf(scope.model).find(({ path }) => path === folder)
  if (!rank) return []
  if (rank.shards.length === 1) return moduleRows(folder, '', scope)
  return rank.shards.flatMap(shard => shardRow(shard, scope) ?? []).sort((a, b) => compareNatural(a.label, b.label))
}

function rankRow({ label, path: folder, shards }: Rank, scope: TreeScope): TreeNode | undefined {
  if (scope.filter !== '' && !holdsAny(shards, scope.filter)) return undefined
  const only = shards.length === 1 ? shards[0] : undefined
  const severity = shards.reduce<Severity | undefined>(
    (worst, s) => graver(worst, scope.badges.shards.get(s.path)),
    undefined,
  )
  return {
    id: nodeId({ kind: 'rank', model: scope.model.path, folder }),
    label,
    description: `${only ? baseName(only.path) : showCount(shards.length, 'shard')} · ${sizes(shards)}`,
    tooltip: folder,
    icon: 'layers',
    kind: 'rank',
    severity,
    hasChildren: shards.some(shard => shard.tensors.count > 0) || shards.length > 1,
    path: only?.path ?? shards[0]?.path,
    name: folder,
    model: scope.model.path,
  }
}

function shardRow(shard: Shard, scope: TreeScope): TreeNode | undefined {
  if (scope.filter !== '' && !holdsAny([shard], scope.filter)) return undefined
  return {
    id: nodeId({ kind: 'shard', model: scope.model.path, shard: shard.path }),
    label: baseName(shard.path),
    description: sizes([shard]),
    tooltip: [shard.path, ...shard.problems.map(problem => problem.message)].join('\n'),
    icon: 'file-binary',
    kind: 'shard',
    severity: scope.badges.shards.get(shard.path),
    hasChildren: shard.tensors.count > 0,
    path: shard.path,
    name: shard.path,
    model: scope.model.path,
  }
}

function sizes(shards: readonly Shard[]): string {
  const tensors = shards.reduce((sum, shard) => sum + shard.tensors.count, 0)
  return `${showCount(tensors, 'tensor')} · ${showBytes(shards.reduce((sum, shard) => sum + shard.dataBytes, 0))}`
}
