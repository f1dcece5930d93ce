// Which files come into one dict: tensors of one may hide those of another, and scales may come from another file.

import type { Shard } from '../../checkpoint/facts'
import type { Machine } from '../run/machine'
import type { ArrayValue, Source, Value, WeightsView } from '../values/value'

/** Files whose tensors came into one dict. */
export interface Merged {
  /** The files behind dicts; a list grows as more come into it. */
  readonly dicts: Set<readonly WeightsView[]>
  /** Files of which one tensor took the place of another's of the same name. */
  readonly pairs: Map<Shard, Set<Shard>>
}

export const nothingMerged = (): Merged => ({ dicts: new Set(), pairs: new Map() })

/** Whether tensors of both files came into one dict. */
export function areMerged({ dicts, pairs }: Merged, a: Shard, b: Shard): boolean {
  if (pairs.get(a)?.has(b) || pairs.get(b)?.has(a)) return true
  // Where a path stands for one of several files it is not known that they meet.
  const isIn = (views: readonly WeightsView[], shard: Shard): boolean =>
    views.some(({ entries }) => entries.length === 1 && entries[0]?.shard === shard)
  return [...dicts].some(views => isIn(views, a) && isIn(views, b))
}

/** Remembers that tensors of more than one file may be behind a dict. */
export function noteMerged(m: Machine, views: readonly WeightsView[]): void {
  if (views.length > 1) m.merged.dicts.add(views)
}

/** The same for one tensor that takes the place of another of its name. */
export function noteReplaced(m: Machine, before: Value | undefined, after: Value): void {
  if (before?.kind !== 'array' || after.kind !== 'array') return
  const [a, b] = [before, after].map(onlySource)
  if (!a || !b || a.shard === b.shard || a.tensor.name !== b.tensor.name) return
  const known = m.merged.pairs.get(b.shard)
  if (known) known.add(a.shard)
  else m.merged.pairs.set(b.shard, new Set([a.shard]))
}

/** The one tensor that an array is. */
const onlySource = ({ variants }: ArrayValue): Source | undefined => {
  const sources = variants.length === 1 ? variants[0]?.stored?.sources : undefined
  return sources?.length === 1 ? sources[0] : undefined
}
