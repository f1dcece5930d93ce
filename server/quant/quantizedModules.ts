// The weights of a checkpoint that MLX packed: U32 `weight` beside `scales`, whichever shards of a rank they are in.
// Names and dtypes only; what the shapes say is for triple.ts.

import type { Model, Shard, Tensor } from '../checkpoint/facts'
import { type Member, scaledModules, tensorOf } from '../checkpoint/modules'

export interface StoredTensor {
  readonly shard: Shard
  readonly tensor: Tensor
}

/** One quantized weight as stored. `biases` is absent for the floating-point modes. */
export interface QuantizedModule {
  /** Without `.weight`. */
  readonly path: string
  readonly weight: StoredTensor
  readonly scales: StoredTensor
  readonly biases?: StoredTensor
}

const cache = new WeakMap<Model, readonly QuantizedModule[]>()

/** Every module with U32 `weight` and `scales`, rank by rank. */
export function quantizedModules(model: Model): readonly QuantizedModule[] {
  let found = cache.get(model)
  if (!found) {
    found = scaledModules(model).flatMap(({ module, weight, scales, biases }) => {
      const packed = stored(weight)
      return packed.tensor.dtype === 'U32'
        ? [{ path: module, weight: packed, scales: stored(scales), biases: biases && stored(biases) }]
        : []
    })
    cache.set(model, found)
  }
  return found
}

const stored = (member: Member): StoredTensor => ({ shard: member.shard, tensor: tensorOf(member) })
