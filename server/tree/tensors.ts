// Rows of stored tensors: own name, dtype, stored shape, bytes.

import { basename, dirname } from 'node:path'
import type { TreeNode } from '../protocol'
import { splitTensorName, type ModuleNode } from './moduleIndex'
import { nodeId } from './nodeId'
import { ranksIn, type TreeScope } from './scope'
import { compareNatural, showBytes, showShape } from './sizes'

/** The members of a quantized weight come first and in this order; the rest by name. */
const order = ['weight', 'scales', 'biases']

/** Rows of a module's own tensors; a name that several shards hold says where each lies. */
export function tensorRows(node: ModuleNode, { model, badges }: TreeScope): TreeNode[] {
  const copies = new Map<string, number>()
  for (const { name } of node.tensors) copies.set(name, (copies.get(name) ?? 0) + 1)
  const inRanks = ranksIn(model).length > 1
  const rank = (own: string) => (order.includes(own) ? order.indexOf(own) : order.length)
  return node.tensors
    .flatMap(({ shard, name }) => {
      const tensor = shard.tensors.find(name)
      if (!tensor) return []
      const own = splitTensorName(name)[1]
      const home = (copies.get(name) ?? 0) > 1 ? basename(inRanks ? dirname(shard.path) : shard.path) : undefined
      const bytes = showBytes(tensor.endBytes - tensor.beginBytes)
      const row: TreeNode = {
        id: nodeId({ kind: 'tensor', model: model.path, shard: shard.path, tensor: name }),
        label: own,
        description: [`${tensor.dtype} ${showShape(tensor.shape)}`, bytes, home].filter(Boolean).join(' · '),
        tooltip: `${name}\n${shard.path}`,
        icon: 'symbol-numeric',
        kind: 'tensor',
        severity: badges.tensors.get(name),
        hasChildren: false,
        path: shard.path,
        name,
        model: model.path,
      }
      return [{ own, row }]
    })
    .sort(
      (a, b) =>
        rank(a.own) - rank(b.own) || compareNatural(a.own, b.own) || compareNatural(a.row.path ?? '', b.row.path ?? ''),
    )
    .map(({ row }) => row)
}
