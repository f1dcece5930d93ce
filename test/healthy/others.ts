// Models that are no plain decoder: state spaces, hybrids, encoders, and those with a vision tower. Names and sizes of real
// ones, with a few layers.

import { decoder, hf, layers, linear, numbers, tensor } from './decoders'
import type { Stored } from './formats'
import type { Tensor } from './sparseShard'

export const phi2 = hf(
  {
    model_type: 'phi',
    hidden_size: 2560,
    intermediate_size: 10240,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    num_hidden_layers: 2,
    vocab_size: 51200,
    tie_word_embeddings: false,
  },
  [
    tensor('model.embed_tokens.weight', 51200, 2560),
    ...layers(2, i => [
      tensor(`model.layers.${i}.input_layernorm.weight`, 2560),
      tensor(`model.layers.${i}.input_layernorm.bias`, 2560),
      ...['q_proj', 'k_proj', 'v_proj', 'dense'].flatMap(n =>
        linear(`model.layers.${i}.self_attn.${n}`, 2560, 2560, true),
      ),
      ...linear(`model.layers.${i}.mlp.fc1`, 10240, 2560, true),
      ...linear(`model.layers.${i}.mlp.fc2`, 2560, 10240, true),
    ]),
    tensor('model.final_layernorm.weight', 2560),
    tensor('model.final_layernorm.bias', 2560),
    ...linear('lm_head', 51200, 2560, true),
  ],
)

/** GPT-2 stores its projections the other way round. */
export const gpt2 = hf(
  { model_type: 'gpt2', n_embd: 768, n_head: 12, n_layer: 2, n_positions: 1024, vocab_size: 50257 },
  [
    tensor('wte.weight', 50257, 768),
    tensor('wpe.weight', 1024, 768),
    ...layers(2, i => [
      ...[
        ['ln_1', 768],
        ['ln_2', 768],
        ['attn.c_attn', 2304, 768],
        ['attn.c_proj', 768, 768],
        ['mlp.c_fc', 3072, 768],
        ['mlp.c_proj', 768, 3072],
      ].flatMap(([name, out, inputs]) => [
        tensor(`h.${i}.${name}.weight`, ...[inputs, out].flatMap(n => (n === undefined ? [] : [Number(n)]))),
        tensor(`h.${i}.${name}.bias`, Number(out)),
      ]),
    ]),
    tensor('ln_f.weight', 768),
    tensor('ln_f.bias', 768),
  ],
)

/** Mamba; MLX holds its convolution with the channels first and the taps in the middle. */
export const mamba = (isMlx: boolean): Stored =>
  hf(
    {
      model_type: 'mamba',
      hidden_size: 768,
      intermediate_size: 1536,
      d_model: 768,
      d_inner: 1536,
      state_size: 16,
      conv_kernel: 4,
      time_step_rank: 48,
      num_hidden_layers: 2,
      vocab_size: 50280,
      use_bias: false,
      use_conv_bias: true,
      tie_word_embeddings: true,
    },
    [
      tensor('backbone.embeddings.weight', 50280, 768),
      ...layers(2, i => {
        const at = `backbone.layers.${i}`
        return [
          tensor(`${at}.norm.weight`, 768),
          ...linear(`${at}.mixer.in_proj`, 3072, 768),
          isMlx ? tensor(`${at}.mixer.conv1d.weight`, 1536, 4, 1) : tensor(`${at}.mixer.conv1d.weight`, 1536, 1, 4),
          tensor(`${at}.mixer.conv1d.bias`, 1536),
          ...linear(`${at}.mixer.x_proj`, 80, 1536),
          ...linear(`${at}.mixer.dt_proj`, 1536, 48, true),
          tensor(`${at}.mixer.A_log`, 1536, 16),
          tensor(`${at}.mixer.D`, 1536),
          ...linear(`${at}.mixer.out_proj`, 768, 1536),
        ]
      }),
      tensor('backbone.norm_f.weight', 768),
    ],
  )

