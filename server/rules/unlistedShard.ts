// A `model*.safetensors` beside the index that the index does not name: transformers never opens it, mlx-lm's glob does,
// and its tensors replace others of the same name or come on top.

import { sharedTensorsOf } from '../checkpoint/duplicates'
import type { Shard } from '../checkpoint/facts'
import { isSeenByMlxLm } from '../checkpoint/indexFit'
import { rivalSetsOf } from '../checkpoint/shardNumbers'
import type { Because } from '../protocol'
import { type Indexed, showTensors, usable } from './indexPlaces'
import { becauseLoads, type Players, playersOf, severityOf } from './players'
import { defineRule, type Draft } from './rule'
import { baseName, count, fileStart, showTensor } from './show'

export const unlistedShard = defineRule({
  id: 'unlisted-shard',
  severity: 'warning',
  title: 'A shard beside the index that it does not name',
  *check(facts) {
    for (const each of usable(facts.models)) {
      const rivals = new Set(rivalSetsOf(each.model).flatMap(sets => sets.flatMap(({ shards }) => shards)))
      for (const shard of each.fit.unlisted)
        if (!rivals.has(shard) && shard.tensors.count > 0 && isSeenByMlxLm(each.model, shard))
          yield draft(playersOf(facts, each.model), each, shard)
    }
  },
})

function draft(players: Players, { model, file }: Indexed, shard: Shard): Draft {
  const pairs = sharedTensorsOf(model).filter(({ first, second }) => first === shard || second === shard)
  const shared = new Set(pairs.flatMap(({ tensors }) => tensors))
  const differing = pairs.find(pair => pair.differing !== undefined)
  const extra = [...shard.tensors.names()].filter(name => !shared.has(name))
  const parts = [
    ...(shared.size > 0
      ? [
          `${showTensors([...shared])} ${shared.size === 1 ? 'is' : 'are'} in other shards too, and which one wins depends on the order of the folder`,
        ]
      : []),
    ...(extra.length > 0 ? [`${showTensors(extra)} ${extra.length === 1 ? 'comes' : 'come'} on top`] : []),
  ]
  return {
    path: shard.path,
    range: fileStart,
    severity: differing && !isVariant(shard) ? severityOf(players, ['mlx-lm', ...openedBy(players, shard)]) : 'warning',
    message: `the index does not name this file, so transformers never opens it; mlx-lm ignores the index and loads every model*.safetensors: ${parts.join('; ')}${differing ? differs(differing) : ''}`,
    tensors: [...shard.tensors.names()],
    because: [
      {
        path: file.path,
        range: fileStart,
        message: `the index; it names ${count(model.shards.length - 1, 'other file')}`,
      },
      ...pairs.slice(0, 1).flatMap(({ first, second, tensors }): Because[] => {
        const other = first === shard ? second : first
        return [{ path: other.path, range: fileStart, message: `holds ${tensors[0]} too`, tensor: tensors[0] }]
      }),
      ...becauseLoads(players, shard.path),
    ],
  }
}

/** Readers of the workspace that open the file. */
export function openedBy({ loads }: Players, shard: Shard): readonly ('mlx' | 'rust')[] {
  return [...new Set(loads.filter(load => load.shard === shard).map(load => load.reader))]
}

/** `model.fp16.safetensors`: a second copy for another precision, by the naming of transformers and diffusers. */
export const isVariant = (shard: Shard): boolean =>
  /^model\.[a-z][\w-]*(-\d+-of-\d+)?\.safetensors$/.test(baseName(shard.path))

/** How the two holders of a tensor differ. */
export function differs({
  first,
  second,
  differing,
}: {
  readonly first: Shard
  readonly second: Shard
  readonly differing: string | undefined
}): string {
  const [a, b] = [first, second].map(shard => (differing === undefined ? undefined : shard.tensors.find(differing)))
  return a && b
    ? `; ${a.name} is ${showTensor(a)} in ${baseName(first.path)} and ${showTensor(b)} in ${baseName(second.path)}`
    : ''
}
