// What feeds a module, by its name: the residual stream, the middle of an MLP, the heads of an attention, a low-rank
// bottleneck. Names only; families that give a name another meaning are left out here or told apart by their parents.
// Sources: modelling files of transformers 4-5, mlx-lm 0.32.2 and mlx-examples (Whisper, BERT, CLIP).

/** `hidden`: the residual stream. `middle`: what the same MLP's first half gives. `heads`: all heads of an attention. */
export type Role = 'hidden' | 'middle' | 'heads' | 'queryRank' | 'keyRank'

export interface Place {
  readonly role: Role
  /** Everything before the last part of the path; empty for a module at the top. */
  readonly parent: string
  /** `model.layers.3`; undefined outside of layers. */
  readonly layer: string | undefined
  readonly isExpert: boolean
}

const byName: Readonly<Record<string, Role>> = {
  ...all('hidden', 'q_proj k_proj v_proj qkv_proj qkv Wqkv query_key_value W_pack wq wk wv wqkv c_attn'),
  ...all(
    'hidden',
    'q_a_proj kv_a_proj_with_mqa in_proj in_proj_qkvz in_proj_ba in_proj_qkv in_proj_z in_proj_a in_proj_b',
  ),
  ...all('hidden', 'gate_proj up_proj gate_up_proj fc1 c_fc w1 w3 dense_h_to_4h mlp1'),
  ...all('hidden', 'lm_head embed_tokens tok_embeddings wte word_embeddings embedding'),
  ...all('heads', 'o_proj wo'),
  ...all('middle', 'down_proj fc2 w2 dense_4h_to_h mlp2'),
  q_b_proj: 'queryRank',
  kv_b_proj: 'keyRank',
}

/** Modules that two kinds of parents have under one name. */
const attentionParent = /(^|\.)(self_attn|attn|attention|self_attention|self)$/
const mlpParent =
  /(^|\.)(mlp|feed_forward|ffn|switch_mlp|switch_glu|experts(\.\d+)?|shared_experts?|shared_mlp|dense_mlp)$/

const ofParent: Readonly<Record<string, { readonly attention: Role | undefined; readonly mlp: Role | undefined }>> = {
  query: { attention: 'hidden', mlp: undefined },
  key: { attention: 'hidden', mlp: undefined },
  value: { attention: 'hidden', mlp: undefined },
  out_proj: { attention: 'heads', mlp: undefined },
  dense: { attention: 'heads', mlp: undefined },
  out: { attention: 'heads', mlp: undefined },
  proj: { attention: 'heads', mlp: undefined },
  c_proj: { attention: 'heads', mlp: 'middle' },
  gate: { attention: undefined, mlp: 'hidden' },
  router: { attention: undefined, mlp: 'hidden' },
}

const layerPattern = /^((?:.*\.)?(?:layers|blocks|h|layer|resblocks)\.\d+)\./

/** The place of a module in a network; undefined where its name says nothing. */
export function placeOf(module: string): Place | undefined {
  const dot = module.lastIndexOf('.')
  const name = module.slice(dot + 1)
  const parent = module.slice(0, Math.max(0, dot))
  // What a cross attention or a projector between two towers is fed with is not this tower's stream.
  if (/cross|encoder_attn|projector|merger|connector|laurel|per_layer|indexer|mtp\.fc/.test(parent)) return undefined
  const twofold = Object.hasOwn(ofParent, name) ? ofParent[name] : undefined
  const role = twofold
    ? attentionParent.test(parent)
      ? twofold.attention
      : mlpParent.test(parent)
        ? twofold.mlp
        : undefined
    : Object.hasOwn(byName, name)
      ? byName[name]
      : undefined
  if (!role) return undefined
  return {
    role,
    parent,
    layer: layerPattern.exec(module)?.[1],
    isExpert: /(^|\.)(switch_mlp|switch_glu|experts(\.\d+)?)$/.test(parent),
  }
}

/** Names of the first half of an MLP whose second half has the name given; rows of a fused one count half. */
export const firstHalves: Readonly<Record<string, readonly (readonly [name: string, share: number])[]>> = {
  down_proj: [
    ['up_proj', 1],
    ['gate_proj', 1],
    ['gate_up_proj', 2],
  ],
  fc2: [['fc1', 1]],
  w2: [
    ['w3', 1],
    ['w1', 1],
  ],
  c_proj: [['c_fc', 1]],
  dense_4h_to_h: [['dense_h_to_4h', 1]],
  mlp2: [['mlp1', 1]],
}

/** Norms in a layer whose length is the residual stream's width. */
export const layerNorms: readonly string[] = [
  ...'input_layernorm post_attention_layernorm attention_norm ffn_norm operator_norm pre_feedforward_layernorm'.split(
    ' ',
  ),
  ...'self_attn_layer_norm final_layer_norm layer_norm1 layer_norm2 attn_ln mlp_ln ln_1 ln_2 norm1 norm2 ln1 ln2'.split(
    ' ',
  ),
]

/** Modules in a layer, below it, whose rows are the residual stream's width. */
export const residualOutputs: readonly string[] = [
  ...'self_attn.o_proj mlp.down_proj attention.wo feed_forward.w2 self_attn.out_proj attn.out_proj mlp.fc2 fc2'.split(
    ' ',
  ),
  ...'mlp.switch_mlp.down_proj mlp.shared_expert.down_proj mlp.shared_experts.down_proj attn.proj mlp.c_proj'.split(
    ' ',
  ),
]

/** Modules in a layer, below it, that read the residual stream. */
export const residualInputs: readonly string[] = [
  ...'self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.qkv_proj mlp.gate_proj mlp.up_proj mlp.gate_up_proj'.split(
    ' ',
  ),
  ...'attention.wq attention.wk attention.wv feed_forward.w1 feed_forward.w3 mlp.gate mlp.router mlp.fc1'.split(' '),
  ...'mlp.switch_mlp.gate_proj mlp.switch_mlp.up_proj block_sparse_moe.gate linear_attn.in_proj_qkvz'.split(' '),
]

function all(role: Role, names: string): Record<string, Role> {
  return Object.fromEntries(names.split(' ').map(name => [name, role]))
}
