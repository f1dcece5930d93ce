// The same tensor in two files that are loaded together. What an index leaves out and rival sets of shards have rules of
// their own; ranks, which share names by design, are in folders of their own and never meet here.

import { type SharedTensors, sharedTensorsOf } from '../checkpoint/duplicates'
import type { Model, Shard } from '../checkpoint/facts'
import { indexFitOf, isSeenByMlxLm } from '../checkpoint/indexFit'
import { rivalSetsOf } from '../checkpoint/shardNumbers'
import { areMerged } from '../interp/stored/merging'
import { isStale, showFiles, showTensors } from './indexPlaces'
import type { Because } from '../protocol'
import { becauseLoads, type Player, type Players, playersOf, severityOf } from './players'
import { defineRule, type Draft, type Facts } from './rule'
import { baseName, fileStart } from './show'
import { groupBy } from '../util/groupBy'
import { differs, isVariant, openedBy } from './unlistedShard'

export const duplicatedTensor = defineRule({
  id: 'duplicated-tensor',
  severity: 'warning',
  title: 'The same tensor is in two files that are loaded together',
  *check(facts) {
    for (const model of facts.models) {
      const others = toldElsewhere(model)
      const pairs = sharedTensorsOf(model).filter(({ first, second }) => !others.has(first) && !others.has(second))
      const players = playersOf(facts, model)
      const together = (pair: SharedTensors) => loadedTogether(facts, players, model, pair)
      const loaded = pairs.filter(pair => together(pair).length > 0)
      for (const group of groupBy(loaded, ({ second }) => second).values())
        yield draft(players, group, [...new Set(group.flatMap(together))])
    }
  },
})

/** Shards that `unlisted-shard` and `mixed-shard-sets` speak of. */
function toldElsewhere(model: Model): ReadonlySet<Shard> {
  const fit = indexFitOf(model)
  return new Set([
    ...(fit && !isStale(fit) && fit.named.size > 0 ? fit.unlisted : []),
    ...rivalSetsOf(model).flatMap(sets => sets.flatMap(({ shards }) => shards)),
  ])
}

/** Who loads both files of a pair. */
function loadedTogether(
  { runs }: Facts,
  players: Players,
  model: Model,
  { first, second }: SharedTensors,
): readonly Player[] {
  // A loader that opens both may well keep them apart, as files of ranks and of layers are.
  const meet = runs.some(({ merged }) => areMerged(merged, first, second))
  const both = meet ? openedBy(players, first).filter(reader => openedBy(players, second).includes(reader)) : []
  const glob = model.configs.length > 0 && isSeenByMlxLm(model, first) && isSeenByMlxLm(model, second)
  return [...both, ...(glob ? (['mlx-lm'] as const) : [])]
}

function draft(players: Players, pairs: readonly SharedTensors[], together: readonly Player[]): Draft {
  const clash = pairs.find(({ differing }) => differing !== undefined)
  const pair = clash ?? (pairs[0] as SharedTensors)
  const { second } = pair
  const tensors = pairs.flatMap(each => each.tensors)
  const variant = [pair.first, second].find(isVariant)
  const who = together.includes('mlx-lm')
    ? 'mlx-lm loads every model*.safetensors in the order of the folder, and the last one wins'
    : 'the loader here puts them into one dict, and the last one wins'
  const copy = variant
    ? `; ${baseName(variant.path)} is a variant, of which transformers takes one by name`
    : clash
      ? ''
      : '; dtypes and shapes agree'
  return {
    path: second.path,
    range: fileStart,
    severity: clash && !variant ? severityOf(players, together) : 'warning',
    message: `${showTensors(tensors)} ${tensors.length === 1 ? 'is' : 'are'} in ${showFiles(pairs.map(({ first }) => baseName(first.path)))} too: ${who}${differs(pair)}${copy}`,
    tensors,
    because: [
      ...pairs.slice(0, 4).map((each): Because => ({
        path: each.first.path,
        range: fileStart,
        message: `holds ${each.tensors[0]} too`,
        tensor: each.tensors[0],
      })),
      ...becauseLoads(players, second.path),
    ],
  }
}
