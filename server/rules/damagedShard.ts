// A shard that is not a sound safetensors file, one finding for each thing that is wrong with it. What is wrong, and who
// refuses it, is worked out where the header is read; here it becomes findings.

import { defineRule } from './rule'
import { fileStart } from './show'

export const damagedShard = defineRule({
  id: 'damaged-shard',
  severity: 'error',
  title: 'A shard is damaged or is not a safetensors file',
  *check({ models }) {
    for (const model of models)
      for (const shard of model.shards)
        for (const problem of shard.problems)
          yield { path: shard.path, range: fileStart, message: problem.message, tensors: problem.tensors }
  },
})
