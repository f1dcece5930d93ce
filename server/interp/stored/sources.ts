// Stored tensors as the interpreter holds them: one object for each tensor of a model, made when it is first met. Lookups
// by different keys find the same tensors again and again, and what is found is kept.

import type { DType } from '../../checkpoint/dtype'
import type { Model, Shard, Tensor } from '../../checkpoint/facts'
import type { Source } from '../values/value'

/** By the place of the tensor in the header. */
const sources = new WeakMap<Shard, WeakMap<Model, Source[]>>()

/** A tensor by its row in the shard's header. `name` is its name, where a string of it is there already. */
export function sourceAt(model: Model, shard: Shard, row: number, name?: string): Source {
  let ofShard = sources.get(shard)
  if (!ofShard) sources.set(shard, (ofShard = new WeakMap()))
  let ofModel = ofShard.get(model)
  if (!ofModel) ofShard.set(model, (ofModel = []))
  return (ofModel[row] ??= new StoredTensor(model, shard, row, name ?? shard.tensors.nameAt(row)))
}

/** A source and its tensor in one small object: a program under edit keeps as many as its checkpoint has tensors. */
class StoredTensor implements Source, Tensor {
  constructor(
    readonly model: Model,
    readonly shard: Shard,
    private readonly row: number,
    readonly name: string,
  ) {}

  get tensor(): Tensor {
    return this
  }

  get dtype(): DType {
    return this.shard.tensors.familyAt(this.row).dtype
  }

  get shape(): readonly number[] {
    return this.shard.tensors.familyAt(this.row).shape
  }

  get beginBytes(): number {
    return this.shard.tensors.tensorAt(this.row).beginBytes
  }

  get endBytes(): number {
    return this.shard.tensors.tensorAt(this.row).endBytes
  }
}
