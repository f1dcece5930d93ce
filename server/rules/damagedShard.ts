// A shard that is not a sound safetensors file, one finding for each thing that is wrong with it. What is wrong, and who
// refuses it, is worked out where the header is read; here it becomes findings.

import type { RefusedBy } from '../checkpoint/facts'
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
          yield {
            path: shard.path,
            range: fileStart,
            severity: problem.refusedBy.rust || problem.refusedBy.mlx ? 'error' : 'information',
            message: `${problem.message}; ${whoRefuses(problem.refusedBy)}`,
            tensors: problem.tensors,
          }
  },
})

function whoRefuses({ rust, mlx }: RefusedBy): string {
  if (rust && mlx) return 'MLX and the safetensors library refuse the file'
  if (rust) return 'the safetensors library (transformers, PyTorch) refuses the file, MLX reads it without a word'
  return mlx
    ? 'MLX refuses the file, the safetensors library reads it'
    : 'MLX and the safetensors library read it all the same'
}
