// What a stored tensor means: the weight that it packs, by its siblings. "4-bit [3072, 3072] g64" for U32 [3072, 384] beside
// scales [3072, 48]; the name of another format where the tensors are another's.

import { splitName } from '../checkpoint/modules'
import { folderOf } from '../checkpoint/paths'
import type { Model, Shard, Tensor } from '../checkpoint/facts'
import { floatModes, logicalColumns, type Pair, showPair } from '../quant/affine'
import { describeForeign } from '../quant/formats/describe'
import { likeliest } from '../quant/likeliest'
import { judgeTriple, turn } from '../quant/triple'
import { showShape } from '../rules/show'

export interface Meaning {
  /** Every reading that is left, and how it is stored. */
  readonly text: string
  /** In a few words; undefined where the weight tells it better. */
  readonly brief: string | undefined
}

/** For people; undefined where the tensor is nothing but itself. */
export function meaningOf(model: Model, shard: Shard, tensor: Tensor): Meaning | undefined {
  const { module, parameter } = splitName(tensor.name)
  const sibling = (own: string) => siblingOf(model, shard, module === '' ? own : `${module}.${own}`)
  if (parameter === 'weight' && tensor.dtype === 'U32') {
    const scales = sibling('scales')
    const packed = scales && packedWeight(model, module, tensor, scales, sibling('biases'))
    if (packed) return packed
  } else if (parameter === 'scales' || parameter === 'biases') {
    const [weight, scales] = [sibling('weight'), sibling('scales')]
    const packed = weight?.dtype === 'U32' && scales && packedWeight(model, module, weight, scales, sibling('biases'))
    if (packed) return { text: `${parameter} of ${packed.text}`, brief: undefined }
  }
  const foreign = describeForeign(model, module)
  return foreign === undefined ? undefined : { text: foreign, brief: foreign }
}

/** A tensor of the same rank, in the same shard or one beside it. */
function siblingOf(model: Model, home: Shard, name: string): Tensor | undefined {
  const here = home.tensors.find(name)
  if (here) return here
  const folder = folderOf(home.path)
  for (const shard of model.shards) {
    const found = folderOf(shard.path) === folder ? shard.tensors.find(name) : undefined
    if (found) return found
  }
  return undefined
}

/** The logical weight that three stored tensors are; undefined where they do not fit in any orientation. */
function packedWeight(
  model: Model,
  module: string,
  weight: Tensor,
  scales: Tensor,
  biases: Tensor | undefined,
): Meaning | undefined {
  const isFloat = scales.dtype === 'U8'
  const verdict = judgeTriple({
    weight: weight.shape,
    scales: scales.shape,
    biases: biases?.shape,
    float: isFloat,
  })
  if (verdict.kind !== 'fits' && verdict.kind !== 'turned') return undefined
  const turned = verdict.kind === 'turned' ? verdict.turned : undefined
  const shape = turned?.weight ? turn(weight.shape) : weight.shape
  const columns = shape[shape.length - 1] ?? 0
  const pairs = isFloat ? verdict.pairs : likeliest(verdict.pairs, columns, module, model)
  const readings = pairs.map(pair => showReading(shape, pair, isFloat))
  const brief = briefly(readings)
  if (!turned) return { text: readings.join(' or '), brief }
  const which = turned.weight && turned.scales ? '' : turned.weight ? ': weight' : ': scales'
  return {
    text: `${readings.join(' or ')}, stored transposed${which}`,
    brief: pairs.length === 1 && pairs[0] ? `transposed ${showPair(pairs[0])}` : `transposed ${brief}`,
  }
}

/** The first of several readings, and that there are others. */
export const briefly = (readings: readonly string[]): string =>
  readings.length > 1 ? `${readings[0]} or …` : (readings[0] ?? '')

/** `4-bit [3072, 3072] g64`; every reading where the pairs leave several. `shape` is the weight's, in packed words. */
export function showReadings(shape: readonly number[], pairs: readonly Pair[], isFloat: boolean): readonly string[] {
  return pairs.map(pair => showReading(shape, pair, isFloat))
}

function showReading(shape: readonly number[], { bits, groupSize }: Pair, isFloat: boolean): string {
  const logical = [...shape.slice(0, -1), logicalColumns(shape[shape.length - 1] ?? 0, bits)]
  const mode = Object.entries(floatModes).find(([, p]) => p.bits === bits && p.groupSize === groupSize)?.[0]
  return `${isFloat && mode ? mode : `${bits}-bit`} ${showShape(logical)} g${groupSize}`
}