export const jamba = hf(
  {
    model_type: 'jamba',
    hidden_size: 4096,
    intermediate_size: 14336,
    num_hidden_layers: 2,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    attn_layer_offset: 1,
    attn_layer_period: 2,
    expert_layer_offset: 1,
    expert_layer_period: 2,
    mamba_d_conv: 4,
    mamba_d_state: 16,
    mamba_expand: 2,
    num_experts: 16,
    num_experts_per_tok: 2,
    vocab_size: 65536,
    tie_word_embeddings: false,
  },
  [
    tensor('model.embed_tokens.weight', 65536, 4096),
    ...layers(2, i => {
      const at = `model.layers.${i}`
      return [
        tensor(`${at}.input_layernorm.weight`, 4096),
        tensor(`${at}.pre_ff_layernorm.weight`, 4096),
        ...(i === 0
          ? [
              ...linear(`${at}.mamba.in_proj`, 16384, 4096),
              tensor(`${at}.mamba.conv1d.weight`, 8192, 4, 1),
              tensor(`${at}.mamba.conv1d.bias`, 8192),
              tensor(`${at}.mamba.A_log`, 8192, 16),
              tensor(`${at}.mamba.D`, 8192),
              tensor(`${at}.mamba.dt_layernorm.weight`, 256),
              tensor(`${at}.mamba.b_layernorm.weight`, 16),
              tensor(`${at}.mamba.c_layernorm.weight`, 16),
              ...linear(`${at}.mamba.x_proj`, 288, 8192),
              ...linear(`${at}.mamba.dt_proj`, 8192, 256, true),
              ...linear(`${at}.mamba.out_proj`, 4096, 8192),
              ...linear(`${at}.feed_forward.gate_proj`, 14336, 4096),
              ...linear(`${at}.feed_forward.up_proj`, 14336, 4096),
              ...linear(`${at}.feed_forward.down_proj`, 4096, 14336),
            ]
          : [
              ...linear(`${at}.self_attn.q_proj`, 4096, 4096),
              ...linear(`${at}.self_attn.k_proj`, 1024, 4096),
              ...linear(`${at}.self_attn.v_proj`, 1024, 4096),
              ...linear(`${at}.self_attn.o_proj`, 4096, 4096),
              ...linear(`${at}.feed_forward.router`, 16, 4096),
              tensor(`${at}.feed_forward.switch_mlp.gate_proj.weight`, 16, 14336, 4096),
              tensor(`${at}.feed_forward.switch_mlp.up_proj.weight`, 16, 14336, 4096),
              tensor(`${at}.feed_forward.switch_mlp.down_proj.weight`, 16, 4096, 14336),
            ]),
      ]
    }),
    tensor('model.final_layernorm.weight', 4096),
    tensor('lm_head.weight', 65536, 4096),
  ],
)

export const lfm2 = (isMlx: boolean): Stored =>
  hf(
    {
      model_type: 'lfm2',
      hidden_size: 2048,
      block_dim: 2048,
      block_ff_dim: 12288,
      block_multiple_of: 256,
      block_ffn_dim_multiplier: 1,
      block_auto_adjust_ff_dim: true,
      num_hidden_layers: 3,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      full_attn_idxs: [2],
      conv_L_cache: 3,
      vocab_size: 65536,
    },
    [
      tensor('model.embed_tokens.weight', 65536, 2048),
      ...layers(3, i => {
        const at = `model.layers.${i}`
        return [
          tensor(`${at}.operator_norm.weight`, 2048),
          tensor(`${at}.ffn_norm.weight`, 2048),
          ...(i < 2
            ? [
                ...linear(`${at}.conv.in_proj`, 6144, 2048),
                isMlx ? tensor(`${at}.conv.conv.weight`, 2048, 3, 1) : tensor(`${at}.conv.conv.weight`, 2048, 1, 3),
                ...linear(`${at}.conv.out_proj`, 2048, 2048),
              ]
            : [
                ...linear(`${at}.self_attn.q_proj`, 2048, 2048),
                ...linear(`${at}.self_attn.k_proj`, 512, 2048),
                ...linear(`${at}.self_attn.v_proj`, 512, 2048),
                ...linear(`${at}.self_attn.out_proj`, 2048, 2048),
                tensor(`${at}.self_attn.q_layernorm.weight`, 64),
                tensor(`${at}.self_attn.k_layernorm.weight`, 64),
              ]),
          // Two thirds of what the config says, rounded up: the block adjusts it.
          ...linear(`${at}.feed_forward.w1`, 8192, 2048),
          ...linear(`${at}.feed_forward.w3`, 8192, 2048),
          ...linear(`${at}.feed_forward.w2`, 2048, 8192),
        ]
      }),
      tensor('model.embedding_norm.weight', 2048),
    ],
  )

