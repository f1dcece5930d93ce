// A shard that should be there and is not: named by the index, or a number left out of `model-00003-of-00008`. Which
// tensors are lost is known from the index; without one only that some are.

import type { AbsentFile } from '../checkpoint/indexFit'
import { rivalSetsOf, shardSetsOf, type ShardSet } from '../checkpoint/shardNumbers'
import { indexed, type Indexed, isStale, rangeOfFile, showFiles, showTensors } from './indexPlaces'
import { type Players, playersOf, severityOf } from './players'
import { defineRule, type Draft } from './rule'
import { baseName, count, fileStart } from './show'

export const missingShard = defineRule({
  id: 'missing-shard',
  severity: 'error',
  title: 'A shard is not there',
  *check(facts) {
    const withIndex = new Map(indexed(facts.models).map(each => [each.model, each] as const))
    for (const model of facts.models) {
      const index = withIndex.get(model)
      if (index && isStale(index.fit)) continue
      const named = new Set(index?.fit.absent.map(({ file }) => file))
      if (index) for (const absent of index.fit.absent) yield ofIndex(playersOf(facts, model), index, absent)
      const rivals = new Set(rivalSetsOf(model).flat())
      for (const set of shardSetsOf(model)) {
        const missing = set.missing.map(set.nameOf).filter(file => !named.has(file))
        if (missing.length > 0 && !rivals.has(set)) yield ofNumbers(set, missing)
      }
    }
  },
})

function ofIndex(players: Players, { model, file, fit }: Indexed, absent: AbsentFile): Draft {
  const { tensors, elsewhere, first } = absent
  const lost = tensors.length - elsewhere
  const what = /\.safetensors$/i.test(absent.file)
    ? `${absent.file} is not there`
    : `${absent.file} is no .safetensors file`
  const said = `the index puts ${showTensors(tensors)} into it`
  const harm =
    lost > 0
      ? `${elsewhere > 0 ? `${lost} of them in no other file` : `no other file has ${lost === 1 ? 'it' : 'them'}`}: transformers stops at the missing file, mlx-lm with ${model.shards.length === 0 ? '"No safetensors found"' : `"Missing ${count(lost, 'parameter')}"`}`
      : 'every one is in another file: mlx-lm, which ignores the index, loads them; transformers stops at the missing file'
  return {
    path: file.path,
    range: rangeOfFile(file, first),
    severity: lost > 0 ? 'error' : severityOf(players, ['transformers']),
    message: `${what}; ${said}, ${harm}; ${count(fit.named.size, 'shard')} of ${fit.index.files.length} present`,
    tensors,
    because: model.shards
      .slice(0, 1)
      .map(shard => ({ path: shard.path, range: fileStart, message: `${baseName(shard.path)} is there` })),
  }
}

function ofNumbers(set: ShardSet, missing: readonly string[]): Draft {
  const zero = set.mayBeginAtZero ? ` (or ${set.nameOf(0)}, if counting begins at 0)` : ''
  return {
    path: set.shards[0]?.path ?? set.folder,
    range: fileStart,
    severity: 'error',
    message: `${count(set.shards.length, 'shard')} of ${set.total} ${set.shards.length === 1 ? 'is' : 'are'} there; ${showFiles(missing)}${zero} ${missing.length === 1 ? 'is' : 'are'} missing: every loader lacks the tensors in ${missing.length === 1 ? 'it' : 'them'}, and no index says which`,
    tensors: [],
  }
}
