// What a module's input width must be, from evidence outside the module: sizes in config.json, or the norm that feeds it.
// Shapes of a triple alone fix only bits × group size; this is what tells the two apart (formats: hidden_size and so on
// as Hugging Face names them; head_dim defaults to hidden_size / num_attention_heads).

import { findNodeAtLocation } from 'jsonc-parser'
import type { JsonFile, Model } from '../checkpoint/facts'
import { logicalColumns, type Pair } from './affine'

export interface Width {
  /** Logical input features. */
  readonly value: number
  /** For people: where the number comes from. */
  readonly why: string
}

type Role = 'hidden' | 'intermediate' | 'heads' | 'expertIntermediate'

/** Last part of a module's path → what feeds it. */
const roles: Readonly<Record<string, Role>> = {
  q_proj: 'hidden',
  k_proj: 'hidden',
  v_proj: 'hidden',
  qkv_proj: 'hidden',
  gate_proj: 'hidden',
  up_proj: 'hidden',
  gate_up_proj: 'hidden',
  lm_head: 'hidden',
  embed_tokens: 'hidden',
  tok_embeddings: 'hidden',
  wte: 'hidden',
  o_proj: 'heads',
  down_proj: 'intermediate',
}

/** The input width of a module, or undefined where nothing outside it says. */
export function expectedWidth(model: Model, module: string): Width | undefined {
  const role = roles[module.slice(module.lastIndexOf('.') + 1)]
  if (!role) return undefined
  const expert = /\.(switch_mlp|experts(\.\d+)?)\.[^.]+$/.test(module)
  const sizes = sizesOf(model)
  const found = sizes[role === 'intermediate' && expert ? 'expertIntermediate' : role]
  return found ?? (role === 'hidden' ? normWidth(model, module) : undefined)
}

/** The pairs that give the expected width; all of them where there is no evidence. */
export function withEvidence(pairs: readonly Pair[], packedColumns: number, width: Width | undefined): readonly Pair[] {
  if (!width) return pairs
  const agreeing = pairs.filter(p => logicalColumns(packedColumns, p.bits) === width.value)
  return agreeing.length > 0 ? agreeing : pairs
}

const cache = new WeakMap<Model, Readonly<Partial<Record<Role, Width>>>>()
function sizesOf(model: Model): Readonly<Partial<Record<Role, Width>>> {
  let sizes = cache.get(model)
  if (!sizes) cache.set(model, (sizes = readSizes(model.configs[0])))
  return sizes
}

function readSizes(file: JsonFile | undefined): Readonly<Partial<Record<Role, Width>>> {
  const number = (key: string): number | undefined => {
    for (const path of [[key], ['text_config', key], ['llm_config', key]]) {
      const node = file?.root && findNodeAtLocation(file.root, path)
      if (node?.type === 'number' && Number.isInteger(node.value) && node.value > 0) return Number(node.value)
    }
    return undefined
  }
  const sizes: Partial<Record<Role, Width>> = {}
  const hidden = number('hidden_size') ?? number('dim') ?? number('d_model') ?? number('n_embd')
  const intermediate = number('intermediate_size') ?? number('hidden_dim')
  const expert = number('moe_intermediate_size')
  const heads = number('num_attention_heads')
  const headDim = number('head_dim') ?? (hidden && heads && hidden % heads === 0 ? hidden / heads : undefined)
  if (hidden) sizes.hidden = { value: hidden, why: `config says hidden_size ${hidden}` }
  if (intermediate) sizes.intermediate = { value: intermediate, why: `config says intermediate_size ${intermediate}` }
  if (expert) sizes.expertIntermediate = { value: expert, why: `config says moe_intermediate_size ${expert}` }
  if (heads && headDim) sizes.heads = { value: heads * headDim, why: `config says ${heads} heads of ${headDim}` }
  return sizes
}

/** The norm before a layer's projections has one weight per input feature. */
function normWidth(model: Model, module: string): Width | undefined {
  const layer = /^(.*\.(?:layers|blocks|h)\.\d+)\./.exec(module)?.[1]
  const names = layer
    ? [`${layer}.input_layernorm.weight`, `${layer}.attention_norm.weight`]
    : ['model.norm.weight', 'norm.weight']
  for (const shard of model.shards)
    for (const name of names) {
      const tensor = shard.tensors.find(name)
      const size = tensor?.shape.length === 1 ? tensor.shape[0] : undefined
      if (size) return { value: size, why: `${name} has ${size} elements` }
    }
  return undefined
}
