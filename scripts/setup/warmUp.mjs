// Two small checkpoints, for what V8 compiles while the command line checks them (esbuild.js): one as MLX quantizes, one of
// many experts in FP8 blocks, of which there is something to say. Headers only; the data is a hole.
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'

/** @typedef {{ name: string, dtype: string, shape: number[] }} Entry */

const layers = 4
const hidden = 256

/** @type {Record<string, number>} */
const bytesOf = { U32: 4, F32: 4, BF16: 2, F16: 2, F8_E4M3: 1 }

/** Writes both below `folder`. @param {string} folder */
export function writeSmallCheckpoints(folder) {
  const quantization = { group_size: 64, bits: 4 }
  writeModel(path.join(folder, 'affine'), Array.from({ length: layers }, (_, layer) => affineLayer(layer)).flat(), {
    model_type: 'llama',
    hidden_size: hidden,
    num_hidden_layers: layers,
    quantization,
  })
  writeModel(path.join(folder, 'experts'), expertsModel(), {
    model_type: 'deepseek_v3',
    hidden_size: hidden,
    intermediate_size: 256,
    moe_intermediate_size: 256,
    vocab_size: 256,
    num_hidden_layers: layers,
    first_k_dense_replace: 1,
    n_routed_experts: 4,
    n_shared_experts: 1,
    num_experts_per_tok: 2,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    q_lora_rank: 256,
    kv_lora_rank: 64,
    qk_nope_head_dim: 32,
    qk_rope_head_dim: 16,
    v_head_dim: 32,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    quantization_config: { quant_method: 'fp8', fmt: 'e4m3', weight_block_size: [128, 128] },
  })
}

/** Writes a program that loads the first below `folder`. @param {string} folder */
export function writeSmallProgram(folder) {
  const text = `import mlx.core as mx


def load(path):
    weights = mx.load(path)
    return {name: array for name, array in weights.items() if "mlp" in name}


class Layer:
    def __init__(self, weights, index):
        prefix = f"model.layers.{index}.mlp.up_proj"
        self.weight = weights[f"{prefix}.weight"]
        self.scales = weights[f"{prefix}.scales"]
        self.biases = weights[f"{prefix}.biases"]

    def __call__(self, x):
        return mx.quantized_matmul(x, self.weight, self.scales, self.biases, group_size=64, bits=4)


weights = load("model-00001-of-00002.safetensors")
x = mx.ones((1, ${hidden}))
for index in range(2):
    print(Layer(weights, index)(x).shape)
`
  writeFileSync(path.join(folder, 'affine/load.py'), text)
}

/** @param {number} layer @returns {Entry[]} */
function affineLayer(layer) {
  const at = `model.layers.${layer}`
  return [
    { name: `${at}.mlp.up_proj.weight`, dtype: 'U32', shape: [64, hidden / 8] },
    { name: `${at}.mlp.up_proj.scales`, dtype: 'F16', shape: [64, hidden / 64] },
    { name: `${at}.mlp.up_proj.biases`, dtype: 'F16', shape: [64, hidden / 64] },
    { name: `${at}.input_layernorm.weight`, dtype: 'F16', shape: [hidden] },
  ]
}

/** @returns {Entry[]} */
function expertsModel() {
  const all = [plain('model.embed_tokens.weight', 256, hidden)]
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`
    all.push(
      ...blocks(`${at}.self_attn.q_a_proj`, 256, hidden),
      plain(`${at}.self_attn.q_a_layernorm.weight`, 256),
      ...blocks(`${at}.self_attn.q_b_proj`, 4 * 48, 256),
      ...blocks(`${at}.self_attn.kv_a_proj_with_mqa`, 80, hidden),
      plain(`${at}.self_attn.kv_a_layernorm.weight`, 64),
      ...blocks(`${at}.self_attn.kv_b_proj`, 4 * 64, 64),
      ...blocks(`${at}.self_attn.o_proj`, hidden, 4 * 32),
    )
    if (layer === 0) all.push(...feedForward(`${at}.mlp`, 256))
    else {
      all.push(plain(`${at}.mlp.gate.weight`, 4, hidden))
      all.push(...feedForward(`${at}.mlp.shared_experts`, 256))
      for (let expert = 0; expert < 4; expert++) all.push(...feedForward(`${at}.mlp.experts.${expert}`, 256))
    }
    all.push(plain(`${at}.input_layernorm.weight`, hidden), plain(`${at}.post_attention_layernorm.weight`, hidden))
  }
  return [...all, plain('model.norm.weight', hidden), plain('lm_head.weight', 256, hidden)]
}

/** @param {string} at @param {number} inner @returns {Entry[]} */
const feedForward = (at, inner) => [
  ...blocks(`${at}.gate_proj`, inner, hidden),
  ...blocks(`${at}.up_proj`, inner, hidden),
  ...blocks(`${at}.down_proj`, hidden, inner),
]

/** @param {string} name @param {number[]} shape @returns {Entry} */
const plain = (name, ...shape) => ({ name, dtype: 'BF16', shape })

/** @param {string} module @param {number} out @param {number} into @returns {Entry[]} */
const blocks = (module, out, into) => [
  { name: `${module}.weight`, dtype: 'F8_E4M3', shape: [out, into] },
  { name: `${module}.weight_scale_inv`, dtype: 'F32', shape: [Math.ceil(out / 128), Math.ceil(into / 128)] },
]

/** In two shards, with an index. @param {string} folder @param {Entry[]} entries @param {object} config */
function writeModel(folder, entries, config) {
  mkdirSync(folder, { recursive: true })
  const half = Math.ceil(entries.length / 2)
  /** @type {Record<string, string>} */
  const weightMap = {}
  let total = 0
  for (const [i, own] of [entries.slice(0, half), entries.slice(half)].entries()) {
    const file = `model-0000${i + 1}-of-00002.safetensors`
    /** @type {Record<string, object>} */
    const header = {}
    let at = 0
    for (const { name, dtype, shape } of own) {
      const begin = at
      at += shape.reduce((product, dim) => product * dim, bytesOf[dtype] ?? 0)
      header[name] = { dtype, shape, data_offsets: [begin, at] }
      weightMap[name] = file
    }
    const json = Buffer.from(JSON.stringify(header))
    const length = Buffer.alloc(8)
    length.writeUInt32LE(json.length)
    const handle = openSync(path.join(folder, file), 'w')
    writeSync(handle, Buffer.concat([length, json]))
    ftruncateSync(handle, length.length + json.length + at)
    closeSync(handle)
    total += at
  }
  const index = { metadata: { total_size: total }, weight_map: weightMap }
  writeFileSync(path.join(folder, 'model.safetensors.index.json'), JSON.stringify(index, null, 2))
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config, null, 2))
}