/** Its heads are not as wide as hidden_size / heads (I-161); 112 by that, 128 in truth. */
export const nemotronH = hf(
  {
    model_type: 'nemotron_h',
    hidden_size: 4480,
    intermediate_size: 15680,
    num_hidden_layers: 3,
    hybrid_override_pattern: 'M-*',
    num_attention_heads: 40,
    num_key_value_heads: 8,
    head_dim: 128,
    mamba_num_heads: 128,
    mamba_head_dim: 80,
    ssm_state_size: 128,
    n_groups: 8,
    vocab_size: 131072,
    tie_word_embeddings: false,
  },
  [
    tensor('backbone.embeddings.weight', 131072, 4480),
    ...layers(3, i => [tensor(`backbone.layers.${i}.norm.weight`, 4480)]),
    ...linear('backbone.layers.0.mixer.in_proj', 22656, 4480),
    tensor('backbone.layers.0.mixer.conv1d.weight', 12288, 4, 1),
    tensor('backbone.layers.0.mixer.conv1d.bias', 12288),
    ...['A_log', 'D', 'dt_bias'].map(name => tensor(`backbone.layers.0.mixer.${name}`, 128)),
    tensor('backbone.layers.0.mixer.norm.weight', 10240),
    ...linear('backbone.layers.0.mixer.out_proj', 4480, 10240),
    ...linear('backbone.layers.1.mixer.up_proj', 15680, 4480),
    ...linear('backbone.layers.1.mixer.down_proj', 4480, 15680),
    ...linear('backbone.layers.2.mixer.q_proj', 5120, 4480),
    ...linear('backbone.layers.2.mixer.k_proj', 1024, 4480),
    ...linear('backbone.layers.2.mixer.v_proj', 1024, 4480),
    ...linear('backbone.layers.2.mixer.o_proj', 4480, 5120),
    tensor('backbone.norm_f.weight', 4480),
    tensor('lm_head.weight', 131072, 4480),
  ],
)

/** A norm with its shift. */
const norm = (at: string, size: number): Tensor[] => [tensor(`${at}.weight`, size), tensor(`${at}.bias`, size)]

const siglip = (at: string, hidden: number, middle: number): Tensor[] => [
  tensor(`${at}.embeddings.patch_embedding.weight`, hidden, 14, 14, 3),
  tensor(`${at}.embeddings.patch_embedding.bias`, hidden),
  tensor(`${at}.embeddings.position_embedding.weight`, 4096, hidden),
  ...layers(2, i => {
    const layer = `${at}.encoder.layers.${i}`
    return [
      ...norm(`${layer}.layer_norm1`, hidden),
      ...norm(`${layer}.layer_norm2`, hidden),
      ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap(n =>
        linear(`${layer}.self_attn.${n}`, hidden, hidden, true),
      ),
      ...linear(`${layer}.mlp.fc1`, middle, hidden, true),
      ...linear(`${layer}.mlp.fc2`, hidden, middle, true),
    ]
  }),
  ...norm(`${at}.post_layernorm`, hidden),
]
const siglipConfig = {
  model_type: 'siglip_vision_model',
  hidden_size: 1152,
  intermediate_size: 4304,
  num_attention_heads: 16,
  num_hidden_layers: 2,
  patch_size: 14,
}

