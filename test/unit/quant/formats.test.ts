// The table of formats, row by row: a header as its writer would make it, the verdict, and the evidence that decided;
// beside each the near misses that must not be taken for it.

import { expect, test } from 'vitest'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import type { DType } from '../../../server/checkpoint/dtype'
import type { Recognition, StoredMember } from '../../../server/quant/formats/format'
import { showRecognition } from '../../../server/quant/formats/format'
import { hintsOf, noHints } from '../../../server/quant/formats/hints'
import { recognise } from '../../../server/quant/formats/index'
import { weightsOf } from '../../../server/quant/formats/weightsOf'

/** `weight U32 [64, 8]` lines as members. */
function membersOf(table: string): Map<string, StoredMember> {
  return new Map(
    table
      .trim()
      .split('\n')
      .map(line => {
        const found = /^\s*(\S+) (\w+) \[([\d, ]*)\]$/.exec(line)
        if (!found) throw new Error(`not a member: ${line}`)
        const shape = (found[3] ?? '').split(',').filter(Boolean).map(Number)
        return [found[1] ?? '', { dtype: found[2] as DType, shape }] as const
      }),
  )
}

function judge(table: string, quantization?: object, metadata: Record<string, string> = {}): Recognition | undefined {
  const hints = quantization
    ? hintsOf(readJsonFile('/m/config.json', JSON.stringify({ quantization_config: quantization })))
    : noHints
  const [weight] = weightsOf(membersOf(table))
  return weight && recognise({ members: weight.members, hints, metadata: new Map(Object.entries(metadata)) })
}

interface Row {
  readonly name: string
  readonly table: string
  readonly config?: object
  readonly metadata?: Record<string, string>
  readonly format: string
  /** As shown to people. */
  readonly shown: string
  readonly logical?: readonly number[]
  /** Each a part of some line of evidence. */
  readonly evidence: readonly string[]
}

const gptqHeader = 'qweight I32 [512, 4096]\nqzeros I32 [32, 512]\nscales F16 [32, 4096]\ng_idx I32 [4096]'
const awqGemm = 'qweight I32 [4096, 512]\nqzeros I32 [32, 512]\nscales F16 [32, 4096]'

