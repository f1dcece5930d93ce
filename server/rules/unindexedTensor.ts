// Tensors in the shards that the index does not know: typical of the scales and biases of a model that was quantized
// while its old index stayed. The repair adds them in the writing of the entries that are there.

import type { Shard } from '../checkpoint/facts'
import type { IndexFit, Unindexed } from '../checkpoint/indexFit'
import type { Fix } from '../protocol'
import { type Indexed, rangeOfFile, showTensors, usable } from './indexPlaces'
import { defineRule, type Draft } from './rule'
import { totalSizeEdit } from './wrongTotalSize'
import { baseName, becauseTensor, count, fileStart, foldNames, rangeIn } from './show'

export const unindexedTensor = defineRule({
  id: 'unindexed-tensor',
  severity: 'warning',
  title: 'The index leaves tensors out',
  *check({ models }) {
    for (const each of usable(models)) if (each.fit.unindexed.length > 0) yield draft(each, each.fit.unindexed)
  },
})

function draft(indexed: Indexed, groups: readonly Unindexed[]): Draft {
  const { file, fit } = indexed
  const { index, named } = fit
  const [group] = groups
  const names = groups.flatMap(({ tensors }) => tensors)
  const files = groups.map(({ shard }) => baseName(shard.path))
  const [mention = 0] = index.numbersOf((group && named.get(group.shard)) ?? '')
  const tensor = group?.shard.tensors.find(group.tensors[0] ?? '')
  return {
    path: file.path,
    range: rangeOfFile(file, index.entryAt(mention)),
    message: `the index does not name ${showTensors(names)} in ${files.length > 3 ? count(files.length, 'shard') : foldNames(files)}; loaders that go by the index (transformers 4, per-tensor readers) leave them out, mlx-lm loads them`,
    tensors: names,
    because:
      group && tensor
        ? [becauseTensor({ shard: group.shard, tensor }, `${tensor.name} is here`)]
        : [{ path: file.path, range: fileStart, message: 'the index' }],
    fixes: fixes(indexed, groups),
  }
}

/** More entries than these are a new index. */
const maxEntries = 1_000

/** Writes the missing entries behind the last one, as the others are written, and puts total_size right. */
function fixes(indexed: Indexed, groups: readonly Unindexed[]): Fix[] {
  const { file, fit } = indexed
  const { index, named } = fit
  const { text } = file
  const number = groups.reduce((sum, { tensors }) => sum + tensors.length, 0)
  if (number > maxEntries || index.faults.length > 0) return []
  let last
  for (const entry of index.entries()) last = entry
  if (!last) return []
  const before = /[{,](\s*)$/.exec(text.slice(0, last.nameOffset))?.[1] ?? ' '
  const colon = text.slice(last.nameOffset + last.nameLength, last.fileOffset)
  const end = last.fileOffset + last.fileLength
  const entries = groups.flatMap(({ shard, tensors }) =>
    tensors.map(name => `,${before}${JSON.stringify(name)}${colon}${JSON.stringify(named.get(shard))}`),
  )
  const total = totalSizeEdit(indexed)
  return [
    {
      title: `Add ${number === 1 ? 'it' : `the ${number} tensors`} to the index`,
      // Where entries of the same shards lead nowhere, the tensors have been renamed rather than added.
      kind: groups.some(({ shard }) => lacks(fit, shard)) ? 'needs-a-look' : 'safe',
      edits: [
        { path: file.path, range: rangeIn(file, end, end), newText: entries.join('') },
        ...(total ? [total.edit] : []),
      ],
    },
  ]
}

/** Whether the index names tensors in a shard that are nowhere. */
const lacks = ({ misplaced }: IndexFit, shard: Shard): boolean =>
  misplaced.some(one => one.shard === shard && one.actual === undefined)
