// How a model's plain tensors look after each tool has stored them: MLX's own packing with its config block, and the foreign
// formats as their writers leave them.

import type { Tensor } from './sparseShard'

/** A whole model as it lies in a folder. */
export interface Stored {
  readonly tensors: readonly Tensor[]
  readonly config: Readonly<Record<string, unknown>>
  /** `__metadata__.format`. */
  readonly format: 'mlx' | 'pt'
}

export interface Parameters {
  readonly bits: number
  readonly group_size: number | null
  readonly mode?: string
}

/** What is done to a module: other parameters, or false for left as it is; undefined for the usual. */
export type Choose = (path: string) => Parameters | false | undefined

const moduleOf = (name: string) => name.replace(/\.weight$/, '')
const last = (shape: readonly number[]) => shape.at(-1) ?? 0
/** Matrices that tools quantize: projections, and for MLX embeddings and heads. */
const isMatrix = ({ name, shape }: Tensor) =>
  name.endsWith('.weight') && shape.length >= 2 && !/norm|conv|patch_embed|position_embedding/.test(name)

/** As `mlx_lm.convert -q` writes it; modules whose rows are not whole groups stay as they are. */
export function mlxQuantized(model: Stored, usual: Parameters, choose: Choose = () => undefined): Stored {
  const overrides: Record<string, Parameters> = {}
  const tensors = model.tensors.flatMap((tensor): Tensor[] => {
    const path = moduleOf(tensor.name)
    const chosen = isMatrix(tensor) ? choose(path) : false
    if (chosen === false) return [tensor]
    if (chosen) overrides[path] = chosen
    const { bits, group_size, mode } = chosen ?? usual
    const group = group_size ?? 64
    const columns = last(tensor.shape)
    if (columns % group !== 0) return [tensor]
    const lead = tensor.shape.slice(0, -1)
    const isFloat = mode !== undefined && mode !== 'affine'
    const side = { dtype: isFloat ? ('U8' as const) : tensor.dtype, shape: [...lead, columns / group] }
    return [
      { name: `${path}.weight`, dtype: 'U32', shape: [...lead, (columns * bits) / 32] },
      { name: `${path}.scales`, ...side },
      ...(isFloat ? [] : [{ name: `${path}.biases`, ...side }]),
    ]
  })
  const block = { ...usual, ...overrides }
  return { tensors, config: { ...model.config, quantization: block, quantization_config: block }, format: 'mlx' }
}

/** The floats of a model saved by MLX's tools. */
export const mlx = (model: Stored): Stored => ({ ...model, format: 'mlx' })

const isProjection = (tensor: Tensor) =>
  isMatrix(tensor) && !/embed|lm_head|wte|mlp\.gate\.|router|visual|vision/.test(tensor.name)

function replaced(
  model: Stored,
  quantizationConfig: Readonly<Record<string, unknown>>,
  replace: (path: string, out: number, inputs: number) => readonly Tensor[],
): Stored {
  return {
    format: 'pt',
    config: { ...model.config, quantization_config: quantizationConfig },
    tensors: model.tensors.flatMap(tensor =>
      isProjection(tensor) && tensor.shape.length === 2
        ? replace(moduleOf(tensor.name), tensor.shape[0] ?? 0, last(tensor.shape))
        : [tensor],
    ),
  }
}

/** AutoGPTQ and GPTQModel, 4 bits in groups of 128. */
export const gptq = (model: Stored): Stored =>
  replaced(
    model,
    {
      bits: 4,
      group_size: 128,
      damp_percent: 0.01,
      desc_act: false,
      sym: true,
      true_sequential: true,
      quant_method: 'gptq',
    },
    (path, out, inputs) => [
      { name: `${path}.qweight`, dtype: 'I32', shape: [inputs / 8, out] },
      { name: `${path}.qzeros`, dtype: 'I32', shape: [inputs / 128, out / 8] },
      { name: `${path}.scales`, dtype: 'F16', shape: [inputs / 128, out] },
      { name: `${path}.g_idx`, dtype: 'I32', shape: [inputs] },
    ],
  )

/** AutoAWQ's GEMM layout. */
export const awq = (model: Stored): Stored =>
  replaced(
    model,
    { bits: 4, group_size: 128, modules_to_not_convert: null, quant_method: 'awq', version: 'gemm', zero_point: true },
    (path, out, inputs) => [
      { name: `${path}.qweight`, dtype: 'I32', shape: [inputs, out / 8] },
      { name: `${path}.qzeros`, dtype: 'I32', shape: [inputs / 128, out / 8] },
      { name: `${path}.scales`, dtype: 'F16', shape: [inputs / 128, out] },
    ],
  )

/** bitsandbytes nf4 with double quantization. */
export const nf4 = (model: Stored): Stored =>
  replaced(
    model,
    { _load_in_4bit: true, bnb_4bit_quant_type: 'nf4', load_in_4bit: true, quant_method: 'bitsandbytes' },
    (path, out, inputs) => [
      { name: `${path}.weight`, dtype: 'U8', shape: [(out * inputs) / 2, 1] },
      { name: `${path}.weight.absmax`, dtype: 'U8', shape: [(out * inputs) / 64] },
      { name: `${path}.weight.nested_absmax`, dtype: 'F32', shape: [Math.ceil((out * inputs) / 64 / 256)] },
      { name: `${path}.weight.nested_quant_map`, dtype: 'F32', shape: [256] },
      { name: `${path}.weight.quant_map`, dtype: 'F32', shape: [16] },
      { name: `${path}.weight.quant_state.bitsandbytes__nf4`, dtype: 'U8', shape: [90] },
    ],
  )

/** llm-compressor's W4A16. */
export const packed = (model: Stored): Stored =>
  replaced(
    model,
    {
      config_groups: { group_0: { targets: ['Linear'], weights: { num_bits: 4, group_size: 128, symmetric: true } } },
      format: 'pack-quantized',
      ignore: ['lm_head'],
      quant_method: 'compressed-tensors',
    },
    (path, out, inputs) => [
      { name: `${path}.weight_packed`, dtype: 'I32', shape: [out, inputs / 8] },
      { name: `${path}.weight_scale`, dtype: 'BF16', shape: [out, inputs / 128] },
      { name: `${path}.weight_shape`, dtype: 'I64', shape: [2] },
    ],
  )

/** FP8 in blocks of 128 × 128, as DeepSeek and Qwen publish it. */
export const fp8 = (model: Stored): Stored =>
  replaced(
    model,
    { activation_scheme: 'dynamic', fmt: 'e4m3', quant_method: 'fp8', weight_block_size: [128, 128] },
    (path, out, inputs) => [
      { name: `${path}.weight`, dtype: 'F8_E4M3', shape: [out, inputs] },
      { name: `${path}.weight_scale_inv`, dtype: 'F32', shape: [Math.ceil(out / 128), Math.ceil(inputs / 128)] },
    ],
  )
