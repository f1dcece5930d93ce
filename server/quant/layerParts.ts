// The modules that every layer of a model has, whatever its config says: by the type of the model, under the names that both
// transformers and mlx-lm 0.32.2 give them. Left out is what a flag adds, what some layers have in another form (experts), and
// what mlx-lm renames while it loads.

const norms = 'input_layernorm post_attention_layernorm'
const sandwich = `${norms} pre_feedforward_layernorm post_feedforward_layernorm`
const attention = 'self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj'
const headNorms = 'self_attn.q_norm self_attn.k_norm'
const latent = 'self_attn.kv_a_proj_with_mqa self_attn.kv_a_layernorm self_attn.o_proj'
const mlp = 'mlp.gate_proj mlp.up_proj mlp.down_proj'
const fusedMlp = 'mlp.gate_up_proj mlp.down_proj'
const plainMlp = 'mlp.up_proj mlp.down_proj'

const dense = `${norms} ${attention} ${mlp}`
const sparse = `${norms} ${attention}`
const normsBehind = `post_attention_layernorm post_feedforward_layernorm ${attention} ${headNorms} ${mlp}`

const parts: Readonly<Record<string, string>> = {
  ...of(dense, 'llama mistral ministral3 qwen2 granite smollm3 seed_oss gemma ernie4_5 helium internlm3 mimo minicpm'),
  ...of(dense, 'iquestloopcoder nanbeige telechat3 stablelm hunyuan_v1_dense'),
  qwen3: `${dense} ${headNorms}`,
  ...of(normsBehind, 'olmo2 olmo3 exaone4'),
  gemma2: `${sandwich} ${attention} ${mlp}`,
  gemma3_text: `${sandwich} ${attention} ${headNorms} ${mlp}`,
  ...of(`input_layernorm ${attention} ${mlp}`, 'cohere cohere2'),
  nemotron: `${norms} ${attention} ${plainMlp}`,
  apertus: `attention_layernorm feedforward_layernorm ${attention} ${plainMlp}`,
  starcoder2: `${norms} ${attention} mlp.c_fc mlp.c_proj`,
  glm: `${norms} ${attention} ${fusedMlp}`,
  glm4: `${norms} post_self_attn_layernorm post_mlp_layernorm ${attention} ${fusedMlp}`,
  phi3: `${norms} self_attn.qkv_proj self_attn.o_proj ${fusedMlp}`,
  ...of(sparse, 'mixtral phimoe qwen2_moe gpt_oss dots1 glm4_moe solar_open deepseek granitemoe minimax ernie4_5_moe'),
  ...of(sparse, 'llama4_text laguna mimo_v2_flash'),
  ...of(`${sparse} ${headNorms}`, 'qwen3_moe olmoe mellum exaone_moe step3p5 Klear'),
  afmoe: `${sparse} pre_mlp_layernorm post_mlp_layernorm ${headNorms}`,
  muse_glimmer: `${sandwich} ${attention} ${mlp}`,
  gear: `${sandwich} ${mlp}`,
  hunyuan: `${norms} self_attn.o_proj`,
  // The last layers take keys and values from another.
  gemma4_text: `${sandwich} self_attn.q_proj self_attn.o_proj self_attn.q_norm ${mlp}`,
  ...of(`${norms} ${latent}`, 'deepseek_v2 deepseek_v3 deepseek_v32 glm4_moe_lite glm_moe_dsa mistral4'),
  ...of(`${norms} ${latent} ${mlp}`, 'minicpm3 youtu_llm'),
  ...of(norms, 'qwen3_next qwen3_5_moe_text granitemoehybrid'),
  qwen3_5_text: `${norms} ${mlp}`,
}

/** The types that are known here. */
export const knownTypes: readonly string[] = Object.keys(parts)

/** Paths below a layer; undefined where the type is not known. */
export function layerParts(type: string): readonly string[] | undefined {
  return Object.hasOwn(parts, type) ? parts[type]?.split(' ') : undefined
}

function of(text: string, types: string): Record<string, string> {
  return Object.fromEntries(types.split(' ').map(type => [type, text]))
}
