// What config.json says about a foreign quantization, as plain values: `quantization_config` of Hugging Face, at the top
// or in `text_config`, and the older `compression_config`. Hints name what headers leave open; they decide nothing alone,
// because copies of a repository often keep the block of the original. Where config.json has no block, loaders look for
// ModelOpt's own file beside it (mlx-lm 0.32.2, load_model; mlx-vlm, utils.py).

import type { Node } from 'jsonc-parser'
import type { JsonFile } from '../../checkpoint/facts'
import { findProperty, valueOf } from '../../checkpoint/jsonFile'

export interface Hints {
  readonly file: JsonFile | undefined
  /** The value of `quant_method`, else the block that stands for it; undefined where there is none. */
  readonly node: Node | undefined
  /** MLX's own `quantization` block. */
  readonly mlxBlock: Node | undefined
  readonly modelType: string | undefined
  /** The language model's own, inside a model of several modalities. */
  readonly textModelType: string | undefined
  /** `quant_method` in lower case. */
  readonly method: string | undefined
  readonly bits: number | undefined
  /** -1 stands for whole rows. */
  readonly groupSize: number | undefined
  readonly symmetric: boolean | undefined
  /** GPTQ: `checkpoint_format`, `format`; AWQ: `version`; compressed-tensors: `format`; auto-round: `packing_format`. */
  readonly layout: string | undefined
  readonly quantAlgo: string | undefined
  /** ModelOpt's own file says it, and names no `quant_method`. */
  readonly lacksMethod: boolean
  /** bitsandbytes: `nf4` or `fp4`. */
  readonly quantType: string | undefined
  readonly scaleFormat: string | undefined
  readonly blockSize: readonly [number, number] | undefined
  /** HQQ. */
  readonly axis: number | undefined
}

export const noHints: Hints = {
  file: undefined,
  node: undefined,
  mlxBlock: undefined,
  modelType: undefined,
  textModelType: undefined,
  method: undefined,
  bits: undefined,
  groupSize: undefined,
  symmetric: undefined,
  layout: undefined,
  quantAlgo: undefined,
  lacksMethod: false,
  quantType: undefined,
  scaleFormat: undefined,
  blockSize: undefined,
  axis: undefined,
}

const cache = new WeakMap<JsonFile, { readonly quantFile: JsonFile | undefined; readonly hints: Hints }>()
const places = [['quantization_config'], ['text_config', 'quantization_config'], ['compression_config']] as const

/** The hints of a config, and of ModelOpt's file beside it; `noHints` where there is none. */
export function hintsOf(file: JsonFile | undefined, quantFile?: JsonFile): Hints {
  if (!file) return noHints
  let known = cache.get(file)
  if (known?.quantFile !== quantFile || !known) cache.set(file, (known = { quantFile, hints: read(file, quantFile) }))
  return known.hints
}

function read(file: JsonFile, quantFile: JsonFile | undefined): Hints {
  const { root } = file
  if (!root) return { ...noHints, file }
  const block = places.map(path => findProperty(root, path)).find(node => node?.type === 'object')
  const mlxBlock = findProperty(root, ['quantization'])
  const modelType = textOf(root, 'model_type')
  const common = {
    ...noHints,
    file,
    mlxBlock: mlxBlock?.type === 'object' ? mlxBlock : undefined,
    modelType,
    textModelType: textOf(root, 'text_config', 'model_type'),
  }
  if (!block) return { ...common, ...(quantFile && ofQuantFile(quantFile)) }
  const text = (...path: string[]) => textOf(block, ...path)
  const number = (...path: string[]) => numberOf(block, ...path)
  const method = text('quant_method')?.toLowerCase() ?? bitsandbytesFlag(block)
  const weights = agreedWeights(block)
  return {
    ...common,
    node: findProperty(block, ['quant_method']) ?? block,
    method,
    bits:
      number('bits') ??
      number('w_bit') ??
      number('num_bits') ??
      number('nbits') ??
      weights.bits ??
      number('quant_config', 'nbits') ??
      number('quant_config', 'weight_quant_params', 'nbits'),
    groupSize:
      number('group_size') ??
      number('q_group_size') ??
      weights.groupSize ??
      number('quant_config', 'group_size') ??
      number('quant_config', 'weight_quant_params', 'group_size'),
    symmetric: flagOf(block, 'sym') ?? weights.symmetric,
    layout: (text('packing_format') ?? text('checkpoint_format') ?? text('format') ?? text('version'))?.toLowerCase(),
    quantAlgo: text('quant_algo') ?? text('quantization', 'quant_algo'),
    quantType: text('bnb_4bit_quant_type')?.toLowerCase(),
    scaleFormat: text('scale_fmt')?.toLowerCase(),
    blockSize: pair(block, 'weight_block_size') ?? weights.blockSize,
    axis: number('quant_config', 'axis') ?? number('quant_config', 'weight_quant_params', 'axis') ?? number('axis'),
  }
}

