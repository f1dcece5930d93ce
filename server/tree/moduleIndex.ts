// Turns the flat names of tensors into nested modules: `model.layers.0.self_attn.q_proj.weight` is the tensor `weight` of
// the module before it. An index is built once for each set of shards and kept as long as its first shard object lives,
// so that showing one more level of a 90,000-tensor model costs only that level.

import type { Shard } from '../checkpoint/facts'
import { modulesOfShard, type Member } from '../checkpoint/modules'

export interface ModuleNode {
  /** Dotted path from the root; empty for the root. */
  readonly path: string
  /** Modules below, by their one name. */
  readonly children: ReadonlyMap<string, ModuleNode>
  /** Tensors of the module itself, in the order of their shards. */
  readonly tensors: readonly Member[]
}

interface Growing {
  path: string
  children: Map<string, Growing>
  tensors: Member[]
}

interface Kept {
  readonly shards: readonly Shard[]
  readonly filter: string
  readonly root: ModuleNode
}

const kept = new WeakMap<Shard, Kept[]>()
/** Per first shard: itself, its rank, its model, each with and without a filter. */
const MAX_KEPT = 6

/** The modules of some shards, of which only tensors whose full name contains `filter` (any case) are kept. */
export function moduleIndex(shards: readonly Shard[], filter: string): ModuleNode {
  const first = shards[0]
  if (!first) return { path: '', children: new Map(), tensors: [] }
  const list = kept.get(first) ?? []
  const known = list.find(
    entry =>
      entry.filter === filter &&
      entry.shards.length === shards.length &&
      entry.shards.every((shard, i) => shard === shards[i]),
  )
  if (known) return known.root
  const root = buildIndex(shards, filter)
  kept.set(first, [{ shards: [...shards], filter, root }, ...list].slice(0, MAX_KEPT))
  return root
}

/** The node at a dotted path; undefined where no tensor of the index lies there. */
export function findModule(root: ModuleNode, path: string): ModuleNode | undefined {
  if (path === '') return root
  let node: ModuleNode | undefined = root
  for (const name of path.split('.')) {
    node = node.children.get(name)
    if (!node) return undefined
  }
  return node
}

/** The last name of a dotted path, and what stands before it: `model.layers.0` is [`model.layers`, `0`]. */
export function splitPath(path: string): readonly [before: string, last: string] {
  const dot = path.lastIndexOf('.')
  return dot < 0 ? ['', path] : [path.slice(0, dot), path.slice(dot + 1)]
}

function buildIndex(shards: readonly Shard[], filter: string): ModuleNode {
  const wanted = filter.toLowerCase()
  const root: Growing = { path: '', children: new Map(), tensors: [] }
  const byPath = new Map<string, Growing>([['', root]])
  const nodeAt = (path: string): Growing => {
    const known = byPath.get(path)
    if (known) return known
    const [before, last] = splitPath(path)
    const node: Growing = { path, children: new Map(), tensors: [] }
    nodeAt(before).children.set(last, node)
    byPath.set(path, node)
    return node
  }
  for (const shard of shards)
    for (const [module, members] of modulesOfShard(shard)) {
      const kept = members.filter(({ parameter }, i) => {
        const name = module === '' ? parameter : `${module}.${parameter}`
        if (wanted !== '' && !name.toLowerCase().includes(wanted)) return false
        // A name that the header holds twice is one row; the shard has a problem that says so.
        return members.findIndex(other => other.parameter === parameter) === i
      })
      if (kept.length > 0) nodeAt(module).tensors.push(...kept)
    }
  return root
}
