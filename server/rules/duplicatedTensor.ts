// The same tensor in two files that are loaded together. What an index leaves out and rival sets of shards have rules of
// their own; ranks, which share names by design, are in folders of their own and never meet here.

import { type SharedTensors, sharedTensorsOf } from '../checkpoint/duplicates'
import type { Model, Shard } from '../checkpoint/facts'
import { indexFitOf, isSeenByMlxLm } from '../checkpoint/indexFit'
import { rivalSetsOf } from '../checkpoint/shardNumbers'
import { isStale, showTensors } from './indexPlaces'
import { becauseLoads, type Player, type Players, playersOf, severityOf } from './players'
import { defineRule, type Draft } from './rule'
import { baseName, fileStart } from './show'
import { differs, openedBy } from './unlistedShard'

export const duplicatedTensor = defineRule({
  id: 'duplicated-tensor',
  severity: 'warning',
  title: 'The same tensor is in two files that are loaded together',
  *check(facts) {
    for (const model of facts.models) {
      const others = toldElsewhere(model)
      for (const pair of sharedTensorsOf(model)) {
        if (others.has(pair.first) || others.has(pair.second)) continue
        const players = playersOf(facts, model)
        const together = loadedTogether(players, model, pair)
        if (together.length > 0) yield draft(players, pair, together)
      }
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
function loadedTogether(players: Players, model: Model, { first, second }: SharedTensors): readonly Player[] {
  const both = openedBy(players, first).filter(reader => openedBy(players, second).includes(reader))
  const glob = model.configs.length > 0 && isSeenByMlxLm(model, first) && isSeenByMlxLm(model, second)
  return [...both, ...(glob ? (['mlx-lm'] as const) : [])]
}

/** `model.fp16.safetensors`: a second copy for another precision, by the naming of transformers and diffusers. */
const isVariant = (shard: Shard): boolean =>
  /^model\.[a-z][\w-]*(-\d+-of-\d+)?\.safetensors$/.test(baseName(shard.path))

function draft(players: Players, pair: SharedTensors, together: readonly Player[]): Draft {
  const { first, second, tensors, differing } = pair
  const variant = [first, second].find(isVariant)
  const who = together.includes('mlx-lm')
    ? 'mlx-lm loads both, in the order of the folder, and the later one wins'
    : 'the loader here opens both, and the later one wins'
  const copy = variant
    ? `; ${baseName(variant.path)} is a variant, of which transformers takes one by name`
    : differing === undefined
      ? '; dtype and shape agree'
      : ''
  return {
    path: second.path,
    range: fileStart,
    severity: differing !== undefined && !variant ? severityOf(players, together) : 'warning',
    message: `${showTensors(tensors)} ${tensors.length === 1 ? 'is' : 'are'} in ${baseName(first.path)} too: ${who}${differs(pair)}${copy}`,
    tensors,
    because: [
      { path: first.path, range: fileStart, message: `holds ${tensors[0]} too`, tensor: tensors[0] },
      ...becauseLoads(players, second.path),
    ],
  }
}
