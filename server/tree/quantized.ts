// What the row of a module says of it: "Linear 3072→3072 · 4-bit g64 affine" where weight, scales and biases are one
// quantized weight, dtype and shape where they are not. Shapes fix only bits × group size, so where several pairs fit,
// the config's is shown, else all of them. A misfit is described here and judged in the rules.

import { findNodeAtLocation, type Node as JsonNode } from 'jsonc-parser'
import type { Model, Tensor } from '../checkpoint/facts'
import { logicalColumns, showPairs, type Pair } from '../quant/affine'
import { judgeTriple, turn, type Shape } from '../quant/triple'
import { splitPath } from './moduleIndex'
import { showShape } from './sizes'

/** The tensors that a module's quantized weight is made of. */
export interface Members {
  readonly weight: Tensor | undefined
  readonly scales: Tensor | undefined
  readonly biases: Tensor | undefined
}

/** Modes without biases, with U8 scales: 32-bit words × 32 per group, which tells them apart (mlx 0.32 ops.cpp). */
const scaledModes = [
  { mode: 'nvfp4', bits: 4, groupSize: 16 },
  { mode: 'mxfp4', bits: 4, groupSize: 32 },
  { mode: 'mxfp8', bits: 8, groupSize: 32 },
] as const

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
    const found = scaledModes.find(({ bits, groupSize }) => bits * groupSize === product)
    if (!found) return `quantized · ${showShape(weight.shape)} does not fit scales ${showShape(scales.shape)}`
    return `${logical(module, weight.shape, found.bits)} · ${found.bits}-bit g${found.groupSize} ${found.mode}`
  }
  const verdict = judgeTriple({ weight: weight.shape, scales: scales.shape, biases: biases?.shape })
  switch (verdict.kind) {
    case 'fits':
    case 'turned': {
      const turned = verdict.kind === 'turned' ? verdict.turned : { weight: false, scales: false, biases: false }
      const shape = turned.weight ? turn(weight.shape) : weight.shape
      const pairs = pick(verdict.pairs, configPair(module, model))
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

function pick(pairs: readonly Pair[], config: Partial<Pair> | undefined): readonly Pair[] {
  if (pairs.length < 2 || !config) return pairs
  const matching = pairs.filter(
    ({ bits, groupSize }) => bits === (config.bits ?? bits) && groupSize === (config.groupSize ?? groupSize),
  )
  return matching.length > 0 ? matching : pairs
}

/** What the config says of a module, its own block before the common one; undefined where it says nothing. */
function configPair(module: string, model: Model): Partial<Pair> | undefined {
  for (const { root } of model.configs) {
    if (!root) continue
    const block = findNodeAtLocation(root, ['quantization']) ?? findNodeAtLocation(root, ['quantization_config'])
    if (!block) continue
    for (const node of [findNodeAtLocation(block, [module]), block]) {
      const bits = numberAt(node, 'bits')
      const groupSize = numberAt(node, 'group_size')
      if (bits !== undefined || groupSize !== undefined) return { bits, groupSize }
    }
  }
  return undefined
}

function numberAt(node: JsonNode | undefined, key: string): number | undefined {
  const value: unknown = node && findNodeAtLocation(node, [key])?.value
  return typeof value === 'number' ? value : undefined
}