/**
 * What ModelOpt's own file says: `producer` and `quantization` (TensorRT-Model-Optimizer, torch/export/unified_export_hf.py).
 * It names no method, but the producer is one.
 */
function ofQuantFile(file: JsonFile): Partial<Hints> | undefined {
  const { root } = file
  const block = findProperty(root, ['quantization'])
  if (!root || block?.type !== 'object') return undefined
  const stated = textOf(root, 'quant_method')
  const method = (stated ?? textOf(root, 'producer', 'name'))?.toLowerCase()
  return {
    file,
    node: findProperty(block, ['quant_algo']) ?? block,
    method,
    lacksMethod: stated === undefined,
    quantAlgo: textOf(block, 'quant_algo'),
    groupSize: numberOf(block, 'group_size'),
  }
}

/** bitsandbytes' block may lack the method and have a flag instead. */
function bitsandbytesFlag(block: Node): string | undefined {
  const flags = ['load_in_4bit', '_load_in_4bit', 'load_in_8bit', '_load_in_8bit']
  return flags.some(flag => flagOf(block, flag) === true) ? 'bitsandbytes' : undefined
}

interface WeightScheme {
  readonly bits: number | undefined
  readonly groupSize: number | undefined
  readonly symmetric: boolean | undefined
  readonly blockSize: readonly [number, number] | undefined
}

/** compressed-tensors and ModelOpt describe groups of layers; what all groups say alike is said of every layer. */
function agreedWeights(block: Node): WeightScheme {
  const groups = (findProperty(block, ['config_groups'])?.children ?? []).flatMap(property => {
    const node = property.children?.[1]
    const weights = node && findProperty(node, ['weights'])
    return weights?.type === 'object' ? [weights] : []
  })
  const agreed = <T>(read: (weights: Node) => T | undefined): T | undefined => {
    const values = groups.map(read)
    return values.every(value => JSON.stringify(value) === JSON.stringify(values[0])) ? values[0] : undefined
  }
  return {
    bits: agreed(weights => numberOf(weights, 'num_bits')),
    groupSize: agreed(weights => numberOf(weights, 'group_size')),
    symmetric: agreed(weights => flagOf(weights, 'symmetric')),
    blockSize: agreed(weights => pair(weights, 'block_structure')),
  }
}

function textOf(node: Node, ...path: string[]): string | undefined {
  const found = findProperty(node, path)
  return found?.type === 'string' ? String(found.value) : undefined
}

function numberOf(node: Node, ...path: string[]): number | undefined {
  const found = findProperty(node, path)
  return found?.type === 'number' && Number.isSafeInteger(found.value) ? Number(found.value) : undefined
}

function flagOf(node: Node, key: string): boolean | undefined {
  const found = findProperty(node, [key])
  return found?.type === 'boolean' ? found.value === true : undefined
}

function pair(node: Node, key: string): readonly [number, number] | undefined {
  const found = findProperty(node, [key])
  const value: unknown = found?.type === 'array' ? valueOf(found) : undefined
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [rows, columns] = value as readonly unknown[]
  return Number.isSafeInteger(rows) && Number.isSafeInteger(columns) && Number(rows) > 0 && Number(columns) > 0
    ? [Number(rows), Number(columns)]
    : undefined
}