/** Gemma 3 as mlx-vlm and transformers 4.50 name it; its text config leaves out what is the default. */
export const gemma3Vlm = hf(
  {
    model_type: 'gemma3',
    mm_tokens_per_image: 256,
    text_config: {
      model_type: 'gemma3_text',
      hidden_size: 2560,
      intermediate_size: 10240,
      num_hidden_layers: 2,
      sliding_window: 1024,
    },
    vision_config: siglipConfig,
  },
  [
    ...decoder(
      { hidden: 2560, middle: 10240, heads: 8, keyHeads: 4, headSize: 256, vocabulary: 262208 },
      {
        prefix: 'language_model.model.',
        head: false,
        headNorms: true,
        norms: [
          'input_layernorm',
          'post_attention_layernorm',
          'pre_feedforward_layernorm',
          'post_feedforward_layernorm',
        ],
      },
    ),
    ...siglip('vision_tower.vision_model', 1152, 4304),
    tensor('multi_modal_projector.mm_input_projection_weight', 1152, 2560),
    tensor('multi_modal_projector.mm_soft_emb_norm.weight', 1152),
  ],
)

/** Gemma 4 E4B: the last layers use the keys and values of earlier ones and store their own all the same (I-57). */
export const gemma4 = hf(
  {
    model_type: 'gemma4',
    text_config: {
      model_type: 'gemma4_text',
      hidden_size: 2560,
      intermediate_size: 10240,
      num_hidden_layers: 4,
      num_kv_shared_layers: 2,
      num_attention_heads: 8,
      num_key_value_heads: 2,
      head_dim: 256,
      global_head_dim: 512,
      hidden_size_per_layer_input: 256,
      use_double_wide_mlp: false,
      vocab_size: 262144,
      vocab_size_per_layer_input: 262144,
      layer_types: ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'],
      tie_word_embeddings: true,
    },
    tie_word_embeddings: true,
  },
  [
    tensor('language_model.model.embed_tokens.weight', 262144, 2560),
    tensor('language_model.model.embed_tokens_per_layer.weight', 262144, 1024),
    ...layers(4, i => {
      const at = `language_model.model.layers.${i}`
      const size = i % 2 === 0 ? 256 : 512
      return [
        ...[
          'input_layernorm',
          'post_attention_layernorm',
          'pre_feedforward_layernorm',
          'post_feedforward_layernorm',
          'post_per_layer_input_norm',
        ].map(name => tensor(`${at}.${name}.weight`, 2560)),
        tensor(`${at}.layer_scalar`, 1),
        ...linear(`${at}.self_attn.q_proj`, 8 * size, 2560),
        ...linear(`${at}.self_attn.k_proj`, 2 * size, 2560),
        ...linear(`${at}.self_attn.v_proj`, 2 * size, 2560),
        ...linear(`${at}.self_attn.o_proj`, 2560, 8 * size),
        tensor(`${at}.self_attn.q_norm.weight`, size),
        tensor(`${at}.self_attn.k_norm.weight`, size),
        ...linear(`${at}.mlp.gate_proj`, 10240, 2560),
        ...linear(`${at}.mlp.up_proj`, 10240, 2560),
        ...linear(`${at}.mlp.down_proj`, 2560, 10240),
        ...linear(`${at}.per_layer_input_gate`, 256, 2560),
        ...linear(`${at}.per_layer_projection`, 2560, 256),
      ]
    }),
    tensor('language_model.model.norm.weight', 2560),
    ...linear('language_model.model.per_layer_model_projection', 1024, 2560),
    tensor('language_model.model.per_layer_projection_norm.weight', 256),
  ],
)

