// The sample's model: a small Llama whose sizes all differ, so that no tensor fits another's place by accident, not even
// packed or transposed. Weights are made from a seed and quantized by the tool's own quantizer, 4-bit in groups of 64.

import type { DType } from '../../server/checkpoint/dtype'
import { f16FromF32Bits, f32Bits } from '../../server/quant/floats'
import { quantizeAffine } from '../../server/quant/encode/affine'
import type { TensorToWrite } from '../support/writeSafetensors'

export const sizes = {
  hidden: 576, // packed: 72 words, 9 groups
  intermediate: 1088, // packed: 136 words, 17 groups
  heads: 9,
  keyValueHeads: 3, // of 64 columns each: 192 in all
  vocabulary: 1000,
  layers: 4,
  ranks: 2,
  groupSize: 64,
  bits: 4,
} as const

/** One module of the model with the tensors that belong to it, in MLX's layout. */
export interface SampleModule {
  /** Path without `.weight`. */
  readonly path: string
  readonly rank: number
  readonly tensors: readonly TensorToWrite[]
}

/** Every module, rank by rank. With a tied head the last rank holds a copy of the embedding, as it computes the logits. */
export function* sampleModules(tied: boolean): Iterable<SampleModule> {
  const { hidden, intermediate, heads, keyValueHeads, vocabulary, layers, ranks } = sizes
  const keyValue = (hidden / heads) * keyValueHeads
  const lastRank = ranks - 1
  const embedding = (rank: number) => linear('model.embed_tokens', rank, vocabulary, hidden)
  yield embedding(0)
  for (let index = 0; index < layers; index++) {
    const rank = Math.floor((index * ranks) / layers)
    const layer = `model.layers.${index}`
    yield norm(`${layer}.input_layernorm`, rank)
    yield linear(`${layer}.self_attn.q_proj`, rank, hidden, hidden)
    yield linear(`${layer}.self_attn.k_proj`, rank, keyValue, hidden)
    yield linear(`${layer}.self_attn.v_proj`, rank, keyValue, hidden)
    yield linear(`${layer}.self_attn.o_proj`, rank, hidden, hidden)
    yield norm(`${layer}.post_attention_layernorm`, rank)
    yield linear(`${layer}.mlp.gate_proj`, rank, intermediate, hidden)
    yield linear(`${layer}.mlp.up_proj`, rank, intermediate, hidden)
    yield linear(`${layer}.mlp.down_proj`, rank, hidden, intermediate)
  }
  yield norm('model.norm', lastRank)
  yield tied ? embedding(lastRank) : linear('lm_head', lastRank, vocabulary, hidden)
}

const made = new Map<string, SampleModule>()

/** A quantized module; kept, because tests write many samples and only the variants differ. */
function linear(path: string, rank: number, rows: number, columns: number): SampleModule {
  const key = `${path} ${rank}`
  const module = made.get(key) ?? makeLinear(path, rank, rows, columns)
  made.set(key, module)
  return module
}

function makeLinear(path: string, rank: number, rows: number, columns: number): SampleModule {
  const values = halves(path, rows * columns, bell => bell * columns ** -0.5)
  const { weight, scales, biases } = quantizeAffine(values, 'F16', sizes.groupSize, sizes.bits)
  const tensor = (part: string, dtype: DType, data: Uint8Array, width: number): TensorToWrite => ({
    name: `${path}.${part}`,
    dtype,
    shape: [rows, width],
    data,
  })
  const groups = columns / sizes.groupSize
  const words = new Uint8Array(weight.buffer)
  return {
    path,
    rank,
    tensors: [
      tensor('weight', 'U32', words, (columns * sizes.bits) / 32),
      tensor('scales', 'F16', scales, groups),
      tensor('biases', 'F16', biases, groups),
    ],
  }
}

function norm(path: string, rank: number): SampleModule {
  const data = halves(path, sizes.hidden, bell => 1 + bell / 8)
  return { path, rank, tensors: [{ name: `${path}.weight`, dtype: 'F16', shape: [sizes.hidden], data }] }
}

// Bound here once: a function called through its module is not inlined where modules are not bundled.
const toF16 = f16FromF32Bits
const toBits = f32Bits

/** Bytes of F16 values, each made of a number from a bell curve of width 1; the path is the seed. */
function halves(path: string, count: number, shape: (bell: number) => number): Uint8Array {
  const uniform = uniforms(path)
  const cells = new Uint16Array(count)
  // The sum of four uniform numbers is near enough to a bell curve, and uses no function that platforms round apart.
  for (let i = 0; i < count; i++) {
    const bell = (uniform() + uniform() + uniform() + uniform() - 2) * 1.7320508
    cells[i] = toF16(toBits(shape(bell)))
  }
  return new Uint8Array(cells.buffer)
}

/** Uniform numbers in [0, 1) from a seed: FNV-1a of the text, then xorshift32. */
function uniforms(seed: string): () => number {
  let state = 0x811c9dc5
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193)
  state ||= 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
