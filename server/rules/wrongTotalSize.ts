// metadata.total_size of an index against the bytes of the tensors. Only where the index is right otherwise: with a
// shard missing the sum says nothing new. No loader stops at it; downloads and memory estimates go by it.

import type { Edit } from '../protocol'
import { shardSetsOf } from '../checkpoint/shardNumbers'
import { sharedTensorsOf } from '../checkpoint/duplicates'
import { type Indexed, usable } from './indexPlaces'
import { defineRule, type Draft } from './rule'
import { baseName, count, fileStart, rangeIn } from './show'
import { grouped } from '../util/numbers'

export const wrongTotalSize = defineRule({
  id: 'wrong-total-size',
  severity: 'information',
  title: 'total_size is not the size of the tensors',
  *check({ models }) {
    for (const each of usable(models)) {
      const found = draft(each)
      if (found) yield found
    }
  },
})

function draft(indexed: Indexed): Draft | undefined {
  const { file, fit } = indexed
  const stated = fit.index.totalSize
  const wrong = fit.unindexed.length === 0 ? totalSizeEdit(indexed) : undefined
  if (!stated || !wrong) return undefined
  const { total, edit } = wrong
  return {
    path: file.path,
    range: edit.range,
    message: `total_size is ${grouped(stated.value)}; the tensors of ${count(fit.named.size, 'shard')} take ${grouped(total)} bytes; every loader works all the same, memory estimates do not`,
    tensors: [],
    because: [...fit.named.keys()].slice(0, 4).map(shard => ({
      path: shard.path,
      range: fileStart,
      message: `${baseName(shard.path)} holds ${grouped(shard.dataBytes)} bytes of tensors`,
    })),
    fixes: [{ title: `Change total_size to ${total}`, kind: 'safe', edits: [edit] }],
  }
}

/** The edit that puts total_size right where the shards are sound, all there, and rightly named; tensors may be unnamed. */
export function totalSizeEdit({
  model,
  file,
  fit,
}: Indexed): { readonly total: number; readonly edit: Edit } | undefined {
  const { index, named, absent, misplaced, unlisted, unknown } = fit
  const stated = index.totalSize
  const isRight = absent.length + misplaced.length + unlisted.length + unknown === 0
  const sound = [...named.keys()].every(({ problems }) => problems.length === 0)
  const whole = shardSetsOf(model).every(({ missing }) => missing.length === 0)
  if (!stated || !isRight || !sound || !whole || sharedTensorsOf(model).length > 0) return undefined
  const total = [...named.keys()].reduce((sum, { dataBytes }) => sum + dataBytes, 0)
  if (stated.value === total) return undefined
  const range = rangeIn(file, stated.offset, stated.offset + stated.length)
  return { total, edit: { path: file.path, range, newText: String(total) } }
}
