// Language models as transformers writes them: names and sizes of real ones, with two to four layers. Sizes are those of the
// published config.json files.

import type { Stored } from './formats'
import type { Tensor } from './sparseShard'

type Config = Readonly<Record<string, unknown>>

/** A floating-point tensor of that name. */
export const tensor = (name: string, ...shape: readonly number[]): Tensor => ({ name, dtype: 'BF16', shape })
/** A layer's weight, and its bias where it has one. */
export const linear = (path: string, out: number, inputs: number, bias = false): Tensor[] => [
  tensor(`${path}.weight`, out, inputs),
  ...(bias ? [tensor(`${path}.bias`, out)] : []),
]
export const layers = (count: number, of: (layer: number) => readonly Tensor[]): Tensor[] =>
  Array.from({ length: count }, (_, layer) => of(layer)).flat()
export const hf = (config: Config, tensors: readonly Tensor[]): Stored => ({
  config: { transformers_version: '4.57.1', torch_dtype: 'bfloat16', ...config },
  tensors,
  format: 'pt',
})

export interface Sizes {
  readonly hidden: number
  readonly middle: number
  readonly heads: number
  readonly keyHeads: number
  readonly headSize?: number
  readonly vocabulary: number
}

export interface Style {
  readonly prefix?: string
  readonly head?: boolean
  readonly bias?: boolean
  /** Whether the output projection has a bias, and every norm one. */
  readonly outputBias?: boolean
  readonly normBias?: boolean
  /** Further tensors of an attention. */
  readonly more?: (path: string) => readonly Tensor[]
  readonly headNorms?: boolean
  readonly norms?: readonly string[]
  readonly mlp?: (path: string, hidden: number, middle: number, layer: number) => readonly Tensor[]
  /** Rows of the queries for each of the heads' elements: 2 where a gate is in them. */
  readonly queries?: number
  /** Tensors instead of the usual attention, for some layers. */
  readonly mixer?: (path: string, layer: number) => readonly Tensor[] | undefined
  readonly count?: number
}

const gatedMlp = (path: string, hidden: number, middle: number): Tensor[] => [
  ...linear(`${path}.gate_proj`, middle, hidden),
  ...linear(`${path}.up_proj`, middle, hidden),
  ...linear(`${path}.down_proj`, hidden, middle),
]

/** The tensors of a decoder in Llama's manner, and what its relatives change. */
export function decoder(sizes: Sizes, style: Style = {}): Tensor[] {
  const { hidden, middle, heads, keyHeads, vocabulary } = sizes
  const { prefix = 'model.', count = 2, bias = false, queries = 1 } = style
  const size = sizes.headSize ?? hidden / heads
  const norm = (path: string) => [
    tensor(`${path}.weight`, hidden),
    ...(style.normBias ? [tensor(`${path}.bias`, hidden)] : []),
  ]
  const norms = style.norms ?? ['input_layernorm', 'post_attention_layernorm']
  return [
    tensor(`${prefix}embed_tokens.weight`, vocabulary, hidden),
    ...layers(count, layer => {
      const at = `${prefix}layers.${layer}`
      const attention = [
        ...linear(`${at}.self_attn.q_proj`, queries * heads * size, hidden, bias),
        ...linear(`${at}.self_attn.k_proj`, keyHeads * size, hidden, bias),
        ...linear(`${at}.self_attn.v_proj`, keyHeads * size, hidden, bias),
        ...linear(`${at}.self_attn.o_proj`, hidden, heads * size, style.outputBias),
        ...(style.more?.(`${at}.self_attn`) ?? []),
        ...(style.headNorms ? ['q_norm', 'k_norm'].map(name => tensor(`${at}.self_attn.${name}.weight`, size)) : []),
      ]
      return [
        ...norms.flatMap(name => norm(`${at}.${name}`)),
        ...(style.mixer?.(at, layer) ?? attention),
        ...(style.mlp ?? gatedMlp)(`${at}.mlp`, hidden, middle, layer),
      ]
    }),
    ...norm(`${prefix}norm`),
    ...(style.head === false ? [] : [tensor('lm_head.weight', vocabulary, hidden)]),
  ]
}

