// Every fault of weights, index, quantization and config that mlx-model-doctor 0.9.2 has a check for, each as a small
// model with that fault alone, its check's id and the rule of ours that says it. What its other checks look at is listed
// with the reason why Tensorlint does not.

import type { DType } from '../../../server/checkpoint/dtype'
import type { RuleId } from '../../../server/rules/index'
import { triple, zeros, type FileTable } from '../../support/tempFolder'

export interface Fault {
  readonly check: string
  readonly name: string
  readonly rule: RuleId
  readonly files: FileTable
}

type Tensors = Readonly<Record<string, readonly [DType, ...number[]]>>

const hidden = 64
const vocabulary = 128

/** A Llama of two layers: as floats, or in 4 bits with groups of 64. */
function llama(quantized: boolean): Tensors {
  const linear = (path: string, rows: number, columns: number): Tensors =>
    quantized ? triple(path, rows, columns) : { [`${path}.weight`]: ['F16', rows, columns] }
  const layers = [0, 1].map((n): Tensors => {
    const at = `model.layers.${n}`
    const square = ['q_proj', 'k_proj', 'v_proj', 'o_proj'].map(name =>
      linear(`${at}.self_attn.${name}`, hidden, hidden),
    )
    return {
      [`${at}.input_layernorm.weight`]: ['F16', hidden],
      [`${at}.post_attention_layernorm.weight`]: ['F16', hidden],
      ...Object.assign({}, ...square),
      ...linear(`${at}.mlp.gate_proj`, 128, hidden),
      ...linear(`${at}.mlp.up_proj`, 128, hidden),
      ...linear(`${at}.mlp.down_proj`, hidden, 128),
    } as Tensors
  })
  return {
    ...linear('model.embed_tokens', vocabulary, hidden),
    ...(Object.assign({}, ...layers) as Tensors),
    'model.norm.weight': ['F16', hidden],
    ...linear('lm_head', vocabulary, hidden),
  }
}

const sizes = {
  model_type: 'llama',
  hidden_size: hidden,
  intermediate_size: 128,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  num_hidden_layers: 2,
  vocab_size: vocabulary,
  tie_word_embeddings: false,
}
const block = { group_size: 64, bits: 4 }
const packed = { ...sizes, quantization: block }

const shard = (tensors: Tensors): Uint8Array => zeros(tensors, { format: 'mlx' })
const json = (value: unknown): string => JSON.stringify(value, null, 2)

/** A shard of any header, with so many bytes behind it; `length` where the first eight bytes do not tell the truth. */
function headed(header: unknown, dataBytes: number, length?: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(length ?? text.length))
  return new Uint8Array(Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]))
}

const floats = { 'model.safetensors': shard(llama(false)) }
const words = { 'model.safetensors': shard(llama(true)) }
const config = { 'config.json': json(sizes) }
const packedConfig = { 'config.json': json(packed) }

/** A sound model but for what `quantization` says. */
const quantization = (value: unknown): FileTable => ({
  ...words,
  'config.json': json({ ...sizes, quantization: value }),
})

/** A sound model but for its one shard. */
const damaged = (bytes: Uint8Array): FileTable => ({ ...config, 'model.safetensors': bytes })

const names = Object.keys(llama(false))
const half = names.length / 2
const parts = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const
const partOf = (index: number): string => (index < half ? parts[0] : parts[1])
const bytes = Object.values(llama(false)).reduce((sum, [, ...shape]) => sum + 2 * shape.reduce((a, b) => a * b, 1), 0)

/** A sound model in two shards with its index, but for what is changed. */
function indexed(change: FileTable, map: (name: string, index: number) => string = (_, i) => partOf(i)): FileTable {
  const all = Object.entries(llama(false))
  const some = (part: string): Tensors => Object.fromEntries(all.filter((_, i) => partOf(i) === part))
  return {
    ...config,
    [parts[0]]: shard(some(parts[0])),
    [parts[1]]: shard(some(parts[1])),
    'model.safetensors.index.json': json({
      metadata: { total_size: bytes },
      weight_map: Object.fromEntries(names.map((name, index) => [name, map(name, index)])),
    }),
    ...change,
  }
}

const without = (files: FileTable, ...gone: readonly string[]): FileTable =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !gone.includes(name)))
const index = (text: string | Uint8Array): FileTable => indexed({ 'model.safetensors.index.json': text })
const notUtf8 = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])
const entry = (dtype: unknown, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets })

/** The same without its head. */
const headless = Object.fromEntries(Object.entries(llama(false)).filter(([name]) => !name.startsWith('lm_head')))

export const sound: Readonly<Record<string, FileTable>> = {
  'a float model': { ...floats, ...config },
  'a quantized model': { ...words, ...packedConfig },
  'a model in two shards with its index': indexed({}),
}

