// The weights of a checkpoint that MLX packed: U32 `weight` beside `scales`, whichever shards of a rank they are in.
// Names and dtypes only; what the shapes say is for triple.ts. Tensors are made when they are asked for: of tens of thousands
// of modules most are like another, and what is true of one shape is true of all.

import type { Model, Shard, Tensor } from '../checkpoint/facts'
import { type Member, tensorOf } from '../checkpoint/modules'
import { scaledModules } from '../checkpoint/scaledModules'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
import { judgeTriple, type Verdict } from './triple'

export interface StoredTensor {
  readonly shard: Shard
  readonly tensor: Tensor
}

/** One member of a packed weight; `family` holds its dtype and shape, which it shares with its like. */
export interface PackedTensor extends StoredTensor {
  readonly family: TensorFamily
}

/** One quantized weight as stored. `biases` is absent for the floating-point modes. */
export interface QuantizedModule {
  /** Without `.weight`. */
  readonly path: string
  readonly weight: PackedTensor
  readonly scales: PackedTensor
  readonly biases?: PackedTensor
}

const cache = new WeakMap<Model, readonly QuantizedModule[]>()

/** Every module with U32 `weight` and `scales`, rank by rank. */
export function quantizedModules(model: Model): readonly QuantizedModule[] {
  let found = cache.get(model)
  if (!found) {
    const modules: QuantizedModule[] = []
    for (const { module, weight, scales, biases } of scaledModules(model)) {
      const packed = new LazyTensor(weight)
      if (packed.family.dtype === 'U32')
        modules.push({
          path: module,
          weight: packed,
          scales: new LazyTensor(scales),
          biases: biases && new LazyTensor(biases),
        })
    }
    cache.set(model, (found = modules))
  }
  return found
}

const verdicts = new WeakMap<TensorFamily, { scales: TensorFamily; biases?: TensorFamily; verdict: Verdict }[]>()

/** What the three shapes of a module are to one another; judged once for all modules of the same shapes. */
export function verdictOf({ weight, scales, biases }: QuantizedModule): Verdict {
  let known = verdicts.get(weight.family)
  if (!known) verdicts.set(weight.family, (known = []))
  const same = known.find(k => k.scales === scales.family && k.biases === biases?.family)
  if (same) return same.verdict
  const verdict = judgeTriple({
    weight: weight.family.shape,
    scales: scales.family.shape,
    biases: biases?.family.shape,
    float: scales.family.dtype === 'U8',
  })
  known.push({ scales: scales.family, biases: biases?.family, verdict })
  return verdict
}

class LazyTensor implements PackedTensor {
  readonly shard: Shard
  readonly family: TensorFamily
  private readonly index: number
  private known: Tensor | undefined

  constructor({ shard, index }: Member) {
    this.shard = shard
    this.index = index
    this.family = shard.tensors.familyAt(index)
  }

  get tensor(): Tensor {
    return (this.known ??= tensorOf({ parameter: '', shard: this.shard, index: this.index }))
  }
}
