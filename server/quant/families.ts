// Model families whose numbers in config.json fix the shapes of their tensors, each with what is its own: how many rows the
// queries have, where the size of a head comes from, which MLP modules follow which number, what happens to a head beside
// tied embeddings. Only families that were read in mlx-lm 0.32.2 and transformers stand here; any other is left alone.

import type { JSONPath } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import { modelTypes } from './mlxLm'
import { sectionOf } from './sizes'

export interface Family {
  /** `gated`: the query projection holds a gate as well. `fused`: qkv_proj. `mla`: low-rank. `none`: not judged. */
  readonly attention: 'plain' | 'gated' | 'fused' | 'mla' | 'none'
  /**
   * Size of a head where head_dim is absent: hidden_size / heads, a number, or not known. `ignored`: always hidden_size /
   * heads, so that a head_dim that says otherwise leaves the family unjudged.
   */
  readonly headSize: 'derived' | 'ignored' | 'stated' | number
  /** Whether `mlp.{gate,up,gate_up}_proj`, `c_fc` follow intermediate_size. */
  readonly mlp: boolean
  readonly experts?: {
    /** Names of the number of routed experts. */
    readonly count: readonly string[]
    /** Names of an expert's intermediate size. */
    readonly size: readonly string[]
    /** Path of the experts and of the router, below the layer. */
    readonly at: string
    readonly router: string
  }
  /** False where a pattern of block types, not num_hidden_layers, says how many layers there are. */
  readonly countsLayers?: boolean
  /** Whether mlx-lm leaves layers beyond num_hidden_layers out, without a word. */
  readonly dropsLayers?: boolean
  /** What mlx-lm does with a stored lm_head.weight where embeddings are tied; undefined: not known. */
  readonly tiedHead?: 'drops' | 'refuses' | 'uses'
}

const dense: Family = { attention: 'plain', headSize: 'derived', mlp: true, tiedHead: 'drops' }
const moe = (count: string, size = 'moe_intermediate_size', at = 'mlp', router = 'mlp.gate') => ({
  count: [count],
  size: [size],
  at,
  router,
})
const sparse = moe('num_local_experts', 'intermediate_size', 'block_sparse_moe', 'block_sparse_moe.gate')

/** Layers by number, and a stream as wide as hidden_size; all else is left alone. */
const bare: Family = { attention: 'none', headSize: 'stated', mlp: false }
const untold = { ...dense, tiedHead: undefined }
const latent: Family = { ...untold, attention: 'mla' }

