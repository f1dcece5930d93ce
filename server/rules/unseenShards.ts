// A folder with a config whose shards mlx-lm's glob does not take: it says "No safetensors found" though they are there.
// Other loaders have names of their own (mlx-whisper, diffusers), so this is said and not judged.

import { isSeenByMlxLm } from '../checkpoint/indexFit'
import { findProperty } from '../checkpoint/jsonFile'
import { playersOf } from './players'
import { showFiles } from './indexPlaces'
import { defineRule } from './rule'
import { baseName, count, fileStart } from './show'

export const unseenShards = defineRule({
  id: 'unseen-shards',
  severity: 'information',
  title: 'mlx-lm does not see these files',
  *check(facts) {
    for (const model of facts.models) {
      const [first] = model.shards
      const isModel = model.configs.some(file => typeof findProperty(file.root, ['model_type'])?.value === 'string')
      const own = model.shards.filter(shard => shard.path.startsWith(model.path))
      const inFolder = own.every(shard => !/[/\\]/.test(shard.path.slice(model.path.length + 1)))
      if (!first || !isModel || !inFolder || playersOf(facts, model).loads.length > 0) continue
      if (model.shards.some(shard => isSeenByMlxLm(model, shard))) continue
      const names = model.shards.map(shard => baseName(shard.path))
      yield {
        path: first.path,
        range: fileStart,
        message: `${showFiles(names)}: mlx-lm takes model*.safetensors alone and says "No safetensors found" of a folder with ${count(names.length, 'other file')}; loaders that look for these names do see them`,
        tensors: [],
      }
    }
  },
})
