// What mlx-lm does with a config's quantization blocks when the tensors are MLX's own: which block it reads, and what
// each legacy `quant_method` leads to (mlx_lm/utils.py, load_model, of 0.32.2; `since` tells what older ones did not do).
// Tensors in a foreign layout are for the formats to judge.

import type { JSONPath, Node } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import { findProperty } from '../checkpoint/jsonFile'
import { type QuantizationConfig, quantizationBlocks } from './config'

export type Reading =
  /** The block is read as MLX's: modules with scales become quantized ones, with what the tensors or overrides say. */
  | { readonly kind: 'quantizes'; readonly block: QuantizationConfig; readonly since?: string }
  /** `quantization` stands where mlx-lm does not look, or nothing stands anywhere. */
  | { readonly kind: 'nothing'; readonly block: QuantizationConfig | undefined; readonly why: string }
  /** Loading stops before any tensor is looked at. */
  | { readonly kind: 'raises'; readonly block: QuantizationConfig; readonly error: string }

/** What mlx-lm 0.32.2 does with the blocks of a config, the weights being packed as MLX packs them. */
export function mlxLmReading(file: JsonFile): Reading {
  const blocks = quantizationBlocks(file)
  const at = (...path: JSONPath) => blocks.find(b => b.path.join('.') === path.join('.'))
  const own = at('quantization')
  if (own) return { kind: 'quantizes', block: own }
  const legacy = at('quantization_config') ?? at('text_config', 'quantization_config')
  if (legacy) return legacyReading(legacy)
  const nested = at('text_config', 'quantization')
  return {
    kind: 'nothing',
    block: nested,
    why: nested
      ? 'the block stands in text_config, where mlx-lm looks for quantization_config only'
      : 'config.json has no quantization block',
  }
}

/** `quantization_config` without `quantization`: the method decides. */
function legacyReading(block: QuantizationConfig): Reading {
  const { method } = block
  const property = (...path: JSONPath): Node | undefined => {
    const root = findProperty(block.file.root, block.path)
    return findProperty(root, path)
  }
  if (method === undefined) return { kind: 'raises', block, error: "KeyError: 'quant_method'" }
  if (method === 'mxfp4') return { kind: 'quantizes', block }
  if (method === 'mxfp8') return { kind: 'quantizes', block, since: '0.32' }
  if (method === 'compressed-tensors') {
    const format = String(property('format')?.value ?? 'None')
    return ['nvfp4-pack-quantized', 'mxfp4-pack-quantized', 'pack-quantized'].includes(format)
      ? { kind: 'quantizes', block }
      : { kind: 'raises', block, error: `ValueError: unsupported compressed-tensors format '${format}'` }
  }
  if (method === 'modelopt') {
    const algorithm = property('quant_algo') ?? property('quantization', 'quant_algo')
    if (algorithm?.value === 'NVFP4') return { kind: 'quantizes', block, since: '0.32' }
    return { kind: 'raises', block, error: `ValueError: Unsupported modelopt quant_algo: ${String(algorithm?.value)}` }
  }
  if (method === 'awq' || method === 'gptq')
    return {
      kind: 'raises',
      block,
      error: `UnboundLocalError: 'model_dtype': it takes the weights for ${method.toUpperCase()}'s and drops their scales`,
    }
  if (method === 'fp8' && isUe8m0(property)) return { kind: 'quantizes', block, since: '0.32' }
  return { kind: 'nothing', block, why: `mlx-lm does nothing for quant_method "${method}"` }
}

function isUe8m0(property: (...path: JSONPath) => Node | undefined): boolean {
  const size = property('weight_block_size')?.children?.map(child => Number(child.value))
  return property('scale_fmt')?.value === 'ue8m0' && size?.join() === '32,32'
}

/** `model_type` of a config, that of its text model where the first is a wrapper; undefined where it names none. */
export function modelTypes(file: JsonFile): { readonly top: string | undefined; readonly text: string | undefined } {
  const text = (path: JSONPath) => {
    const node = findProperty(file.root, path)
    return node?.type === 'string' ? String(node.value) : undefined
  }
  return {
    top: text(['model_type']),
    text: text(['text_config', 'model_type']) ?? text(['thinker_config', 'text_config', 'model_type']),
  }
}
