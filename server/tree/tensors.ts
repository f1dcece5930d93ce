// Rows of stored tensors: own name, dtype, stored shape, bytes.

import { baseName, folderOf } from '../checkpoint/paths'
import { ranksOf } from '../checkpoint/models'
import { tensorOf, type Member } from '../checkpoint/modules'
import type { TreeNode } from '../protocol'
import { nodeId } from './nodeId'
import type { TreeScope } from './scope'
import { compareNatural, showBytes, showShape } from './sizes'

/** The members of a quantized weight come first and in this order; the rest by name. */
const order = ['weight', 'scales', 'biases']

/** Rows of a module's own tensors; a name that several shards hold says where each lies. */
export function tensorRows(members: readonly Member[], { model, badges }: TreeScope): TreeNode[] {
  const copies = new Map<string, number>()
  for (const { parameter } of members) copies.set(parameter, (copies.get(parameter) ?? 0) + 1)
  const inRanks = ranksOf(model).length > 0
  const rank = (own: string) => (order.includes(own) ? order.indexOf(own) : order.length)
  return members
    .map(member => {
      const { parameter, shard } = member
      const { name, dtype, shape, beginBytes, endBytes } = tensorOf(member)
      const home = (copies.get(parameter) ?? 0) > 1 ? baseName(inRanks ? folderOf(shard.path) : shard.path) : undefined
      const row: TreeNode = {
        id: nodeId({ kind: 'tensor', model: model.path, shard: shard.path, tensor: name }),
        label: parameter,
        description: [`${dtype} ${showShape(shape)}`, showBytes(endBytes - beginBytes), home]
          .filter(Boolean)
          .join(' · '),
        tooltip: `${name}\n${shard.path}`,
        icon: 'symbol-numeric',
        kind: 'tensor',
        severity: badges.tensors.get(name),
        hasChildren: false,
        path: shard.path,
        name,
        model: model.path,
      }
      return row
    })
    .sort(
      (a, b) =>
        rank(a.label) - rank(b.label) || compareNatural(a.label, b.label) || compareNatural(a.path ?? '', b.path ?? ''),
    )
}