/** The numbers of a config as transformers names them. */
export const numbers = ({ hidden, middle, heads, keyHeads, headSize, vocabulary }: Sizes, count = 2): Config => ({
  hidden_size: hidden,
  intermediate_size: middle,
  num_attention_heads: heads,
  num_key_value_heads: keyHeads,
  ...(headSize === undefined ? {} : { head_dim: headSize }),
  vocab_size: vocabulary,
  num_hidden_layers: count,
})

const plain = (model_type: string, sizes: Sizes, config: Config, style: Style = {}): Stored =>
  hf({ model_type, ...numbers(sizes, style.count), ...config }, decoder(sizes, style))

const fourNorms = [
  'input_layernorm',
  'post_attention_layernorm',
  'pre_feedforward_layernorm',
  'post_feedforward_layernorm',
]

export const llama32 = plain(
  'llama',
  { hidden: 2048, middle: 8192, heads: 32, keyHeads: 8, headSize: 64, vocabulary: 128256 },
  { architectures: ['LlamaForCausalLM'], tie_word_embeddings: true },
  { head: false },
)
const llama31Sizes = { hidden: 4096, middle: 14336, heads: 32, keyHeads: 8, vocabulary: 128256 }
export const llama31 = plain('llama', llama31Sizes, { tie_word_embeddings: false })
export const llama33 = plain(
  'llama',
  { hidden: 8192, middle: 28672, heads: 64, keyHeads: 8, headSize: 128, vocabulary: 128256 },
  { tie_word_embeddings: false },
)
export const qwen25Small = plain(
  'qwen2',
  { hidden: 896, middle: 4864, heads: 14, keyHeads: 2, vocabulary: 151936 },
  { tie_word_embeddings: true },
  { head: false, bias: true },
)
export const qwen25 = plain(
  'qwen2',
  { hidden: 3584, middle: 18944, heads: 28, keyHeads: 4, vocabulary: 152064 },
  { tie_word_embeddings: false },
  { bias: true },
)
export const qwen3 = plain(
  'qwen3',
  { hidden: 1024, middle: 3072, heads: 16, keyHeads: 8, headSize: 128, vocabulary: 151936 },
  { tie_word_embeddings: true },
  // The published 0.6B stores a head although its embeddings are tied.
  { headNorms: true },
)
export const gemma2 = plain(
  'gemma2',
  { hidden: 2304, middle: 9216, heads: 8, keyHeads: 4, headSize: 256, vocabulary: 256000 },
  {},
  { head: false, norms: fourNorms },
)
export const gemma3 = plain(
  'gemma3_text',
  { hidden: 1152, middle: 6912, heads: 4, keyHeads: 1, headSize: 256, vocabulary: 262144 },
  {},
  { head: false, norms: fourNorms, headNorms: true },
)
export const mistral = plain(
  'mistral',
  { hidden: 4096, middle: 14336, heads: 32, keyHeads: 8, headSize: 128, vocabulary: 32768 },
  { tie_word_embeddings: false },
)
/** Its heads together are narrower than the residual stream. */
export const nemo = plain(
  'mistral',
  { hidden: 5120, middle: 14336, heads: 32, keyHeads: 8, headSize: 128, vocabulary: 131072 },
  { tie_word_embeddings: false },
)
export const granite = plain(
  'granite',
  { hidden: 4096, middle: 12800, heads: 32, keyHeads: 8, vocabulary: 49159 },
  { tie_word_embeddings: true },
  { head: false },
)
export const commandR = plain(
  'cohere',
  { hidden: 8192, middle: 22528, heads: 64, keyHeads: 64, vocabulary: 256000 },
  {},
  { head: false, norms: ['input_layernorm'] },
)
export const olmo2 = plain(
  'olmo2',
  { hidden: 4096, middle: 11008, heads: 32, keyHeads: 32, vocabulary: 100352 },
  { tie_word_embeddings: false },
  {
    norms: ['post_attention_layernorm', 'post_feedforward_layernorm'],
    // Its norms are over all heads at once.
    more: path => [tensor(`${path}.q_norm.weight`, 4096), tensor(`${path}.k_norm.weight`, 4096)],
  },
)
export const glm4 = plain(
  'glm4',
  { hidden: 4096, middle: 13696, heads: 32, keyHeads: 2, headSize: 128, vocabulary: 151552 },
  { tie_word_embeddings: false, partial_rotary_factor: 0.5, attention_bias: true },
  {
    bias: true,
    norms: ['input_layernorm', 'post_attention_layernorm', 'post_self_attn_layernorm', 'post_mlp_layernorm'],
    mlp: (path, hidden, middle) => [
      ...linear(`${path}.gate_up_proj`, 2 * middle, hidden),
      ...linear(`${path}.down_proj`, hidden, middle),
    ],
  },
)
export const phi4Mini = plain(
  'phi3',
  { hidden: 3072, middle: 8192, heads: 24, keyHeads: 8, vocabulary: 200064 },
  { tie_word_embeddings: true, partial_rotary_factor: 0.75 },
  {
    head: false,
    mixer: at => [...linear(`${at}.self_attn.qkv_proj`, 5120, 3072), ...linear(`${at}.self_attn.o_proj`, 3072, 3072)],
    mlp: (path, hidden, middle) => [
      ...linear(`${path}.gate_up_proj`, 2 * middle, hidden),
      ...linear(`${path}.down_proj`, hidden, middle),
    ],
  },
)
export const starcoder2 = plain(
  'starcoder2',
  { hidden: 3072, middle: 12288, heads: 24, keyHeads: 2, vocabulary: 49152 },
  { tie_word_embeddings: true },
  {
    head: false,
    bias: true,
    outputBias: true,
    normBias: true,
    mlp: (path, hidden, middle) => [
      ...linear(`${path}.c_fc`, middle, hidden, true),
      ...linear(`${path}.c_proj`, hidden, middle, true),
    ],
  },
)

