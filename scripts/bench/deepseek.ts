// Writes a checkpoint with the names, shapes and dtypes of DeepSeek-V3: 163 shards, some 92,000 tensors, 690 GB that
// are a few dozen MB on disk, since only the headers are written and the rest is a hole. The variant `mlx4` is the same
// architecture, cut to 42 layers, as MLX would quantize it to 4 bits with one tensor for each expert.
// Source: config.json and the index of deepseek-ai/DeepSeek-V3; the writers' header habits as of MLX and safetensors.
// Usage: tsx scripts/bench/deepseek.ts DIR [mlx4]

import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type DType, dtypeBits, dtypes } from '../../server/checkpoint/dtype'
import { safetensorsHeader } from '../support/writeSafetensors'

export type DeepSeekVariant = 'fp8' | 'mlx4'

interface Entry {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly bytes: number
}

const shards = 163
const hidden = 7168
const dense = 18432
const expert = 2048
const vocabulary = 129280
const experts = 256
const firstMoeLayer = 3

/** Layers, and whether the last of them predicts a second token. */
const depth: Readonly<Record<DeepSeekVariant, { readonly layers: number; readonly extra: boolean }>> = {
  fp8: { layers: 61, extra: true },
  mlx4: { layers: 42, extra: false },
}

/** Writes the checkpoint into `dir` and says how much it is. */
export function writeDeepSeek(
  dir: string,
  variant: DeepSeekVariant = 'fp8',
): { tensors: number; bytes: number; shards: number } {
  mkdirSync(dir, { recursive: true })
  const all = [...entries(variant)]
  const total = all.reduce((sum, entry) => sum + entry.bytes, 0)
  const contents: Entry[][] = Array.from({ length: shards }, () => [])
  let before = 0
  for (const entry of all) {
    contents[Math.min(shards - 1, Math.floor((before / total) * shards))]?.push(entry)
    before += entry.bytes
  }
  const weightMap: [string, string][] = []
  contents.forEach((own, i) => {
    const file = `model-${String(i + 1).padStart(5, '0')}-of-${String(shards).padStart(6, '0')}.safetensors`
    const header = variant === 'fp8' ? rustHeader(own) : mlxHeader(own)
    const size = header.length + own.reduce((sum, entry) => sum + entry.bytes, 0)
    const handle = openSync(join(dir, file), 'w')
    writeSync(handle, header)
    ftruncateSync(handle, size)
    closeSync(handle)
    for (const { name } of own) weightMap.push([name, file])
  })
  weightMap.sort(([a], [b]) => (a < b ? -1 : 1))
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) }
  writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify(index, null, 2))
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config(variant), null, 2))
  return { tensors: all.length, bytes: total, shards }
}

function config(variant: DeepSeekVariant): unknown {
  const { layers, extra } = depth[variant]
  const quantization = { group_size: 64, bits: 4, mode: 'affine' }
  return {
    architectures: ['DeepseekV3ForCausalLM'],
    model_type: 'deepseek_v3',
    hidden_size: hidden,
    intermediate_size: dense,
    moe_intermediate_size: expert,
    vocab_size: vocabulary,
    num_hidden_layers: layers,
    num_nextn_predict_layers: extra ? 1 : 0,
    first_k_dense_replace: firstMoeLayer,
    n_routed_experts: experts,
    n_shared_experts: 1,
    num_experts_per_tok: 8,
    num_attention_heads: 128,
    num_key_value_heads: 128,
    q_lora_rank: 1536,
    kv_lora_rank: 512,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    ...(variant === 'fp8'
      ? {
          quantization_config: {
            quant_method: 'fp8',
            fmt: 'e4m3',
            activation_scheme: 'dynamic',
            weight_block_size: [128, 128],
          },
        }
      : { quantization, quantization_config: quantization }),
  }
}

function* entries(variant: DeepSeekVariant): Generator<Entry> {
  const { layers, extra } = depth[variant]
  const linear = variant === 'fp8' ? fp8Linear : mlxLinear
  yield* variant === 'fp8'
    ? [plain('model.embed_tokens.weight', [vocabulary, hidden])]
    : mlxLinear('model.embed_tokens', vocabulary, hidden)
  for (let layer = 0; layer < layers + (extra ? 1 : 0); layer++) {
    const at = `model.layers.${layer}`
    if (layer === layers) {
      yield plain(`${at}.embed_tokens.weight`, [vocabulary, hidden])
      yield plain(`${at}.enorm.weight`, [hidden])
      yield plain(`${at}.hnorm.weight`, [hidden])
      yield plain(`${at}.eh_proj.weight`, [hidden, hidden * 2])
      yield plain(`${at}.shared_head.norm.weight`, [hidden])
      yield plain(`${at}.shared_head.head.weight`, [vocabulary, hidden])
    }
    yield* attention(`${at}.self_attn`, linear)
    if (layer < firstMoeLayer) yield* feedForward(`${at}.mlp`, dense, linear)
    else {
      yield plain(`${at}.mlp.gate.weight`, [experts, hidden])
      yield plain(`${at}.mlp.gate.e_score_correction_bias`, [experts], 'F32')
      yield* feedForward(`${at}.mlp.shared_experts`, expert, linear)
      for (let e = 0; e < experts; e++) yield* feedForward(`${at}.mlp.experts.${e}`, expert, linear)
    }
    yield plain(`${at}.input_layernorm.weight`, [hidden])
    yield plain(`${at}.post_attention_layernorm.weight`, [hidden])
  }
  yield plain('model.norm.weight', [hidden])
  yield* variant === 'fp8' ? [plain('lm_head.weight', [vocabulary, hidden])] : mlxLinear('lm_head', vocabulary, hidden)
}