const fault = (check: string, name: string, rule: RuleId, files: FileTable): Fault => ({ check, name, rule, files })

export const faults: readonly Fault[] = [
  fault('text/files.required', 'no config.json', 'missing-model-type', floats),
  fault('text/config.json', 'no config.json', 'missing-model-type', floats),
  fault('text/config.json', 'no JSON', 'invalid-config', { ...floats, 'config.json': '{"model_type": "llama",}' }),
  fault('text/config.json', 'no object', 'invalid-config', { ...floats, 'config.json': '["llama"]' }),
  fault('text/config.json', 'not UTF-8', 'invalid-config', { ...floats, 'config.json': notUtf8 }),
  fault('text/config.model_type', 'no model_type', 'missing-model-type', {
    ...floats,
    'config.json': json({ ...sizes, model_type: undefined }),
  }),
  fault('text/config.model_type', 'an empty model_type', 'missing-model-type', {
    ...floats,
    'config.json': json({ ...sizes, model_type: ' ' }),
  }),
  fault('text/config.model_type', 'a number for model_type', 'missing-model-type', {
    ...floats,
    'config.json': json({ ...sizes, model_type: 7 }),
  }),

  fault('text/safetensors.index', 'no JSON', 'invalid-index', index('{"weight_map": ')),
  fault('text/safetensors.index', 'no object', 'invalid-index', index('[]')),
  fault('text/safetensors.index', 'not UTF-8', 'invalid-index', index(notUtf8)),
  fault('text/safetensors.index', 'no weight_map', 'invalid-index', index('{"metadata": {"total_size": 1}}')),
  fault('text/safetensors.index', 'an empty weight_map', 'invalid-index', index('{"metadata": {}, "weight_map": {}}')),
  fault('text/safetensors.index', 'one shard missing', 'missing-shard', without(indexed({}), parts[1])),
  fault(
    'text/safetensors.index',
    'a shard outside of the folder',
    'missing-shard',
    indexed({}, (_, i) => (i > 0 ? partOf(i) : `../${partOf(i)}`)),
  ),
  fault(
    'text/safetensors.index',
    'the index of another save',
    'stale-index',
    indexed({}, (_, i) => partOf(i).replace('00002.', '00003.')),
  ),

  fault('text/quantization.metadata', 'no bits', 'incomplete-quantization-config', quantization({ group_size: 64 })),
  fault('text/quantization.metadata', 'no object', 'missing-quantization-config', quantization(4)),
  fault('text/quantization.metadata', 'the block of another tool', 'missing-quantization-config', {
    ...words,
    'config.json': json({ ...sizes, quantization_config: block }),
  }),
  fault('text/quantization.metadata', 'no block', 'missing-quantization-config', { ...words, ...config }),
  fault(
    'text/quantization.mode',
    'a mode that is no text',
    'contradictory-quantization-config',
    quantization({ ...block, mode: 4 }),
  ),
  fault(
    'text/quantization.mode',
    'an unknown mode',
    'contradictory-quantization-config',
    quantization({ ...block, mode: 'int4' }),
  ),
  fault(
    'text/quantization.mode',
    'a group size that MLX has not',
    'contradictory-quantization-config',
    quantization({ group_size: 48, bits: 4 }),
  ),
  fault(
    'text/quantization.mode',
    'bits that MLX has not',
    'contradictory-quantization-config',
    quantization({ group_size: 64, bits: 7 }),
  ),
  fault(
    'text/quantization.mode',
    'a fixed mode with other parameters',
    'contradictory-quantization-config',
    quantization({ ...block, mode: 'mxfp4' }),
  ),
  fault(
    'text/quantization.mode',
    'an entry that MLX has not',
    'contradictory-quantization-config',
    quantization({ ...block, 'model.layers.0.mlp.up_proj': { group_size: 64, bits: 7 } }),
  ),
  fault('text/quantization.shape', 'nothing is packed', 'leftover-quantization-config', { ...floats, ...packedConfig }),
  fault(
    'text/quantization.shape',
    'scales of another group size',
    'contradictory-quantization-config',
    quantization({ group_size: 32, bits: 4 }),
  ),
  fault('text/quantization.shape', 'a weight of another width', 'mismatched-triple', {
    ...packedConfig,
    'model.safetensors': shard({ ...llama(true), 'model.layers.0.mlp.up_proj.weight': ['U32', 128, 9] }),
  }),
  fault(
    'text/quantization.shape',
    'bits that are not known',
    'contradictory-quantization-config',
    quantization({ ...block, 'model.layers.0.mlp.up_proj': { group_size: 64, bits: 0 } }),
  ),

  fault('text/safetensors.offsets', 'shorter than a header length', 'truncated-shard', damaged(new Uint8Array(5))),
  fault(
    'text/safetensors.offsets',
    'a header length beyond the limit',
    'bad-header',
    damaged(headed('{}', 0, 200_000_000)),
  ),
  fault('text/safetensors.offsets', 'a header that is cut', 'truncated-shard', damaged(headed('{"a": {', 0, 500))),
  fault('text/safetensors.offsets', 'no JSON', 'bad-header', damaged(headed('{"a": }', 0))),
  fault('text/safetensors.offsets', 'no object', 'bad-header', damaged(headed('[]', 0))),
  fault('text/safetensors.offsets', 'an entry that is no object', 'bad-tensor-entry', damaged(headed({ a: 1 }, 4))),
  fault(
    'text/safetensors.offsets',
    'no dtype',
    'bad-tensor-entry',
    damaged(headed({ a: { shape: [2], data_offsets: [0, 4] } }, 4)),
  ),
  fault(
    'text/safetensors.offsets',
    'a negative dimension',
    'bad-tensor-entry',
    damaged(headed({ a: entry('F16', [-2], [0, 4]) }, 4)),
  ),
  fault(
    'text/safetensors.offsets',
    'one offset',
    'bad-tensor-entry',
    damaged(headed({ a: entry('F16', [2], [0]) }, 4)),
  ),
  fault(
    'text/safetensors.offsets',
    'an end before its beginning',
    'bad-tensor-entry',
    damaged(headed({ a: entry('F16', [2], [4, 0]) }, 4)),
  ),
  fault(
    'text/safetensors.offsets',
    'an end beyond the file',
    'truncated-shard',
    damaged(headed({ a: entry('F16', [4], [0, 8]) }, 4)),
  ),
  fault(
    'text/safetensors.offsets',
    'an overlap',
    'overlapping-tensors',
    damaged(headed({ a: entry('F16', [2], [0, 4]), b: entry('F16', [2], [2, 6]) }, 6)),
  ),
  fault(
    'text/safetensors.offsets',
    'a gap',
    'tensor-gap',
    damaged(headed({ a: entry('F16', [2], [0, 4]), b: entry('F16', [2], [8, 12]) }, 12)),
  ),
  fault(
    'text/safetensors.offsets',
    'an unknown dtype',
    'unknown-dtype',
    damaged(headed({ a: entry('F17', [2], [0, 4]) }, 4)),
  ),

  fault(
    'text/weights.param_count',
    'a tensor that no shard holds',
    'misplaced-tensor',
    indexed({
      [parts[1]]: shard(
        Object.fromEntries(
          Object.entries(llama(false)).filter(([name], i) => partOf(i) === parts[1] && name !== 'model.norm.weight'),
        ),
      ),
    }),
  ),
  fault(
    'text/weights.param_count',
    'a shard without tensors',
    'empty-shard',
    damaged(headed({ __metadata__: { format: 'mlx' } }, 0)),
  ),
  fault(
    'text/weights.param_count',
    'tensors without elements',
    'empty-shard',
    damaged(headed({ a: entry('F16', [0], [0, 0]) }, 0)),
  ),
  fault('text/weights.tied_embedding', 'a head beside tied embeddings', 'tied-embeddings-mismatch', {
    ...floats,
    'config.json': json({ ...sizes, tie_word_embeddings: true }),
  }),
  fault('text/weights.tied_embedding', 'no head though it is not tied', 'tied-embeddings-mismatch', {
    ...config,
    'model.safetensors': shard(headless),
  }),
]

/** Checks that look at something else, and why Tensorlint leaves that alone. */
export const elsewhere: Readonly<Record<string, string>> = {
  'text/compat.mlx_signal': 'guesses whether a repository is meant for MLX and passes always: no fault',
  'text/tokenizer.files': 'tokenizers are no weights',
  'text/tokenizer.special_tokens': 'tokenizers are no weights',
  'text/chat_template.presence': 'chat templates are no weights',
  'text/chat_template.special_tokens': 'chat templates are no weights',
  'text/generation_config.tokens': 'how text is generated, not how weights load',
  'text/vlm.image_processor': 'the preprocessing of images, not weights',
  'text/memory.estimate': 'how much memory a machine needs, no fault of the checkpoint',
  'text/smoke.mlx_lm': 'runs the model; `tensorlint verify` decodes its weights instead',
  'vlm/image_processor': 'the preprocessing of images, not weights',
  'vlm/image_token.wiring': 'tokenizers are no weights',
  'vlm/smoke.mlx_vlm': 'runs the model; `tensorlint verify` decodes its weights instead',
}
