// The list of healthy checkpoints: each a real architecture as one tool really stores it.

import * as decoders from './decoders'
import { awq, type Choose, fp8, gptq, mlx, mlxQuantized, nf4, packed, type Stored } from './formats'
import * as others from './others'

const usual = { group_size: 64, bits: 4 }
const affine8 = { group_size: 64, bits: 8 }
const router: Choose = path => (/\.(mlp\.gate|router|block_sparse_moe\.gate)$/.test(path) ? affine8 : undefined)

/** mlx-lm's mixed_3_6 without --q-group-size: every module has an entry, and null means the mode's default. */
const mixed36: Choose = path =>
  /v_proj|down_proj|lm_head/.test(path) ? { group_size: null, bits: 6 } : { group_size: null, bits: 3 }

/** Parts of a model that mlx-vlm leaves as they are. */
const textOnly: Choose = path => (/vision|visual|multi_modal_projector/.test(path) ? false : undefined)

const gptOssMlx = mlxQuantized(decoders.gptOss(true), { group_size: 32, bits: 4, mode: 'mxfp4' }, path =>
  /\.experts\./.test(path) ? undefined : affine8,
)

/** Which of two Mambas' matrices MLX would quantize: the narrow ones do not divide. */
const notStates: Choose = path => (/\.(A_log|D)$/.test(path) ? false : undefined)

export const healthy: Readonly<Record<string, Stored>> = {
  'Llama 3.2 1B': decoders.llama32,
  'Llama 3.2 1B, MLX 4-bit': mlxQuantized(decoders.llama32, usual),
  'Llama 3.1 8B': decoders.llama31,
  'Llama 3.1 8B, MLX bf16': mlx(decoders.llama31),
  'Llama 3.1 8B, MLX 3-bit, MLX older than modes': mlxQuantized(decoders.llama31, { group_size: 64, bits: 3 }),
  'Llama 3.1 8B, MLX nvfp4': mlxQuantized(decoders.llama31, { group_size: 16, bits: 4, mode: 'nvfp4' }),
  'Llama 3.1 8B, MLX mxfp8': mlxQuantized(decoders.llama31, { group_size: 32, bits: 8, mode: 'mxfp8' }),
  'Llama 3.1 8B, GPTQ': gptq(decoders.llama31),
  'Llama 3.1 8B, AWQ': awq(decoders.llama31),
  'Llama 3.1 8B, bitsandbytes nf4': nf4(decoders.llama31),
  'Llama 3.1 8B, compressed-tensors W4A16': packed(decoders.llama31),
  'Llama 3.3 70B, MLX 8-bit': mlxQuantized(decoders.llama33, { group_size: 128, bits: 8, mode: 'affine' }),
  'Qwen 2.5 0.5B, MLX 4-bit': mlxQuantized(decoders.qwen25Small, usual),
  'Qwen 2.5 7B': decoders.qwen25,
  'Qwen 2.5 7B, MLX 2-bit g32': mlxQuantized(decoders.qwen25, { group_size: 32, bits: 2 }),
  'Qwen 3 0.6B': decoders.qwen3,
  'Qwen 3 8B FP8': fp8(decoders.qwen3),
  'Qwen 3 30B-A3B': decoders.qwen3Moe,
  'Qwen 3 30B-A3B, MLX 4-bit, gates 8-bit': mlxQuantized(decoders.qwen3MoeStacked, usual, router),
  'Gemma 2 2B, MLX 6-bit': mlxQuantized(decoders.gemma2, { group_size: 64, bits: 6 }),
  'Gemma 3 1B': decoders.gemma3,
  'Gemma 3 1B, MLX mixed 3/6': mlxQuantized(decoders.gemma3, { group_size: null, bits: 3 }, mixed36),
  'Gemma 3 4B with vision': others.gemma3Vlm,
  'Gemma 3 4B with vision, MLX 4-bit': mlxQuantized(others.gemma3Vlm, usual, textOnly),
  'Gemma 4 E4B, MLX 4-bit': mlxQuantized(others.gemma4, usual),
  'Mistral 7B, MLX 4-bit g32': mlxQuantized(decoders.mistral, { group_size: 32, bits: 4 }),
  'Mistral Nemo': decoders.nemo,
  'Mistral Nemo, MLX 5-bit': mlxQuantized(decoders.nemo, { group_size: 64, bits: 5 }),
  'Mixtral 8x7B': decoders.mixtral,
  'Mixtral 8x7B, MLX 4-bit': mlxQuantized(decoders.mixtralStacked, usual),
  'DeepSeek V3, FP8 with its further layer': fp8(decoders.deepseek(true)),
  'DeepSeek V3, MLX 4-bit': mlxQuantized(decoders.deepseek(false), usual, path =>
    path.endsWith('mlp.gate') ? false : undefined,
  ),
  'gpt-oss 20B as published': decoders.gptOss(false),
  'gpt-oss 20B, MLX mxfp4 with affine router': gptOssMlx,
  'Phi-2': others.phi2,
  'Phi-4 mini': decoders.phi4Mini,
  'Phi-4 mini, MLX 4-bit': mlxQuantized(decoders.phi4Mini, usual),
  'Granite 3.3 8B, MLX 4-bit': mlxQuantized(decoders.granite, usual),
  'Command R, MLX 4-bit': mlxQuantized(decoders.commandR, usual),
  'OLMo 2 7B': decoders.olmo2,
  'GLM-4 9B, MLX 4-bit': mlxQuantized(decoders.glm4, usual),
  'StarCoder2 3B': decoders.starcoder2,
  'GPT-2': others.gpt2,
  'Qwen3-Next 80B-A3B': decoders.qwen3Next(false),
  'Qwen3-Next 80B-A3B, MLX 4-bit, gates 8-bit': mlxQuantized(decoders.qwen3Next(true), usual, path =>
    /mlp\.(gate|shared_expert_gate)$/.test(path) ? affine8 : undefined,
  ),
  'Mamba 130M': others.mamba(false),
  'Mamba 130M, MLX 4-bit': mlxQuantized(others.mamba(true), usual, notStates),
  'Jamba, MLX 4-bit': mlxQuantized(others.jamba, usual, path => (path.endsWith('router') ? affine8 : undefined)),
  'LFM2 1.2B': others.lfm2(false),
  'LFM2 1.2B, MLX 8-bit': mlxQuantized(others.lfm2(true), affine8),
  'Nemotron-H 8B': others.nemotronH,
  'Nemotron-H 8B, MLX 4-bit': mlxQuantized(others.nemotronH, usual),
  'Qwen2.5-VL 3B': others.qwen25Vl(false),
  'Qwen2.5-VL 3B, MLX 4-bit': mlxQuantized(others.qwen25Vl(true), usual, textOnly),
  'LLaVA 1.5 7B': others.llava,
  'LLaVA 1.5 7B, MLX 4-bit with its tower': mlxQuantized(others.llava, usual),
  'BERT base': others.bert,
  'BERT base, MLX 4-bit': mlxQuantized(others.bert, usual),
  'CLIP ViT-L/14': others.clip,
  'Whisper large-v3': others.whisper,
  'Whisper large-v3, MLX 4-bit': mlxQuantized(others.whisperMlx, usual),
}
