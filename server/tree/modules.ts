// Rows of modules, nested as their names are. A folder with nothing but one folder in it is shown with it as one row
// (`model.layers`), and a numbered module carries its list's name (`layers.12`), so that no row reads "12" alone.

import { folderOf } from '../checkpoint/paths'
import type { Severity, TreeNode } from '../protocol'
import { graver } from './badges'
import { findModule, moduleIndex, splitPath, type ModuleNode } from './moduleIndex'
import { nodeId } from './nodeId'
import { describeModule, isQuantized, type Members } from './quantized'
import { shardsIn, type TreeScope } from './scope'
import { compareNatural, showCount } from './sizes'
import { tensorRows } from './tensors'

/** Rows below a module (or, for an empty path, below the scope itself): the modules in it, then its own tensors. */
export function moduleRows(scopePath: string, module: string, scope: TreeScope): TreeNode[] {
  const shards = shardsIn(scope.model, scopePath)
  const node = findModule(moduleIndex(shards, scope.filter), module)
  if (!node) return []
  const rows = [...node.children.values()]
    .map(child => moduleRow(scopePath, node.path, collapse(child), scope))
    .sort((a, b) => compareNatural(a.label, b.label))
  return [...rows, ...tensorRows(node, scope)]
}

function collapse(node: ModuleNode): ModuleNode {
  let inner = node
  while (inner.tensors.length === 0 && inner.children.size === 1) {
    const [only] = inner.children.values()
    // A folder is folded into a folder, not into a module that has tensors to show.
    if (!only || only.tensors.length > 0) break
    inner = only
  }
  return inner
}

function moduleRow(scopePath: string, parent: string, node: ModuleNode, scope: TreeScope): TreeNode {
  const isFolder = node.tensors.length === 0
  const members = membersOf(node, scope)
  const below = parent === '' ? node.path : node.path.slice(parent.length + 1)
  return {
    id: nodeId({ kind: 'module', model: scope.model.path, scope: scopePath, module: node.path }),
    // Broken names such as `a..b` have empty parts; a row needs something to click on.
    label: (/^\d/.test(below) && parent !== '' ? `${splitPath(parent)[1]}.${below}` : below) || '""',
    description: isFolder ? folderDescription(node) : describe(node, members, scope),
    tooltip: node.path,
    icon: isFolder ? 'symbol-namespace' : isQuantized(members) ? 'symbol-array' : 'symbol-class',
    kind: isFolder ? 'folder' : 'module',
    severity: severityOf(node, scopePath, scope),
    hasChildren: true,
    path: firstShard(node),
    name: node.path,
    model: scope.model.path,
  }
}

/** Members are looked up without the filter, and beyond the scope: a weight's scales may lie in the next shard. */
function membersOf(node: ModuleNode, { model }: TreeScope): Members {
  const home = node.tensors[0]?.shard
  const find = (own: string) => {
    const name = node.path === '' ? own : `${node.path}.${own}`
    const here = home?.tensors.find(name)
    if (here) return here
    const folder = folderOf(home?.path ?? '')
    return model.shards.find(({ path, tensors }) => folderOf(path) === folder && tensors.find(name))?.tensors.find(name)
  }
  const weight = find('weight')
  if (weight?.dtype !== 'U32') return { weight, scales: undefined, biases: undefined }
  return { weight, scales: find('scales'), biases: find('biases') }
}

function describe(node: ModuleNode, members: Members, { model }: TreeScope): string | undefined {
  const text = describeModule(node.path, members, model)
  const copies = new Set(node.tensors.map(({ shard }) => folderOf(shard.path))).size
  const where = copies > 1 ? `in ${showCount(copies, 'rank')}` : undefined
  return [text, where].filter(Boolean).join(' · ') || undefined
}

function folderDescription(node: ModuleNode): string | undefined {
  return node.children.size > 1 ? `${node.children.size} modules` : undefined
}

function severityOf(node: ModuleNode, scopePath: string, { badges, model }: TreeScope): Severity | undefined {
  const whole = badges.modules.get(node.path)
  if (!whole || scopePath === model.path || node.path === '') return whole
  // The badge of a folder counts all shards; inside one shard only what lies in it may show.
  return below(node, badges.tensors)
}

function below(node: ModuleNode, tensors: ReadonlyMap<string, Severity>): Severity | undefined {
  let worst: Severity | undefined
  for (const { parameter } of node.tensors)
    worst = graver(worst, tensors.get(node.path === '' ? parameter : `${node.path}.${parameter}`))
  for (const child of node.children.values()) {
    if (worst === 'error') return worst
    worst = graver(worst, below(child, tensors))
  }
  return worst
}

function firstShard(node: ModuleNode): string | undefined {
  if (node.tensors[0]) return node.tensors[0].shard.path
  for (const child of node.children.values()) return firstShard(child)
  return undefined
}
