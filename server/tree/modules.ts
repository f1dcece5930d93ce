// Rows of modules, nested as their names are. A numbered module carries its list's name (`layers.12`), so that no row
// reads "12" alone.

import { folderOf } from '../checkpoint/paths'
import type { Severity, TreeNode } from '../protocol'
import { describeForeign } from '../quant/formats/describe'
import { graver } from './badges'
import { moduleLevel, splitPath, tensorName, type ModuleRow } from './moduleLevel'
import { nodeId } from './nodeId'
import { describeModule, isQuantized, type Members } from './quantized'
import { shardsIn, type TreeScope } from './scope'
import { compareNatural, showCount } from './sizes'
import { tensorRows } from './tensors'

/** Rows below a module (or, for an empty path, below the scope itself): the modules in it, then its own tensors. */
export function moduleRows(scopePath: string, module: string, scope: TreeScope): TreeNode[] {
  const { rows, tensors } = moduleLevel(shardsIn(scope.model, scopePath), module, scope.filter)
  return [
    ...rows.map(row => moduleNode(scopePath, module, row, scope)).sort((a, b) => compareNatural(a.label, b.label)),
    ...tensorRows(tensors, scope),
  ]
}

function moduleNode(scopePath: string, parent: string, row: ModuleRow, scope: TreeScope): TreeNode {
  const isFolder = row.tensors.length === 0
  const members = isFolder ? undefined : membersOf(row, scope)
  const below = parent === '' ? row.path : row.path.slice(parent.length + 1)
  return {
    id: nodeId({ kind: 'module', model: scope.model.path, scope: scopePath, module: row.path }),
    // Broken names such as `a..b` have empty parts; a row needs something to click on.
    label: (/^\d/.test(below) && parent !== '' ? `${splitPath(parent)[1]}.${below}` : below) || '""',
    description: members ? describe(row, members, scope) : row.modules > 1 ? `${row.modules} modules` : undefined,
    tooltip: row.path,
    icon: !members ? 'symbol-namespace' : isQuantized(members) ? 'symbol-array' : 'symbol-class',
    kind: isFolder ? 'folder' : 'module',
    severity: severityOf(row, scope),
    hasChildren: true,
    path: row.first.shard.path,
    name: row.path,
    model: scope.model.path,
  }
}

/** Members are looked up without the filter, and beyond the scope: a weight's scales may lie in the next shard. */
function membersOf(row: ModuleRow, { model }: TreeScope): Members {
  const home = row.first.shard
  const find = (own: string) => {
    const name = tensorName(row.path, own)
    const here = home.tensors.find(name)
    if (here) return here
    const folder = folderOf(home.path)
    return model.shards.find(({ path, tensors }) => folderOf(path) === folder && tensors.find(name))?.tensors.find(name)
  }
  const weight = find('weight')
  if (weight?.dtype !== 'U32') return { weight, scales: undefined, biases: undefined }
  return { weight, scales: find('scales'), biases: find('biases') }
}

function describe(row: ModuleRow, members: Members, { model }: TreeScope): string | undefined {
  const text = describeForeign(model, row.path) ?? describeModule(row.path, members, model)
  const copies = new Set(row.tensors.map(({ shard }) => folderOf(shard.path))).size
  const where = copies > 1 ? `in ${showCount(copies, 'rank')}` : undefined
  return [text, where].filter(Boolean).join(' · ') || undefined
}

/** The gravest badge among the tensors below, those of the scope alone: a fault in another shard is shown there. */
function severityOf({ path, all }: ModuleRow, { badges }: TreeScope): Severity | undefined {
  // Every folder above a flagged tensor has an entry, so most rows need not be looked into.
  if (!badges.modules.has(path)) return undefined
  let worst: Severity | undefined
  for (const [module, members] of all)
    if (badges.modules.has(module))
      for (const { parameter } of members) worst = graver(worst, badges.tensors.get(tensorName(module, parameter)))
  return worst
}