const rows: readonly Row[] = [
  {
    name: 'MLX affine, one pair',
    table: 'weight U32 [64, 48]\nscales BF16 [64, 2]\nbiases BF16 [64, 2]',
    format: 'mlx-affine',
    shown: 'MLX affine 6-bit g128',
    logical: [64, 256],
    evidence: ['the names and dtypes that mx.quantize writes'],
  },
  {
    name: 'MLX affine, ambiguous',
    table: 'weight U32 [4096, 512]\nscales F16 [4096, 64]\nbiases F16 [4096, 64]',
    format: 'mlx-affine',
    shown: 'MLX affine',
    evidence: ['bits × group size: 4-bit g64 or 8-bit g32 or 2-bit g128'],
  },
  {
    name: 'MLX affine under a quant_method that is left over',
    table: 'weight U32 [4096, 512]\nscales F16 [4096, 64]\nbiases F16 [4096, 64]',
    config: { quant_method: 'awq', bits: 4, group_size: 128, version: 'gemm' },
    format: 'mlx-affine',
    shown: 'MLX affine',
    evidence: ["quant_method awq in the config is left over: the tensors are MLX's"],
  },
  {
    name: 'MLX affine written through transformers, "pt" in the metadata',
    table: 'weight U32 [64, 48]\nscales F16 [64, 2]\nbiases F16 [64, 2]',
    config: { quant_method: 'auto-round', packing_format: 'mlx', bits: 6, group_size: 128 },
    metadata: { format: 'pt' },
    format: 'mlx-affine',
    shown: 'MLX affine 6-bit g128',
    evidence: ['left over'],
  },
  {
    name: 'MLX mxfp4',
    table: 'weight U32 [64, 16]\nscales U8 [64, 4]',
    format: 'mlx-mxfp4',
    shown: 'MLX mxfp4 4-bit g32',
    logical: [64, 128],
    evidence: ['without biases', 'bits × group size is 128'],
  },
  {
    name: 'MLX mxfp8',
    table: 'weight U32 [8, 64, 32]\nscales U8 [8, 64, 4]',
    format: 'mlx-mxfp8',
    shown: 'MLX mxfp8 8-bit g32',
    logical: [8, 64, 128],
    evidence: ['256'],
  },
  {
    name: 'MLX nvfp4',
    table: 'weight U32 [64, 16]\nscales U8 [64, 8]\nglobal_scale F32 []',
    format: 'mlx-nvfp4',
    shown: 'MLX nvfp4 4-bit g16',
    logical: [64, 128],
    evidence: ['bits × group size is 64'],
  },
  {
    name: 'transformers metal',
    table: 'weight U32 [64, 48]\nscales BF16 [64, 2]\nqbiases BF16 [64, 2]',
    config: { quant_method: 'metal', bits: 6, group_size: 128 },
    format: 'metal',
    shown: 'transformers metal 6-bit g128',
    logical: [64, 256],
    evidence: ["qbiases is transformers' name"],
  },
  {
    name: 'GPTQ v1',
    table: gptqHeader,
    config: { quant_method: 'gptq', bits: 4, group_size: 128, desc_act: false, checkpoint_format: 'gptq' },
    format: 'gptq',
    shown: 'GPTQ v1 4-bit g128',
    logical: [4096, 4096],
    evidence: [
      'as many columns in both, so packed along the inputs',
      'g_idx I32 [4096] makes it 4-bit',
      'one too small',
    ],
  },
  {
    name: 'GPTQ v2',
    table: gptqHeader,
    config: { quant_method: 'gptq', bits: 4, group_size: 128, checkpoint_format: 'gptq_v2' },
    format: 'gptq',
    shown: 'GPTQ v2 4-bit g128',
    evidence: ['zeros are stored as they are'],
  },
  {
    name: 'GPTQ planar',
    table: 'qweight I32 [384, 4096]\nqzeros I32 [32, 384]\nscales F16 [32, 4096]\ng_idx I32 [4096]',
    config: { quant_method: 'gptq', bits: 3, group_size: 128, format: 'gptq_p' },
    format: 'gptq',
    shown: 'GPTQ planar 3-bit g128',
    evidence: ['in planes'],
  },
  {
    name: 'GPTQ of a version that nothing states',
    table: 'qweight I32 [128, 768]\nqzeros I32 [4, 96]\nscales F16 [4, 768]',
    format: 'gptq',
    shown: 'GPTQ 4-bit g256',
    logical: [768, 1024],
    evidence: ['neither headers nor config tell v1', 'qzeros I32 [4, 96] makes it 4-bit'],
  },
  {
    name: 'GPTQ whose last group is short',
    table: 'qweight I32 [40, 768]\nqzeros I32 [3, 96]\nscales F16 [3, 768]\ng_idx I32 [320]',
    config: { quant_method: 'gptq', bits: 4, group_size: 128 },
    format: 'gptq',
    shown: 'GPTQ 4-bit g128',
    logical: [768, 320],
    evidence: ['packed along the inputs'],
  },
  {
    name: 'AWQ GEMM, a square weight',
    table: awqGemm,
    config: { quant_method: 'awq', bits: 4, group_size: 128, zero_point: true, version: 'gemm' },
    format: 'awq-gemm',
    shown: 'AWQ GEMM 4-bit g128',
    logical: [4096, 4096],
    evidence: ['8 × 512 columns are the 4096 of scales, so packed along the outputs', 'qzeros I32 [32, 512]'],
  },
  {
    name: 'AWQ GEMM though the config says gptq',
    table: awqGemm,
    config: { quant_method: 'gptq', bits: 4, group_size: 128 },
    format: 'awq-gemm',
    shown: 'AWQ GEMM 4-bit g128',
    evidence: ['packed along the outputs'],
  },
  {
    name: 'AWQ GEMV with padded scales',
    table: 'qweight I32 [4096, 1376]\nqzeros I32 [4096, 11]\nscales F16 [4096, 88]',
    config: { quant_method: 'awq', bits: 4, group_size: 128, version: 'gemv' },
    format: 'awq-gemv',
    shown: 'AWQ GEMV 4-bit g128',
    logical: [4096, 11008],
    evidence: ['scales 8 times as wide as qzeros', '88 columns of scales hold 86 groups of 128'],
  },
  {
    name: 'AWQ gemv_fast, llm-awq',
    table: 'qweight I16 [1024, 4096]\nqzeros F16 [32, 4096]\nscales F16 [32, 4096]',
    config: { quant_method: 'awq', bits: 4, group_size: 128, version: 'gemv_fast' },
    format: 'awq-gemv-fast',
    shown: 'AWQ gemv_fast (llm-awq) 4-bit g128',
    logical: [4096, 4096],
    evidence: ['16-bit words, floating-point qzeros'],
  },
  {
    name: 'Marlin',
    table: 'B I32 [256, 8192]\ns F16 [32, 4096]\nworkspace I32 [512]',
    format: 'marlin',
    shown: 'Marlin 4-bit g128',
    logical: [4096, 4096],
    evidence: ["Marlin's names"],
  },
  {
    name: 'Marlin under the names of GPTQ',
    table: 'qweight I32 [256, 8192]\nscales F16 [32, 4096]',
    config: { quant_method: 'gptq', bits: 4, checkpoint_format: 'marlin' },
    format: 'marlin',
    shown: 'Marlin 4-bit g128',
    evidence: ['the config says marlin'],
  },
  {
    name: 'bitsandbytes nf4, nested',
    table:
      'weight U8 [8388608, 1]\nweight.absmax U8 [262144]\nweight.quant_map F32 [16]\nweight.nested_absmax F32 [1024]\nweight.nested_quant_map F32 [256]\nweight.quant_state.bitsandbytes__nf4 U8 [88]',
    config: { quant_method: 'bitsandbytes', load_in_4bit: true, bnb_4bit_quant_type: 'nf4' },
    format: 'bnb-4bit',
    shown: 'bitsandbytes nf4 4-bit g64',
    evidence: ['flattened, one absmax for every 64', 'names the type', 'double quantization'],
  },
  {
    name: 'bitsandbytes fp4 stored as BF16',
    table:
      'weight BF16 [2097152, 1]\nweight.absmax F32 [131072]\nweight.quant_map F32 [16]\nweight.quant_state.bitsandbytes__fp4 U8 [88]',
    format: 'bnb-4bit',
    shown: 'bitsandbytes fp4 4-bit g64',
    evidence: ['bitsandbytes__fp4 names the type'],
  },
  {
    name: 'bitsandbytes int8',
    table: 'weight I8 [128, 256]\nSCB F32 [128]\nweight_format U8 []',
    format: 'bnb-int8',
    shown: 'bitsandbytes int8 8-bit per channel',
    logical: [128, 256],
    evidence: ['rows of int8'],
  },
  {
    name: 'compressed-tensors pack-quantized',
    table: 'weight_packed I32 [4096, 512]\nweight_scale BF16 [4096, 32]\nweight_shape I64 [2]',
    config: {
      quant_method: 'compressed-tensors',
      format: 'pack-quantized',
      config_groups: { group_0: { weights: { num_bits: 4, group_size: 128, symmetric: true }, targets: ['Linear'] } },
    },
    format: 'ct-pack-quantized',
    shown: 'compressed-tensors pack-quantized 4-bit g128',
    logical: [4096, 4096],
    evidence: ["MLX's order of axes, but I32", 'config says 4-bit'],
  },
  {
    name: 'compressed-tensors pack-quantized, nothing in the config',
    table: 'weight_packed I32 [4096, 512]\nweight_scale BF16 [4096, 32]\nweight_shape I64 [2]',
    format: 'ct-pack-quantized',
    shown: 'compressed-tensors pack-quantized',
    evidence: ['the config states no bits; bits × group size is 512'],
  },
  {
    name: 'compressed-tensors pack-quantized, 3 bits as before 0.18',
    table: 'weight_packed I32 [4096, 410]\nweight_scale BF16 [4096, 32]\nweight_shape I64 [2]',
    config: {
      quant_method: 'compressed-tensors',
      config_groups: { group_0: { weights: { num_bits: 3, group_size: 128 } } },
    },
    format: 'ct-pack-quantized',
    shown: 'compressed-tensors pack-quantized 3-bit g128',
    logical: [4096, 4096],
    evidence: ['some bits are unused, as before version 0.18'],
  },
  {
    name: 'compressed-tensors pack-quantized, asymmetric',
    table:
      'weight_packed I32 [4096, 512]\nweight_scale BF16 [4096, 32]\nweight_shape I64 [2]\nweight_zero_point I32 [512, 32]',
    config: {
      quant_method: 'compressed-tensors',
      config_groups: { group_0: { weights: { num_bits: 4, group_size: 128 } } },
    },
    format: 'ct-pack-quantized',
    shown: 'compressed-tensors pack-quantized 4-bit g128',
    evidence: ['asymmetric'],
  },
  {
    name: 'compressed-tensors NVFP4',
    table:
      'weight_packed U8 [64, 128]\nweight_scale F8_E4M3 [64, 16]\nweight_global_scale F32 [1]\ninput_global_scale F32 [1]',
    format: 'ct-nvfp4',
    shown: 'compressed-tensors NVFP4 4-bit g16',
    logical: [64, 256],
    evidence: ['a global scale to divide by'],
  },
  {
    name: 'compressed-tensors MXFP4',
    table: 'weight_packed U8 [64, 128]\nweight_scale U8 [64, 8]',
    format: 'ct-mxfp4',
    shown: 'compressed-tensors MXFP4 4-bit g32',
    logical: [64, 256],
    evidence: ['for every 16 bytes of codes'],
  },
  {
    name: 'compressed-tensors MXFP8',
    table: 'weight F8_E4M3 [64, 256]\nweight_scale U8 [64, 8]',
    format: 'ct-mxfp8',
    shown: 'compressed-tensors MXFP8 8-bit g32',
    logical: [64, 256],
    evidence: ['for every 32 FP8 codes'],
  },
  {
    name: 'compressed-tensors int8',
    table: 'weight I8 [128, 256]\nweight_scale BF16 [128, 1]',
    format: 'ct-int8',
    shown: 'compressed-tensors int8 8-bit per channel',
    logical: [128, 256],
    evidence: ['signed bytes with scales'],
  },
  {
    name: 'compressed-tensors FP8 per channel',
    table: 'weight F8_E4M3 [128, 256]\nweight_scale BF16 [128, 1]',
    config: { quant_method: 'compressed-tensors', format: 'float-quantized' },
    format: 'ct-fp8',
    shown: 'compressed-tensors FP8 8-bit per channel',
    logical: [128, 256],
    evidence: ['scales to multiply with'],
  },
  {
    name: 'compressed-tensors FP8 per tensor',
    table: 'weight F8_E4M3 [128, 256]\nweight_scale F32 [1]\ninput_scale F32 [1]',
    format: 'ct-fp8',
    shown: 'compressed-tensors FP8 8-bit per tensor',
    evidence: ['input_scale F32 [1]'],
  },
  {
    name: 'compressed-tensors FP8 in blocks',
    table: 'weight F8_E4M3 [576, 7168]\nweight_scale BF16 [5, 56]',
    config: { quant_method: 'compressed-tensors', format: 'float-quantized' },
    format: 'ct-fp8',
    shown: 'compressed-tensors FP8 8-bit 128×128 blocks',
    evidence: ['[5, 56]'],
  },
  {
    name: 'FBGEMM FP8',
    table: 'weight F8_E4M3 [128, 256]\nweight_scale F32 [128, 1]',
    config: { quant_method: 'fbgemm_fp8' },
    format: 'fbgemm-fp8',
    shown: 'FBGEMM FP8 8-bit per channel',
    evidence: ['config says fbgemm_fp8'],
  },
  {
    name: 'FP8 per channel with no config: two writers are possible',
    table: 'weight F8_E4M3 [128, 256]\nweight_scale F32 [128, 1]',
    format: 'ct-fp8',
    shown: 'compressed-tensors FP8 8-bit per channel',
    evidence: ['no config says whether compressed-tensors or FBGEMM wrote it'],
  },
  {
    name: 'ModelOpt NVFP4',
    table: 'weight U8 [64, 128]\nweight_scale F8_E4M3 [64, 16]\nweight_scale_2 F32 []\ninput_scale F32 []',
    format: 'modelopt-nvfp4',
    shown: 'ModelOpt NVFP4 4-bit g16',
    logical: [64, 256],
    evidence: ['a second scale to multiply with'],
  },
  {
    name: 'ModelOpt NVFP4, stacked experts with the inputs first',
    table:
      'gate_up_proj U8 [8, 128, 512]\ngate_up_proj_weight_scale F8_E4M3 [8, 16, 512]\ngate_up_proj_weight_scale_2 F32 []',
    format: 'modelopt-nvfp4',
    shown: 'ModelOpt NVFP4 4-bit g16',
    logical: [8, 512, 256],
    evidence: ['stored with the inputs first'],
  },
  {
    name: 'ModelOpt FP8',
    table: 'weight F8_E4M3 [128, 256]\nweight_scale F32 []\ninput_scale F32 []',
    config: { quant_method: 'modelopt', quant_algo: 'FP8' },
    format: 'modelopt-fp8',
    shown: 'ModelOpt FP8 8-bit per tensor',
    evidence: ['config says modelopt'],
  },
  {
    name: 'ModelOpt FP8 by its scalar alone',
    table: 'weight F8_E4M3 [128, 256]\nweight_scale F32 []\ninput_scale F32 []',
    format: 'modelopt-fp8',
    shown: 'ModelOpt FP8 8-bit per tensor',
    evidence: ['the scale is a scalar, as ModelOpt writes it; no config says more'],
  },
  {
    name: 'ModelOpt W4A16',
    table: 'weight U8 [64, 256]\nweight_scale F32 [128, 2]\npre_quant_scale BF16 [256]',
    format: 'modelopt-w4a16',
    shown: 'ModelOpt W4A16 4-bit g128',
    logical: [128, 256],
    evidence: ['two rows to a byte'],
  },
  {
    name: 'Gemma QAT, 4-bit',
    table: 'weight U8 [128, 128]\nweight_scale F32 [128, 1]\ninput_activation_scale F32 []',
    config: { quant_method: 'gemma', num_bits: 4 },
    format: 'gemma-qat',
    shown: 'Gemma QAT 4-bit per channel',
    logical: [128, 256],
    evidence: ['scales for the activations', '4-bit by the config'],
  },
  {
    name: 'Gemma QAT without a config',
    table: 'weight U8 [128, 128]\nweight_scale F32 [128, 1]\noutput_activation_scale F32 []',
    format: 'gemma-qat',
    shown: 'Gemma QAT',
    evidence: ['headers cannot tell 4-bit from 2-bit'],
  },
  {
    name: 'BitNet',
    table: 'weight U8 [640, 2560]\nweight_scale BF16 [1]',
    config: { quant_method: 'bitnet', linear_class: 'autobitlinear' },
    format: 'bitnet',
    shown: 'BitNet 2-bit per tensor',
    logical: [2560, 2560],
    evidence: ['bytes of four rows'],
  },
  {
    name: 'DeepSeek-V4 FP4',
    table: 'weight I8 [128, 512]\nscale F8_E8M0 [128, 32]',
    format: 'deepseek-fp4',
    shown: 'DeepSeek-V4 FP4 4-bit g32',
    logical: [128, 1024],
    evidence: ['one E8M0 scale for every 16 bytes'],
  },
  {
    name: 'gpt-oss MXFP4',
    table:
      'gate_up_proj_blocks U8 [32, 5760, 90, 16]\ngate_up_proj_scales U8 [32, 5760, 90]\ngate_up_proj_bias BF16 [32, 5760]',
    config: { quant_method: 'mxfp4' },
    format: 'gpt-oss-mxfp4',
    shown: 'gpt-oss MXFP4 4-bit g32',
    logical: [32, 5760, 2880],
    evidence: ['16 bytes of codes for every byte of scale'],
  },
  {
    name: "gpt-oss MXFP4 in OpenAI's own names",
    table: 'blocks U8 [32, 5760, 90, 16]\nscales U8 [32, 5760, 90]',
    format: 'gpt-oss-mxfp4',
    shown: 'gpt-oss MXFP4 4-bit g32',
    logical: [32, 5760, 2880],
    evidence: ['16 bytes'],
  },
  {
    name: 'FP8 in blocks, ragged',
    table: 'weight F8_E4M3 [576, 7168]\nweight_scale_inv F32 [5, 56]',
    config: { quant_method: 'fp8', weight_block_size: [128, 128] },
    format: 'fp8-block',
    shown: 'FP8 8-bit 128×128 blocks',
    logical: [576, 7168],
    evidence: ['weight_scale_inv is multiplied'],
  },
  {
    name: 'FP8 per tensor',
    table: 'weight F8_E4M3 [128, 256]\nweight_scale_inv BF16 []\nactivation_scale BF16 []',
    config: { quant_method: 'fp8' },
    format: 'fp8-block',
    shown: 'FP8 8-bit per tensor',
    evidence: ['weight_scale_inv BF16 []'],
  },
  {
    name: 'FP8 of fused experts',
    table: 'gate_up_proj F8_E4M3 [8, 512, 256]\ngate_up_proj_scale_inv F32 [8, 4, 2]',
    format: 'fp8-block',
    shown: 'FP8 8-bit 128×128 blocks',
    logical: [8, 512, 256],
    evidence: ['multiplied'],
  },
  {
    name: 'FP8 with powers of two, which mxfp8 can hold',
    table: 'weight F8_E4M3 [128, 256]\nweight_scale_inv U8 [128, 8]',
    config: { quant_method: 'mxfp8' },
    format: 'fp8-block',
    shown: 'FP8 8-bit g32',
    evidence: ['powers of two'],
  },
  {
    name: 'FP8 without a scale',
    table: 'weight F8_E4M3 [128, 256]\nbias BF16 [128]',
    format: 'fp8-plain',
    shown: 'FP8 without scales',
    evidence: ['no scale beside them'],
  },
  {
    name: 'EETQ',
    table: 'weight I8 [256, 128]\nweight_scales F16 [128]',
    format: 'eetq',
    shown: 'EETQ 8-bit per channel',
    logical: [128, 256],
    evidence: ['one scale for each column, so stored transposed'],
  },
  {
    name: 'HQQ, axis 1',
    table:
      'W_q U8 [32768, 64]\nscale F16 [65536, 1]\nzero F16 [65536, 1]\nnbits I64 []\ngroup_size I64 []\nshape I64 [2]',
    config: { quant_method: 'hqq', quant_config: { weight_quant_params: { nbits: 4, group_size: 64, axis: 1 } } },
    format: 'hqq',
    shown: 'HQQ axis 1 4-bit g64',
    evidence: ['groups along axis 1 by the shape of scale', '4-bit by the config'],
  },
  {
    name: 'HQQ, axis 0, nothing in the config',
    table: 'W_q U8 [32, 65536]\nscale F16 [1, 65536]\nzero F16 [1, 65536]',
    format: 'hqq',
    shown: 'HQQ axis 0',
    evidence: ['not in the header'],
  },
  {
    name: 'quanto qint8',
    table: 'weight._data I8 [128, 256]\nweight._scale BF16 [128, 1]\ninput_scale F32 []\noutput_scale F32 []',
    format: 'quanto',
    shown: 'quanto qint8 8-bit per channel',
    logical: [128, 256],
    evidence: ["quanto's names"],
  },
  {
    name: 'quanto qint4',
    table: 'weight._data._data U8 [128, 128]\nweight._scale BF16 [256, 1]\nweight._shift BF16 [256, 1]',
    format: 'quanto',
    shown: 'quanto qint4 4-bit g128',
    evidence: ['make it 4-bit'],
  },
  {
    name: 'torchao',
    table: '_weight_qdata U8 [128, 128]\n_weight_scale BF16 [2, 128]\n_weight_zero_point BF16 [2, 128]',
    metadata: { tensor_names: '["p.weight"]', 'p.weight': '{"_type": "Int4Tensor", "_data": {}}' },
    format: 'torchao',
    shown: 'torchao Int4Tensor',
    evidence: ['tensor_names and the class Int4Tensor'],
  },
  {
    name: 'AQLM',
    table: 'codes I16 [512, 64, 1]\ncodebooks F16 [1, 65536, 1, 8]\nscales F16 [512, 1, 1, 1]',
    format: 'aqlm',
    shown: 'AQLM 1x16',
    logical: [512, 512],
    evidence: ['1 codebooks of 65536 vectors of 8'],
  },
  {
    name: 'VPTQ',
    table: 'indices I32 [1, 64, 512]\ncentroids.weight F16 [1, 65536]\nperm I16 [512]',
    format: 'vptq',
    shown: 'VPTQ',
    evidence: ['indices into tables of vectors', '512 inputs by perm'],
  },
  {
    name: 'SpQR',
    table: 'dense_weights I64 [4096]\nrow_offsets I32 [257]\ncol_vals I32 [99]\nin_perm I32 [256]',
    format: 'spqr',
    shown: 'SpQR',
    evidence: ['sparse outliers'],
  },
  {
    name: 'EXL3',
    table: 'trellis I16 [16, 32, 64]\nsuh F16 [256]\nsvh F16 [512]',
    format: 'exl3',
    shown: 'EXL3',
    logical: [512, 256],
    evidence: ["EXL3's name"],
  },
  {
    name: 'AutoRound in the layout of GPTQ',
    table: gptqHeader,
    config: { quant_method: 'auto-round', bits: 4, group_size: 128, packing_format: 'auto_round:auto_gptq' },
    format: 'auto-round',
    shown: 'AutoRound (GPTQ layout) 4-bit g128',
    evidence: ['packed along the inputs', 'zeros as GPTQ v1 has them'],
  },
  {
    name: 'AutoRound in the layout of AWQ',
    table: awqGemm,
    config: { quant_method: 'auto-round', bits: 4, group_size: 128, packing_format: 'auto_round:auto_awq' },
    format: 'auto-round',
    shown: 'AutoRound (AWQ layout) 4-bit g128',
    evidence: ['packed along the outputs', 'zeros as AWQ has them'],
  },
  {
    name: 'AutoRound without a packing format',
    table: gptqHeader,
    config: { quant_method: 'auto-round', bits: 4, group_size: 128 },
    format: 'auto-round',
    shown: 'AutoRound (GPTQ layout) 4-bit g128',
    evidence: ['no packing_format says'],
  },
  {
    name: 'plain BF16',
    table: 'weight BF16 [4096, 4096]\nbias BF16 [4096]',
    format: 'unquantized',
    shown: 'not quantized',
    logical: [4096, 4096],
    evidence: ['plain numbers'],
  },
  {
    name: 'plain BF16 under a quantization method for its neighbours',
    table: 'weight BF16 [4096]',
    config: { quant_method: 'gptq', bits: 4 },
    format: 'unquantized',
    shown: 'not quantized',
    evidence: ['plain numbers'],
  },
  {
    name: 'buffers',
    table: 'inv_freq F32 [64]\nposition_ids I64 [1, 512]',
    format: 'unquantized',
    shown: 'not quantized',
    evidence: ['plain numbers'],
  },
]

