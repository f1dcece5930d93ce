// Finds the quantized weights of a checkpoint: every module that stores `weight` beside `scales`, whichever shards they
// are in. Names only; what the shapes say is for triple.ts.

import type { Model, Shard, Tensor } from '../checkpoint/facts'

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

/** Every module with U32 `weight` and `scales`, in order of the shards. A module that several shards hold comes once each. */
export function quantizedModules(model: Model): readonly QuantizedModule[] {
  const known = cache.get(model)
  if (known) return known
  const found: QuantizedModule[] = []
  for (const shard of model.shards)
    for (const name of shard.tensors.names()) {
      if (!name.endsWith('.scales')) continue
      const path = name.slice(0, -'.scales'.length)
      const weight = member(model, shard, `${path}.weight`)
      const scales = member(model, shard, name)
      if (weight?.tensor.dtype === 'U32' && scales)
        found.push({ path, weight, scales, biases: member(model, shard, `${path}.biases`) })
    }
  cache.set(model, found)
  return found
}

/** A tensor of the shard, or of any other where the shard lacks it. */
function member(model: Model, near: Shard, name: string): StoredTensor | undefined {
  for (const shard of [near, ...model.shards]) {
    const tensor = shard.tensors.find(name)
    if (tensor) return { shard, tensor }
  }
  return undefined
}