/** Qwen2.5-VL-3B: text sizes at the top level, a vision tower of another width. */
export const qwen25Vl = (isMlx: boolean): Stored => {
  const sizes = { hidden: 2048, middle: 11008, heads: 16, keyHeads: 2, vocabulary: 151936 }
  const vision = isMlx ? 'vision_tower' : 'visual'
  const rename = (t: Tensor): Tensor => (isMlx ? { ...t, name: `language_model.${t.name}` } : t)
  return hf(
    {
      model_type: 'qwen2_5_vl',
      ...numbers(sizes),
      tie_word_embeddings: true,
      vision_config: { hidden_size: 1280, intermediate_size: 3420, num_heads: 16, out_hidden_size: 2048, depth: 2 },
    },
    [
      ...decoder(sizes, { head: false, bias: true }).map(rename),
      isMlx
        ? tensor(`${vision}.patch_embed.proj.weight`, 1280, 2, 14, 14, 3)
        : tensor(`${vision}.patch_embed.proj.weight`, 1280, 3, 2, 14, 14),
      ...layers(2, i => [
        tensor(`${vision}.blocks.${i}.norm1.weight`, 1280),
        tensor(`${vision}.blocks.${i}.norm2.weight`, 1280),
        ...linear(`${vision}.blocks.${i}.attn.qkv`, 3840, 1280, true),
        ...linear(`${vision}.blocks.${i}.attn.proj`, 1280, 1280, true),
        ...linear(`${vision}.blocks.${i}.mlp.gate_proj`, 3420, 1280, true),
        ...linear(`${vision}.blocks.${i}.mlp.up_proj`, 3420, 1280, true),
        ...linear(`${vision}.blocks.${i}.mlp.down_proj`, 1280, 3420, true),
      ]),
      tensor(`${vision}.merger.ln_q.weight`, 1280),
      ...linear(`${vision}.merger.mlp.0`, 5120, 5120, true),
      ...linear(`${vision}.merger.mlp.2`, 2048, 5120, true),
    ],
  )
}

/** LLaVA 1.5, whose text config holds next to nothing. */
export const llava = hf(
  {
    model_type: 'llava',
    text_config: {
      _name_or_path: 'lmsys/vicuna-7b-v1.5',
      model_type: 'llama',
      max_position_embeddings: 4096,
      vocab_size: 32064,
    },
    vision_config: {
      model_type: 'clip_vision_model',
      hidden_size: 1024,
      intermediate_size: 4096,
      num_hidden_layers: 2,
    },
    tie_word_embeddings: false,
    vocab_size: 32064,
  },
  [
    ...decoder({ hidden: 4096, middle: 11008, heads: 32, keyHeads: 32, vocabulary: 32064 }).map(t => ({
      ...t,
      name: `language_model.${t.name}`,
    })),
    ...siglip('vision_tower.vision_model', 1024, 4096),
    ...linear('multi_modal_projector.linear_1', 4096, 1024, true),
    ...linear('multi_modal_projector.linear_2', 4096, 4096, true),
  ],
)

export const bert = hf(
  {
    model_type: 'bert',
    architectures: ['BertModel'],
    hidden_size: 768,
    intermediate_size: 3072,
    num_attention_heads: 12,
    num_hidden_layers: 2,
    vocab_size: 30522,
  },
  [
    tensor('embeddings.word_embeddings.weight', 30522, 768),
    tensor('embeddings.position_embeddings.weight', 512, 768),
    tensor('embeddings.token_type_embeddings.weight', 2, 768),
    tensor('embeddings.LayerNorm.weight', 768),
    ...layers(2, i => {
      const at = `encoder.layer.${i}`
      return [
        ...['query', 'key', 'value'].flatMap(n => linear(`${at}.attention.self.${n}`, 768, 768, true)),
        ...linear(`${at}.attention.output.dense`, 768, 768, true),
        tensor(`${at}.attention.output.LayerNorm.weight`, 768),
        ...linear(`${at}.intermediate.dense`, 3072, 768, true),
        ...linear(`${at}.output.dense`, 768, 3072, true),
        tensor(`${at}.output.LayerNorm.weight`, 768),
      ]
    }),
    ...linear('pooler.dense', 768, 768, true),
  ],
)