test.each(rows)('$name', row => {
  const found = judge(row.table, row.config, row.metadata)
  expect(found?.format.id).toBe(row.format)
  expect(found && showRecognition(found)).toBe(row.shown)
  if (row.logical) expect(found?.logical).toEqual(row.logical)
  for (const part of row.evidence) expect(found?.evidence.join('\n')).toContain(part)
})

const nearMisses: readonly {
  name: string
  table: string
  config?: object
  not: string
  instead: string | undefined
}[] = [
  {
    name: 'I32 where MLX has U32',
    table: 'weight I32 [96, 64]\nscales F16 [96, 8]\nbiases F16 [96, 8]',
    not: 'mlx-affine',
    instead: undefined,
  },
  {
    name: 'quant_method alone makes no GPTQ',
    table: 'qweight I32 [96, 64]',
    config: { quant_method: 'gptq', bits: 4, group_size: 128 },
    not: 'gptq',
    instead: undefined,
  },
  {
    name: 'GPTQ shapes whose qzeros belong to another weight',
    table: 'qweight I32 [512, 4096]\nqzeros I32 [16, 512]\nscales F16 [32, 4096]',
    not: 'gptq',
    instead: undefined,
  },
  {
    name: 'U8 scales that fit no mode',
    table: 'weight U32 [64, 16]\nscales U8 [64, 3]',
    not: 'mlx-mxfp4',
    instead: undefined,
  },
  {
    name: 'NVFP4 without its second scale',
    table: 'weight U8 [64, 128]\nweight_scale F8_E4M3 [64, 16]',
    not: 'modelopt-nvfp4',
    instead: undefined,
  },
  {
    name: 'compressed-tensors NVFP4 without its global scale',
    table: 'weight_packed U8 [64, 128]\nweight_scale F8_E4M3 [64, 16]',
    not: 'ct-nvfp4',
    instead: undefined,
  },
  {
    name: 'an int8 weight without any scale',
    table: 'weight I8 [64, 128]',
    config: { quant_method: 'bitsandbytes' },
    not: 'bnb-int8',
    instead: undefined,
  },
  {
    name: 'blocks of another width',
    table: 'blocks U8 [32, 5760, 90, 8]\nscales U8 [32, 5760, 90]',
    not: 'gpt-oss-mxfp4',
    instead: undefined,
  },
  {
    name: 'int8 per channel is not Gemma without activation scales',
    table: 'weight I8 [128, 256]\nweight_scale F32 [128, 1]',
    not: 'gemma-qat',
    instead: 'ct-int8',
  },
  {
    name: 'a plain weight with a layer scale',
    table: 'weight BF16 [128, 256]\nscale BF16 [128]',
    not: 'fp8-block',
    instead: 'unquantized',
  },
  {
    name: 'GPTQ that an AWQ config speaks of',
    table: gptqHeader,
    config: { quant_method: 'awq', version: 'gemm', bits: 4, group_size: 128 },
    not: 'awq-gemm',
    instead: 'gptq',
  },
  {
    name: 'a marlin config over plain GPTQ',
    table: gptqHeader,
    config: { quant_method: 'gptq', checkpoint_format: 'marlin', bits: 4 },
    not: 'marlin',
    instead: 'gptq',
  },
]

test.each(nearMisses)('near miss: $name', ({ table, config, not, instead }) => {
  const found = judge(table, config)?.format.id
  expect(found).not.toBe(not)
  expect(found).toBe(instead)
})