type Linear = (module: string, out: number, into: number) => Iterable<Entry>

function* attention(at: string, linear: Linear): Generator<Entry> {
  yield* linear(`${at}.q_a_proj`, 1536, hidden)
  yield plain(`${at}.q_a_layernorm.weight`, [1536])
  yield* linear(`${at}.q_b_proj`, 24576, 1536)
  yield* linear(`${at}.kv_a_proj_with_mqa`, 576, hidden)
  yield plain(`${at}.kv_a_layernorm.weight`, [512])
  yield* linear(`${at}.kv_b_proj`, 32768, 512)
  yield* linear(`${at}.o_proj`, hidden, 16384)
}

function* feedForward(at: string, inner: number, linear: Linear): Generator<Entry> {
  yield* linear(`${at}.gate_proj`, inner, hidden)
  yield* linear(`${at}.up_proj`, inner, hidden)
  yield* linear(`${at}.down_proj`, hidden, inner)
}

/** E4M3 codes, and a scale for each block of 128 by 128. */
function fp8Linear(module: string, out: number, into: number): Entry[] {
  const blocks = [Math.ceil(out / 128), Math.ceil(into / 128)]
  return [plain(`${module}.weight`, [out, into], 'F8_E4M3'), plain(`${module}.weight_scale_inv`, blocks, 'F32')]
}

/** Affine, 4 bits, groups of 64. */
function mlxLinear(module: string, out: number, into: number): Entry[] {
  const groups = [out, into / 64]
  return [
    plain(`${module}.weight`, [out, into / 8], 'U32'),
    plain(`${module}.scales`, groups),
    plain(`${module}.biases`, groups),
  ]
}

function plain(name: string, shape: readonly number[], dtype: DType = 'BF16'): Entry {
  return { name, dtype, shape, bytes: (shape.reduce((product, dim) => product * dim, 1) * dtypeBits[dtype]) / 8 }
}

/** As the Rust writer: by falling alignment, then by name; data in the same order; padded. */
function rustHeader(own: readonly Entry[]): Uint8Array {
  const rank = (entry: Entry): number => dtypes.indexOf(entry.dtype)
  const sorted = [...own].sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1))
  return safetensorsHeader(sorted, { format: 'pt' })
}

/** As MLX's writer: keys and fields sorted, no padding, data in the order of a hash map, which is none to be seen. */
function mlxHeader(own: readonly Entry[]): Uint8Array {
  const begins = new Map<string, number>()
  let at = 0
  for (const entry of [...own].sort((a, b) => scatter(a.name) - scatter(b.name) || (a.name < b.name ? -1 : 1))) {
    begins.set(entry.name, at)
    at += entry.bytes
  }
  const sorted = [...own].sort((a, b) => (a.name < b.name ? -1 : 1))
  const fields = sorted.map(({ name, dtype, shape, bytes }) => {
    const begin = begins.get(name) ?? 0
    return `${JSON.stringify(name)}:${JSON.stringify({ data_offsets: [begin, begin + bytes], dtype, shape })}`
  })
  const json = Buffer.from(`{${['"__metadata__":{"format":"mlx"}', ...fields].join(',')}}`)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json])
}

function scatter(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0
  return Math.imul(hash, 0x9e3779b1) >>> 0
}

if (/[\\/]deepseek\.[cm]?[jt]s$/.test(process.argv[1] ?? '')) {
  const [dir, variant = 'fp8'] = process.argv.slice(2)
  if (!dir || (variant !== 'fp8' && variant !== 'mlx4')) {
    console.error('usage: tsx scripts/bench/deepseek.ts DIR [fp8|mlx4]')
    process.exit(2)
  }
  const written = writeDeepSeek(dir, variant)
  console.log(`${written.tensors} tensors, ${written.bytes} bytes, ${written.shards} shards in ${dir}`)
}
