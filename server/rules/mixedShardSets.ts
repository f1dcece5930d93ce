// Two sets of numbered shards with different counts in one folder: one is left over from an earlier save or download.
// Which one is what the index does not name, else the set that is less complete.

import { sharedTensorsOf } from '../checkpoint/duplicates'
import type { Model } from '../checkpoint/facts'
import { indexFitOf, isSeenByMlxLm } from '../checkpoint/indexFit'
import { rivalSetsOf, type ShardSet } from '../checkpoint/shardNumbers'
import { isStale, showFiles, showTensors } from './indexPlaces'
import { type Player, type Players, playersOf, severityOf } from './players'
import { defineRule, type Draft } from './rule'
import { baseName, fileStart } from './show'
import { differs, openedBy } from './unlistedShard'

export const mixedShardSets = defineRule({
  id: 'mixed-shard-sets',
  severity: 'error',
  title: 'Shards of two saves lie in one folder',
  *check(facts) {
    for (const model of facts.models)
      for (const sets of rivalSetsOf(model)) {
        const [kept, ...rest] = ranked(model, sets)
        if (kept) for (const stale of rest) yield draft(playersOf(facts, model), model, kept, stale)
      }
  },
})

/** The set that is meant comes first. */
function ranked(model: Model, sets: readonly ShardSet[]): readonly ShardSet[] {
  const fit = indexFitOf(model)
  const named = (set: ShardSet) => (fit && !isStale(fit) ? set.shards.filter(shard => fit.named.has(shard)).length : 0)
  const rank = (set: ShardSet) => named(set) * 1e6 + set.shards.length / set.total
  return [...sets].sort((a, b) => rank(b) - rank(a))
}

function draft(players: Players, model: Model, kept: ShardSet, stale: ShardSet): Draft {
  const pairs = sharedTensorsOf(model).filter(
    ({ first, second }) =>
      (kept.shards.includes(first) && stale.shards.includes(second)) ||
      (stale.shards.includes(first) && kept.shards.includes(second)),
  )
  const shared = [...new Set(pairs.flatMap(({ tensors }) => tensors))]
  const differing = pairs.find(pair => pair.differing !== undefined)
  const hurt: Player[] = [...stale.shards, ...kept.shards].every(shard => isSeenByMlxLm(model, shard)) ? ['mlx-lm'] : []
  const both = (['mlx', 'rust'] as const).filter(reader =>
    [stale, kept].every(set => set.shards.some(shard => openedBy(players, shard).includes(reader))),
  )
  const names = (set: ShardSet) =>
    showFiles(
      set.shards.map(shard => baseName(shard.path)),
      2,
    )
  const clash =
    shared.length > 0
      ? `; ${showTensors(shared)} ${shared.length === 1 ? 'is' : 'are'} in both${differing ? differs(differing) : ''}`
      : ''
  const index = model.index ? ', transformers the one that the index names' : ''
  const severity = severityOf(players, [...hurt, ...both])
  return {
    path: stale.shards[0]?.path ?? stale.folder,
    range: fileStart,
    severity: severity === 'information' ? 'warning' : severity,
    message: `${names(stale)} (of ${stale.total}) beside ${names(kept)} (of ${kept.total}): two saves of a model in one folder, ${stale.missing.length > 0 ? `the first, of which ${stale.shards.length} of ${stale.total} files ${stale.shards.length === 1 ? 'is' : 'are'} there,` : 'the first'} most likely left over; mlx-lm loads both sets${index}${clash}`,
    tensors: shared,
    because: kept.shards
      .slice(0, 2)
      .map(shard => ({ path: shard.path, range: fileStart, message: `${baseName(shard.path)} is of the other save` })),
  }
}