const stacked = (path: string, experts: number, out: number, inputs: number) => [
  tensor(`${path}.gate_proj.weight`, experts, out, inputs),
  tensor(`${path}.up_proj.weight`, experts, out, inputs),
  tensor(`${path}.down_proj.weight`, experts, inputs, out),
]
/** Experts one by one, as transformers 4 stores them. */
const single = (
  path: string,
  experts: number,
  middle: number,
  hidden: number,
  names: readonly [string, string, string],
) =>
  layers(experts, e => [
    ...linear(`${path}.${e}.${names[0]}`, middle, hidden),
    ...linear(`${path}.${e}.${names[1]}`, middle, hidden),
    ...linear(`${path}.${e}.${names[2]}`, hidden, middle),
  ])
const usualNames = ['gate_proj', 'up_proj', 'down_proj'] as const

const qwen3MoeSizes = { hidden: 2048, middle: 6144, heads: 32, keyHeads: 4, headSize: 128, vocabulary: 151936 }
const qwen3MoeConfig = {
  num_experts: 128,
  num_experts_per_tok: 8,
  moe_intermediate_size: 768,
  decoder_sparse_step: 1,
  mlp_only_layers: [],
  norm_topk_prob: true,
  tie_word_embeddings: false,
}
const qwen3MoeOf = (isStacked: boolean): Stored =>
  plain('qwen3_moe', qwen3MoeSizes, qwen3MoeConfig, {
    headNorms: true,
    mlp: (path, hidden) => [
      ...linear(`${path}.gate`, 128, hidden),
      ...(isStacked
        ? stacked(`${path}.switch_mlp`, 128, 768, hidden)
        : single(`${path}.experts`, 128, 768, hidden, usualNames)),
    ],
  })
export const qwen3Moe = qwen3MoeOf(false)
/** The names that mlx-lm gives it. */
export const qwen3MoeStacked = qwen3MoeOf(true)

