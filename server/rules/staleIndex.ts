// An index that is about another save of the model: a converter wrote new shards and left, or copied back, the index of
// the files it read. One finding instead of one for each entry; the repair writes the index anew from the headers.

import type { Model, Shard } from '../checkpoint/facts'
import { sharedTensorsOf } from '../checkpoint/duplicates'
import { rivalSetsOf, shardSetsOf } from '../checkpoint/shardNumbers'
import type { Fix } from '../protocol'
import { indexed, type Indexed, isStale, rangeOfFile, showFiles } from './indexPlaces'
import { type Players, playersOf, severityOf } from './players'
import { defineRule, type Draft } from './rule'
import { baseName, count, fileStart, rangeIn } from './show'

export const staleIndex = defineRule({
  id: 'stale-index',
  severity: 'error',
  title: 'The index is about other files',
  *check(facts) {
    for (const each of indexed(facts.models)) if (isStale(each.fit)) yield draft(playersOf(facts, each.model), each)
  },
})

function draft(players: Players, { model, file, fit }: Indexed): Draft {
  const { index, named, absent, misplaced, unlisted, right } = fit
  const first = absent[0]?.first ?? misplaced[0]?.entries[0]
  const wrong = misplaced.flatMap(({ entries }) => entries.map(entry => entry.name))
  const found =
    named.size === 0
      ? `the index names ${count(index.files.length, 'file')} (${showFiles(index.files, 2)}), none of which is there; the folder has ${count(unlisted.length, 'shard')} that it does not name (${showFiles(
          unlisted.map(shard => baseName(shard.path)),
          2,
        )})`
      : `${wrong.length} of ${index.count} entries name a shard that does not hold the tensor, ${right} are right`
  return {
    path: file.path,
    range: first ? rangeOfFile(file, first) : fileStart,
    severity: severityOf(players, ['transformers']),
    message: `${found}: the index is of another save of the model; transformers and other loaders that go by it stop, mlx-lm ignores it`,
    tensors: named.size === 0 ? absent.flatMap(({ tensors }) => tensors) : wrong,
    because: model.shards
      .slice(0, 2)
      .map(shard => ({ path: shard.path, range: fileStart, message: `holds ${count(shard.tensors.count, 'tensor')}` })),
    fixes: rewritten(model, file),
  }
}

/** Longer indexes are better written by the tool that writes the shards. */
const maxRewritten = 20_000

/** The index that the headers give; only where the shards are sound and all there. */
function rewritten(model: Model, file: Indexed['file']): Fix[] {
  const tensorCount = model.shards.reduce((sum, shard) => sum + shard.tensors.count, 0)
  const sound =
    model.shards.every(({ problems }) => problems.every(({ refusedBy }) => !refusedBy.rust && !refusedBy.mlx)) &&
    shardSetsOf(model).every(({ missing }) => missing.length === 0) &&
    rivalSetsOf(model).length === 0 &&
    sharedTensorsOf(model).length === 0
  const folder = file.path.slice(0, -baseName(file.path).length)
  if (!sound || tensorCount > maxRewritten || !model.shards.every(({ path }) => path.startsWith(folder))) return []
  return [
    {
      title: "Write the index anew from the shards' headers",
      kind: 'needs-a-look',
      edits: [
        {
          path: file.path,
          range: rangeIn(file, 0, file.text.length),
          newText: textOf(model.shards, folder, /\n([ \t]+)"/.exec(file.text)?.[1] ?? '  ', file.text.endsWith('\n')),
        },
      ],
    },
  ]
}

function textOf(shards: readonly Shard[], folder: string, indent: string, newline: boolean): string {
  const map = shards
    .flatMap(shard => [...shard.tensors.names()].map(name => [name, shard.path.slice(folder.length)] as const))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const total = shards.reduce((sum, { dataBytes }) => sum + dataBytes, 0)
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(map) }
  return JSON.stringify(index, null, indent) + (newline ? '\n' : '')
}