const families: Readonly<Record<string, Family>> = {
  llama: dense,
  mistral: dense,
  ministral3: dense,
  qwen2: { ...dense, headSize: 'ignored' },
  qwen3: { ...dense, headSize: 'stated' },
  granite: { ...dense, headSize: 'ignored' },
  smollm3: dense,
  seed_oss: { ...dense, headSize: 'stated' },
  mimo: { ...dense, headSize: 'ignored', tiedHead: undefined },
  gemma: { ...dense, headSize: 256, tiedHead: undefined },
  gemma2: { ...dense, headSize: 256, tiedHead: undefined },
  gemma3_text: { ...dense, headSize: 256, tiedHead: 'uses' },
  cohere: { ...dense, headSize: 'ignored', tiedHead: undefined },
  cohere2: { ...dense, headSize: 'stated', tiedHead: undefined },
  olmo2: { ...dense, tiedHead: 'refuses' },
  olmo3: { ...dense, tiedHead: 'refuses' },
  exaone4: { ...dense, headSize: 'stated', tiedHead: 'refuses' },
  nemotron: { ...dense, tiedHead: 'refuses' },
  apertus: dense,
  helium: { ...dense, headSize: 'ignored', tiedHead: undefined },
  internlm3: { ...dense, tiedHead: 'refuses' },
  starcoder2: { ...dense, headSize: 'ignored', tiedHead: 'refuses' },
  stablelm: { ...dense, headSize: 'ignored', tiedHead: undefined },
  hunyuan_v1_dense: { ...dense, headSize: 'stated' },
  phi3: { ...dense, attention: 'fused', headSize: 'ignored', tiedHead: 'refuses' },
  glm4: { ...dense, headSize: 'stated', tiedHead: undefined },
  mixtral: { ...dense, headSize: 'ignored', mlp: false, experts: sparse },
  phimoe: { ...dense, headSize: 'ignored', mlp: false, experts: sparse, tiedHead: undefined },
  qwen2_moe: { ...dense, headSize: 'ignored', experts: moe('num_experts'), tiedHead: undefined },
  qwen3_moe: { ...dense, headSize: 'stated', experts: moe('num_experts') },
  olmoe: { ...dense, mlp: false, experts: moe('num_experts', 'intermediate_size'), tiedHead: 'refuses' },
  glm4_moe: { ...dense, headSize: 'stated', experts: moe('n_routed_experts'), tiedHead: undefined, dropsLayers: true },
  gpt_oss: {
    ...dense,
    headSize: 64,
    mlp: false,
    experts: moe('num_local_experts', 'intermediate_size', 'mlp', 'mlp.router'),
    tiedHead: undefined,
  },
  qwen3_next: { ...dense, attention: 'gated', headSize: 'stated', experts: moe('num_experts') },
  qwen3_5_text: { ...dense, attention: 'gated', headSize: 'stated' },
  qwen3_5_moe_text: { ...dense, attention: 'gated', headSize: 'stated', experts: moe('num_experts') },
  deepseek_v2: { ...dense, attention: 'mla', experts: moe('n_routed_experts'), tiedHead: undefined },
  deepseek_v3: { ...dense, attention: 'mla', experts: moe('n_routed_experts'), tiedHead: undefined },
  nemotron_h: { ...dense, mlp: false, countsLayers: false, tiedHead: undefined },
  ernie4_5: untold,
  minicpm: { ...untold, headSize: 'ignored' },
  nanbeige: untold,
  telechat3: untold,
  iquestloopcoder: { ...untold, headSize: 'stated' },
  muse_glimmer: { ...untold, headSize: 'stated' },
  glm: { ...untold, headSize: 'stated' },
  dots1: { ...untold, experts: moe('n_routed_experts') },
  solar_open: { ...untold, headSize: 'stated', experts: moe('n_routed_experts') },
  deepseek: { ...untold, headSize: 'ignored', experts: moe('n_routed_experts') },
  mellum: { ...untold, headSize: 'stated', mlp: false, experts: moe('num_experts') },
  minimax: { ...untold, mlp: false, experts: sparse },
  deepseek_v32: { ...latent, experts: moe('n_routed_experts'), dropsLayers: true },
  glm_moe_dsa: { ...latent, experts: moe('n_routed_experts'), dropsLayers: true },
  glm4_moe_lite: { ...latent, experts: moe('n_routed_experts'), dropsLayers: true },
  mistral4: { ...latent, experts: moe('n_routed_experts') },
  step3p5: { ...bare, dropsLayers: true },
  bailing_hybrid: { ...bare, dropsLayers: true },
  bailing_moe_v3: { ...bare, dropsLayers: true },
  minicpm3: latent,
  youtu_llm: latent,
  ...Object.fromEntries(
    [
      ...'Klear afmoe baichuan_m1 bailing_moe bailing_moe_linear deepseek_v41'.split(' '),
      ...'ernie4_5_moe exaone_moe falcon_h1 gear gemma4_text granitemoe granitemoehybrid hunyuan internlm2'.split(' '),
      ...'jamba kimi_linear laguna lfm2 lfm2_moe llama4_text mamba mamba2 mimo_v2_flash olmo_hybrid phi'.split(' '),
      ...'phi3small recurrent_gemma rwkv7'.split(' '),
    ].map(type => [type, bare] as const),
  ),
}

/** Other names of a family, by itself or as the text model of a wrapper. */
const aliases: Readonly<Record<string, string>> = {
  kimi_k2: 'deepseek_v3',
  iquestcoder: 'llama',
  qwen2_vl: 'qwen2',
  qwen2_vl_text: 'qwen2',
  qwen2_5_vl: 'qwen2',
  qwen2_5_vl_text: 'qwen2',
  qwen3_vl: 'qwen3',
  qwen3_vl_text: 'qwen3',
  qwen3_vl_moe: 'qwen3_moe',
  qwen3_vl_moe_text: 'qwen3_moe',
  qwen3_5: 'qwen3_5_text',
  qwen3_5_moe: 'qwen3_5_moe_text',
  gemma3: 'gemma3_text',
}

/** Wrappers that give their language model a head whatever its config says of one. */
const untied: readonly string[] = ['pixtral', 'lfm2-vl']
/** Wrappers that read their language model in a way of their own. */
const otherReaders: readonly string[] = ['kimi_k3']

export interface Known {
  readonly family: Family
  /** The model's own type, by which it is called. */
  readonly type: string
  /** Where its numbers stand: empty for the top level. */
  readonly section: JSONPath
}

/** Where layers of a type have their experts; undefined where they have none, or where it is not known. */
export function expertsOf(type: string): Family['experts'] {
  return Object.hasOwn(families, type) ? families[type]?.experts : undefined
}

/** The type of a config's language model, and the name of the model that reads it. */
export function languageModelOf(file: JsonFile): { readonly type: string; readonly name: string } | undefined {
  const { top, text } = modelTypes(file)
  const type = (sectionOf(file, 'text') ?? []).length > 0 ? (text ?? top) : top
  if (type === undefined) return undefined
  return { type, name: Object.hasOwn(aliases, type) ? (aliases[type] ?? type) : type }
}

/** The family of a config's language model; undefined where it is none of those above. */
export function familyOf(file: JsonFile): Known | undefined {
  const { top } = modelTypes(file)
  const section = sectionOf(file, 'text') ?? []
  const found = languageModelOf(file)
  if (!found || (section.length > 0 && otherReaders.includes(top ?? ''))) return undefined
  const { type, name } = found
  const family = Object.hasOwn(families, name) ? families[name] : undefined
  const isUntied = section.length > 0 && untied.includes(top ?? '')
  return family && { family: isUntied ? { ...family, tiedHead: undefined } : family, type, section }
}
