// What the row of a module says of it: "Linear 3072→3072 · 4-bit g64 affine" where weight, scales and biases are one
// quantized weight, dtype and shape where they are not. Where shapes and evidence leave several pairs of bits and group
// size, all are shown. A misfit is described here and judged in the rules.

import type { Model, Tensor } from '../checkpoint/facts'
import { floatModes, logicalColumns, showPairs } from '../quant/affine'
import { likeliest } from '../quant/likeliest'
import { judgeTriple, turn, type Shape } from '../quant/triple'
import { splitPath } from './moduleLevel'
import { showShape } from './sizes'

/** The tensors that a module's quantized weight is made of. */
export interface Members {
  readonly weight: Tensor | undefined
  readonly scales: Tensor | undefined
  readonly biases: Tensor | undefined
}

/** Describes a module by its members; undefined where it has no weight. */
export function describeModule(module: string, members: Members, model: Model): string | undefined {
  const { weight, scales } = members
  if (!weight) return undefined
  if (scales && weight.dtype === 'U32') return describeQuantized(module, weight, scales, members.biases, model)
  if (weight.shape.length === 2 && isEmbedding(module)) return `Embedding ${weight.shape.join('×')} · ${weight.dtype}`
  return `${weight.dtype} ${showShape(weight.shape)}`
}

/** Whether the two tensors are the heart of one quantized weight. */
export const isQuantized = ({ weight, scales }: Members) => weight?.dtype === 'U32' && scales !== undefined

function describeQuantized(
  module: string,
  weight: Tensor,
  scales: Tensor,
  biases: Tensor | undefined,
  model: Model,
): string {
  if (!biases && scales.dtype === 'U8') {
    const product = (last(weight.shape) * 32) / last(scales.shape)
    const found = Object.entries(floatModes).find(([, { bits, groupSize }]) => bits * groupSize === product)
    if (!found) return `quantized · ${showShape(weight.shape)} does not fit scales ${showShape(scales.shape)}`
    const [mode, { bits, groupSize }] = found
    return `${logical(module, weight.shape, bits)} · ${bits}-bit g${groupSize} ${mode}`
  }
  const verdict = judgeTriple({ weight: weight.shape, scales: scales.shape, biases: biases?.shape })
  switch (verdict.kind) {
    case 'fits':
    case 'turned': {
      const turned = verdict.kind === 'turned' ? verdict.turned : { weight: false, scales: false, biases: false }
      const shape = turned.weight ? turn(weight.shape) : weight.shape
      const pairs = likeliest(verdict.pairs, last(shape), module, model)
      const sizes = pairs.length === 1 ? logical(module, shape, pairs[0]?.bits ?? 4) : `quantized ${showShape(shape)}`
      const which = turned.weight && turned.scales ? '' : turned.weight ? ' weight' : ' scales'
      const note = verdict.kind === 'turned' ? ` · stored transposed${which && `:${which}`}` : ''
      return `${sizes} · ${showPairs(pairs)} affine${note}`
    }
    case 'sliced':
      return `quantized · scales have ${verdict.scalesRows} rows, weight ${verdict.weightRows}`
    case 'misfit':
      return 'quantized · the shapes of weight, scales and biases do not fit'
  }
}

const last = (shape: Shape) => shape[shape.length - 1] ?? 0

const isEmbedding = (module: string) => /embed|wte$/i.test(splitPath(module)[1])

/** `Linear in→out`, `Embedding vocab×dim`, `8 × Linear in→out` for stacked experts; `shape` is stored, unturned. */
function logical(module: string, shape: Shape, bits: number): string {
  const columns = logicalColumns(last(shape), bits)
  const rows = shape[shape.length - 2] ?? 0
  if (isEmbedding(module) && shape.length === 2) return `Embedding ${rows}×${columns}`
  const stacked = shape.length > 2 ? `${shape.slice(0, -2).join('×')} × ` : ''
  return `${stacked}Linear ${columns}→${rows}`
}