const mixtralOf = (isStacked: boolean): Stored =>
  hf(
    {
      model_type: 'mixtral',
      ...numbers({ hidden: 4096, middle: 14336, heads: 32, keyHeads: 8, vocabulary: 32000 }),
      num_local_experts: 8,
      num_experts_per_tok: 2,
      tie_word_embeddings: false,
    },
    decoder(
      { hidden: 4096, middle: 14336, heads: 32, keyHeads: 8, vocabulary: 32000 },
      {
        mlp: (path, hidden, middle) => {
          const at = path.replace(/mlp$/, 'block_sparse_moe')
          return [
            ...linear(`${at}.gate`, 8, hidden),
            ...(isStacked
              ? stacked(`${at}.switch_mlp`, 8, middle, hidden)
              : single(`${at}.experts`, 8, middle, hidden, ['w1', 'w3', 'w2'])),
          ]
        },
      },
    ),
  )
export const mixtral = mixtralOf(false)
export const mixtralStacked = mixtralOf(true)

/** DeepSeek-V3: one dense layer, one with experts, and in `withNext` the layer that predicts a second token. */
export function deepseek(withNext: boolean): Stored {
  const hidden = 7168
  const attention = (at: string) => [
    ...linear(`${at}.self_attn.q_a_proj`, 1536, hidden),
    tensor(`${at}.self_attn.q_a_layernorm.weight`, 1536),
    ...linear(`${at}.self_attn.q_b_proj`, 128 * 192, 1536),
    ...linear(`${at}.self_attn.kv_a_proj_with_mqa`, 576, hidden),
    tensor(`${at}.self_attn.kv_a_layernorm.weight`, 512),
    ...(withNext
      ? linear(`${at}.self_attn.kv_b_proj`, 128 * 256, 512)
      : [
          tensor(`${at}.self_attn.embed_q.weight`, 128, 512, 128),
          tensor(`${at}.self_attn.unembed_out.weight`, 128, 128, 512),
        ]),
    ...linear(`${at}.self_attn.o_proj`, hidden, 128 * 128),
  ]
  const experts = (path: string) => [
    ...linear(`${path}.gate`, 256, hidden),
    { ...tensor(`${path}.gate.e_score_correction_bias`, 256), dtype: 'F32' as const },
    ...(withNext
      ? single(`${path}.experts`, 256, 2048, hidden, usualNames)
      : stacked(`${path}.switch_mlp`, 256, 2048, hidden)),
    ...single(path, 1, 2048, hidden, usualNames).map(t => ({ ...t, name: t.name.replace('.0.', '.shared_experts.') })),
  ]
  const sizes = { hidden, middle: 18432, heads: 128, keyHeads: 128, vocabulary: 129280 }
  const style: Style = {
    mixer: attention,
    mlp: (path, _, middle, layer) => (layer === 0 ? gatedMlp(path, hidden, middle) : experts(path)),
  }
  const next = 'model.layers.2'
  return hf(
    {
      model_type: 'deepseek_v3',
      ...numbers(sizes),
      moe_intermediate_size: 2048,
      n_routed_experts: 256,
      n_shared_experts: 1,
      first_k_dense_replace: 1,
      num_nextn_predict_layers: 1,
      q_lora_rank: 1536,
      kv_lora_rank: 512,
      qk_nope_head_dim: 128,
      qk_rope_head_dim: 64,
      v_head_dim: 128,
      tie_word_embeddings: false,
    },
    [
      ...decoder(sizes, style),
      ...(withNext
        ? [
            tensor(`${next}.embed_tokens.weight`, sizes.vocabulary, hidden),
            ...['enorm', 'hnorm', 'input_layernorm', 'post_attention_layernorm', 'shared_head.norm'].map(name =>
              tensor(`${next}.${name}.weight`, hidden),
            ),
            ...linear(`${next}.eh_proj`, hidden, 2 * hidden),
            ...attention(next),
            ...experts(`${next}.mlp`),
            tensor(`${next}.shared_head.head.weight`, sizes.vocabulary, hidden),
          ]
        : []),
    ],
  )
}