export const clip = hf(
  {
    model_type: 'clip',
    projection_dim: 768,
    text_config: {
      model_type: 'clip_text_model',
      hidden_size: 768,
      intermediate_size: 3072,
      num_attention_heads: 12,
      num_hidden_layers: 2,
    },
    vision_config: {
      model_type: 'clip_vision_model',
      hidden_size: 1024,
      intermediate_size: 4096,
      num_attention_heads: 16,
      num_hidden_layers: 2,
    },
  },
  [
    tensor('text_model.embeddings.token_embedding.weight', 49408, 768),
    tensor('text_model.embeddings.position_embedding.weight', 77, 768),
    ...[
      ['text_model', 768, 3072],
      ['vision_model', 1024, 4096],
    ].flatMap(([name, hidden, middle]) =>
      siglip(String(name), Number(hidden), Number(middle)).filter(t => !/embeddings|^text_model\.post/.test(t.name)),
    ),
    ...norm('text_model.final_layer_norm', 768),
    tensor('vision_model.embeddings.class_embedding', 1024),
    tensor('vision_model.embeddings.patch_embedding.weight', 1024, 3, 14, 14),
    tensor('vision_model.embeddings.position_embedding.weight', 257, 1024),
    ...norm('vision_model.pre_layrnorm', 1024),
    tensor('text_projection.weight', 768, 768),
    tensor('visual_projection.weight', 768, 1024),
    { ...tensor('logit_scale'), dtype: 'F32' as const },
  ],
)

/** Whisper large-v3 by its names in MLX's example; its config has names of its own. */
export const whisperMlx: Stored = {
  format: 'mlx',
  config: {
    model_type: 'whisper',
    n_mels: 128,
    n_audio_ctx: 1500,
    n_audio_state: 1280,
    n_audio_head: 20,
    n_audio_layer: 1,
    n_vocab: 51866,
    n_text_ctx: 448,
    n_text_state: 1280,
    n_text_head: 20,
    n_text_layer: 1,
  },
  tensors: [
    tensor('encoder.conv1.weight', 1280, 3, 128),
    tensor('encoder.conv2.weight', 1280, 3, 1280),
    tensor('decoder.token_embedding.weight', 51866, 1280),
    tensor('decoder.positional_embedding', 448, 1280),
    ...['encoder', 'decoder'].flatMap(side => {
      const at = `${side}.blocks.0`
      return [
        ...['attn', ...(side === 'decoder' ? ['cross_attn'] : [])].flatMap(name => [
          ...['query', 'key', 'value', 'out'].flatMap(n => linear(`${at}.${name}.${n}`, 1280, 1280, n !== 'key')),
          tensor(`${at}.${name}_ln.weight`, 1280),
        ]),
        ...linear(`${at}.mlp1`, 5120, 1280, true),
        ...linear(`${at}.mlp2`, 1280, 5120, true),
        tensor(`${at}.mlp_ln.weight`, 1280),
      ]
    }),
  ],
}

export const whisper = hf(
  {
    model_type: 'whisper',
    d_model: 1280,
    encoder_layers: 1,
    decoder_layers: 1,
    encoder_attention_heads: 20,
    decoder_attention_heads: 20,
    encoder_ffn_dim: 5120,
    decoder_ffn_dim: 5120,
    num_hidden_layers: 1,
    num_mel_bins: 128,
    vocab_size: 51866,
  },
  [
    tensor('model.encoder.conv1.weight', 1280, 128, 3),
    tensor('model.decoder.embed_tokens.weight', 51866, 1280),
    ...['encoder', 'decoder'].flatMap(side => {
      const at = `model.${side}.layers.0`
      return [
        ...['self_attn', ...(side === 'decoder' ? ['encoder_attn'] : [])].flatMap(name => [
          ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap(n =>
            linear(`${at}.${name}.${n}`, 1280, 1280, n !== 'k_proj'),
          ),
          tensor(`${at}.${name}_layer_norm.weight`, 1280),
        ]),
        ...linear(`${at}.fc1`, 5120, 1280, true),
        ...linear(`${at}.fc2`, 1280, 5120, true),
        tensor(`${at}.final_layer_norm.weight`, 1280),
      ]
    }),
  ],
)
