// Stored tensors as the interpreter holds them: one object for each tensor of a model, made when it is first met. Lookups
// by different keys find the same tensors again and again, and what is found is kept.

import type { Model, Shard } from '../../checkpoint/facts'
import type { Source } from '../values/value'

/** By the place of the tensor in the header. */
const sources = new WeakMap<Shard, WeakMap<Model, Source[]>>()

/** A tensor by its row in the shard's header. `name` is its name, where a string of it is there already. */
export function sourceAt(model: Model, shard: Shard, row: number, name?: string): Source {
  let ofShard = sources.get(shard)
  if (!ofShard) sources.set(shard, (ofShard = new WeakMap()))
  let ofModel = ofShard.get(model)
  if (!ofModel) ofShard.set(model, (ofModel = []))
  return (ofModel[row] ??= made(model, shard, row, name))
}

function made(model: Model, shard: Shard, row: number, name: string | undefined): Source {
  const tensor = shard.tensors.tensorAt(row)
  return { model, shard, tensor: name === undefined ? tensor : { ...tensor, name } }
}
