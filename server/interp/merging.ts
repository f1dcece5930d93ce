// Which files come into one dict: tensors of one may hide those of another, and scales may come from another file.

import type { Shard } from '../checkpoint/facts'
import type { Machine } from './machine'
import type { ArrayValue, Source, Value } from './value'

/** Remembers that tensors of `later` came into a dict that held tensors of `earlier`. */
export function noteMerged(m: Machine, earlier: readonly { shard: Shard }[], later: readonly { shard: Shard }[]): void {
  const [before, after] = [earlier[0]?.shard, later[0]?.shard]
  // Where a path stands for one of several files it is not known that they meet.
  if (!before || !after || before === after || earlier.length > 1 || later.length > 1) return
  m.merged.set(after, (m.merged.get(after) ?? new Set()).add(before))
}

/** The same for one tensor that takes the place of another of its name. */
export function noteReplaced(m: Machine, before: Value | undefined, after: Value): void {
  if (before?.kind !== 'array' || after.kind !== 'array') return
  const [a, b] = [before, after].map(onlySource)
  if (a && b && a.tensor.name === b.tensor.name) noteMerged(m, [a], [b])
}

/** The one tensor that an array is. */
const onlySource = ({ variants }: ArrayValue): Source | undefined => {
  const sources = variants.length === 1 ? variants[0]?.stored?.sources : undefined
  return sources?.length === 1 ? sources[0] : undefined
}