/** gpt-oss; `isMlx`: with experts as mlx-lm holds them, else packed as OpenAI publishes them. */
export function gptOss(isMlx: boolean): Stored {
  const sizes = { hidden: 2880, middle: 2880, heads: 64, keyHeads: 8, headSize: 64, vocabulary: 201088 }
  const packedExperts = (path: string, name: string, rows: number): Tensor[] => [
    { name: `${path}.experts.${name}_blocks`, dtype: 'U8', shape: [32, rows, 90, 16] },
    { name: `${path}.experts.${name}_scales`, dtype: 'U8', shape: [32, rows, 90] },
    tensor(`${path}.experts.${name}_bias`, 32, rows),
  ]
  return hf(
    {
      model_type: 'gpt_oss',
      ...numbers(sizes),
      num_local_experts: 32,
      num_experts_per_tok: 4,
      attention_bias: true,
      tie_word_embeddings: false,
      ...(isMlx
        ? {}
        : {
            quantization_config: {
              modules_to_not_convert: ['model.layers.*.self_attn', 'model.layers.*.mlp.router', 'lm_head'],
              quant_method: 'mxfp4',
            },
          }),
    },
    decoder(sizes, {
      bias: true,
      outputBias: true,
      more: path => [tensor(`${path}.sinks`, 64)],
      mlp: path => [
        ...linear(`${path}.router`, 32, 2880, true),
        ...(isMlx
          ? [
              ...stacked(`${path}.experts`, 32, 2880, 2880),
              ...['gate_proj', 'up_proj', 'down_proj'].map(name => tensor(`${path}.experts.${name}.bias`, 32, 2880)),
            ]
          : [...packedExperts(path, 'gate_up_proj', 5760), ...packedExperts(path, 'down_proj', 2880)]),
      ],
    }),
  )
}

/** Qwen3-Next: linear attention in three of four layers, gated attention in the fourth. */
export function qwen3Next(isMlx: boolean): Stored {
  const sizes = { hidden: 2048, middle: 5120, heads: 16, keyHeads: 2, headSize: 256, vocabulary: 151936 }
  return hf(
    {
      model_type: 'qwen3_next',
      ...numbers(sizes, 4),
      linear_num_value_heads: 32,
      linear_num_key_heads: 16,
      linear_key_head_dim: 128,
      linear_value_head_dim: 128,
      linear_conv_kernel_dim: 4,
      full_attention_interval: 4,
      num_experts: 512,
      num_experts_per_tok: 10,
      moe_intermediate_size: 512,
      shared_expert_intermediate_size: 512,
      decoder_sparse_step: 1,
      mlp_only_layers: [],
      tie_word_embeddings: false,
    },
    [
      ...decoder(sizes, {
        count: 4,
        queries: 2,
        headNorms: true,
        mixer: (at, layer) =>
          layer % 4 === 3
            ? undefined
            : [
                ...linear(`${at}.linear_attn.in_proj_qkvz`, 12288, 2048),
                ...linear(`${at}.linear_attn.in_proj_ba`, 64, 2048),
                isMlx
                  ? tensor(`${at}.linear_attn.conv1d.weight`, 8192, 4, 1)
                  : tensor(`${at}.linear_attn.conv1d.weight`, 8192, 1, 4),
                tensor(`${at}.linear_attn.norm.weight`, 128),
                tensor(`${at}.linear_attn.A_log`, 32),
                tensor(`${at}.linear_attn.dt_bias`, 32),
                ...linear(`${at}.linear_attn.out_proj`, 2048, 4096),
              ],
        mlp: (path, hidden) => [
          ...linear(`${path}.gate`, 512, hidden),
          ...linear(`${path}.shared_expert_gate`, 1, hidden),
          ...linear(`${path}.shared_expert.gate_proj`, 512, hidden),
          ...linear(`${path}.shared_expert.up_proj`, 512, hidden),
          ...linear(`${path}.shared_expert.down_proj`, hidden, 512),
          ...(isMlx
            ? stacked(`${path}.switch_mlp`, 512, 512, hidden)
            : single(`${path}.experts`, 512, 512, hidden, usualNames)),
        ],
      }),
      ...(isMlx
        ? []
        : [tensor('mtp.fc.weight', 2048, 4096), tensor('mtp.layers.0.self_attn.q_proj.weight', 8192, 2048)]),
    ],
  )
}
