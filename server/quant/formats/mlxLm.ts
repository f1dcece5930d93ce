// What mlx-lm does with a model in another format, as its release 0.32.2 does it (mlx_lm/utils.py, load_model, and the
// sanitize methods of its models). It goes by `quant_method` and by the architecture, not by the tensors, so what it does
// is worked out from the same: a format that it could decode is of no use under a method that it does not know.

import type { Recognition } from './format'
import type { Hints } from './hints'

export const mlxLmVersion = '0.32.2'

export interface Outcome {
  /** `misreads`: loads without an error and computes with wrong numbers. */
  readonly kind: 'reads' | 'refuses' | 'misreads'
  readonly how: string
}

/** Architectures whose sanitize decodes `weight_scale_inv`, by model_type; remapped names are listed as well. */
const decodesFp8 = new Set([
  'deepseek_v3',
  'kimi_k2',
  'kimi_k25',
  'joyai_llm_flash',
  'deepseek_v32',
  'glm_moe_dsa',
  'mimo_v2_flash',
  'minimax',
  'minimax_m2',
  'mistral4',
])
/** Architectures whose sanitize views `weight_packed` as 4-bit words in groups of 32. */
const viewsPacked = new Set(['deepseek_v3', 'kimi_k2', 'kimi_k25', 'joyai_llm_flash', 'mistral4'])
/** Multiplies the raw bytes of FP8, since MLX no longer decodes them while reading. */
const multipliesBytes = new Set(['ministral3'])

/** What happens to weights of a foreign format. */
export function mlxLmOutcome(recognition: Recognition, hints: Hints, foreign: readonly string[]): Outcome {
  const { format, parameters } = recognition
  const model = (hints.modelType === 'mistral3' ? hints.textModelType : undefined) ?? hints.modelType ?? ''
  if (hints.mlxBlock)
    return refuses("takes the `quantization` block for MLX's own and refuses the tensors that its model does not have")
  switch (format.id) {
    case 'gpt-oss-mxfp4':
      if (hints.method === 'mxfp4' && model === 'gpt_oss') return reads('repacks it while loading')
      break
    case 'deepseek-fp4':
      if (model.startsWith('deepseek_v41')) return reads('repacks it as mxfp4 while loading')
      break
    case 'fp8-block':
      if (model.startsWith('deepseek_v41') || (model === 'minimax_m3_vl' && isBy32(recognition)))
        return reads(`takes it as mxfp8 while loading ${model}`)
      if (decodesFp8.has(model)) return reads(`decodes it to BF16 while loading ${model}`)
      if (multipliesBytes.has(model))
        return { kind: 'misreads', how: `multiplies the undecoded bytes with the scales while loading ${model}` }
      break
    case 'ct-pack-quantized':
      if (viewsPacked.has(model) && hints.layout === 'pack-quantized' && parameters?.bits === 4 && isBy32(recognition))
        return reads(`repacks it while loading ${model}`)
      break
    case 'bitnet':
      if (hints.method === 'bitnet') return reads('has layers of its own for it')
      break
    case 'awq-gemm':
      if (hints.method === 'awq' || hints.method === 'gptq')
        return reads('repacks it while loading, where the architecture does not stack experts')
      break
    case 'modelopt-nvfp4':
      if (hints.method === 'modelopt' && model.startsWith('muse_spark'))
        return reads(`renames it while loading ${model}`)
      break
    case 'ct-mxfp4':
      if (hints.method === 'compressed-tensors' && model === 'kimi_k3')
        return reads(`repacks it while loading ${model}`)
      break
  }
  return refuses(refusal(recognition, hints, foreign, parameters?.bits))
}

const noRenaming =
  'knows the format, but this architecture does not rename the tensors, and strict loading refuses them'

/** Why it stops, with its own words where it has any. */
function refusal({ format }: Recognition, hints: Hints, members: readonly string[], bits: number | undefined): string {
  const { method } = hints
  if (method === undefined)
    return 'sees no quantization in config.json and refuses parameters that its model does not have'
  if (hints.lacksMethod)
    return "takes hf_quant_config.json for quantization_config and stops with KeyError: 'quant_method', which it does not name"
  if (method === 'awq' || method === 'gptq') {
    const said = hints.bits ?? bits
    if (said !== undefined && said !== 4)
      return `stops with "Only bits=${said} is supported for AutoAWQ/GPTQ models." (it takes 4 only)`
    if (members.includes('g_idx'))
      return 'stops at the first g_idx: "Models with non-contiguous group indices (g_idx) are not currently supported"'
    return `takes ${format.name} for AWQ GEMM, which it is not`
  }
  if (method === 'compressed-tensors') {
    if (hints.layout === 'pack-quantized')
      return "takes every pack-quantized model for 4-bit in groups of 32 and knows the tensors' names only for some architectures"
    if (hints.layout === 'nvfp4-pack-quantized' || hints.layout === 'mxfp4-pack-quantized') return noRenaming
    return `stops with "unsupported compressed-tensors format '${hints.layout ?? 'None'}'; dequantize to bf16 before converting"`
  }
  if (method === 'modelopt' && hints.quantAlgo !== 'NVFP4')
    return `stops with "Unsupported modelopt quant_algo: ${hints.quantAlgo ?? 'None'}"`
  const isMxfp8 = hints.scaleFormat === 'ue8m0' && hints.blockSize?.every(size => size === 32) === true
  if (['modelopt', 'mxfp4', 'mxfp8', 'bitnet'].includes(method) || isMxfp8) return noRenaming
  return `has no reader for ${method} and this architecture, builds a plain model, and strict loading refuses the tensors`
}

function isBy32({ parameters }: Recognition): boolean {
  return parameters?.grouping.kind === 'group' && parameters.grouping.size === 32
}

function reads(how: string): Outcome {
  return { kind: 'reads', how }
}

function refuses(how: string): Outcome {
  return { kind: 'refuses', how }
}
