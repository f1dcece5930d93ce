// Healthy checkpoints of real architectures: nothing in them may be called an error. What is said below that is listed here,
// each with its reason.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJsonFile } from '../server/checkpoint/jsonFile'
import { groupModels } from '../server/checkpoint/models'
import { analyse } from '../server/engine'
import type { Finding } from '../server/protocol'
import type { Stored } from './healthy/formats'
import { healthy } from './healthy/models'
import { sparseShard } from './healthy/sparseShard'

/** Checkpoint → rules that have something to say below an error, and why that is right. */
const said: Readonly<Record<string, readonly string[]>> = {
  // The 0.6B really stores a head beside tied embeddings: current mlx-lm drops it, older ones refused it.
  'Qwen 3 0.6B': ['tied-embeddings-mismatch information'],
  'Qwen 3 8B FP8': ['foreign-format information', 'tied-embeddings-mismatch information'],
  // Another runtime's format, opened alone: worth knowing for whoever wants it in MLX, and wrong with nothing.
  ...Object.fromEntries(
    [
      'Llama 3.1 8B, GPTQ',
      'Llama 3.1 8B, AWQ',
      'Llama 3.1 8B, bitsandbytes nf4',
      'Llama 3.1 8B, compressed-tensors W4A16',
      'DeepSeek V3, FP8 with its further layer',
      'gpt-oss 20B as published',
    ].map(name => [name, ['foreign-format information']] as const),
  ),
}

async function findingsIn({ tensors, config, format }: Stored): Promise<readonly Finding[]> {
  const shard = await sparseShard('/ws/model/model.safetensors', tensors, format)
  expect(shard.problems).toEqual([])
  const file = readJsonFile('/ws/model/config.json', JSON.stringify(config, null, 2))
  const models = groupModels({ shards: [shard], configs: [file], indexes: [] })
  const { findings, broken } = analyse({ folders: ['/ws'], models, programs: [] })
  expect(broken).toEqual([])
  return findings
}

test('there are at least 25 of them, of at least 20 architectures', () => {
  const types = new Set(Object.values(healthy).map(({ config }) => config['model_type']))
  expect(Object.keys(healthy).length).toBeGreaterThanOrEqual(25)
  expect(types.size).toBeGreaterThanOrEqual(20)
})

test.each(Object.entries(healthy))('%s', async (name, stored) => {
  const findings = await findingsIn(stored)
  expect(findings.filter(f => f.severity === 'error').map(f => `${f.rule}: ${f.message}`)).toEqual([])
  const rest = findings.map(f => `${f.rule} ${f.severity}`).sort()
  expect(rest, findings.map(f => f.message).join('\n')).toEqual(said[name] ?? [])
})

/** Numbers that fix shapes; another value of any is a fault. */
const sizes = [
  'hidden_size',
  'intermediate_size',
  'moe_intermediate_size',
  'num_attention_heads',
  'num_key_value_heads',
  'num_hidden_layers',
  'num_experts',
  'num_local_experts',
  'n_routed_experts',
  'vocab_size',
]
/** Families that are not judged (families.ts), and numbers that their tensors do not depend on. */
const unjudged = /^(phi|gpt2|mamba|jamba|lfm2|gemma4|bert|clip|whisper)$/
const independent: Readonly<Record<string, readonly string[]>> = {
  // Low-rank attention has as many keys as queries.
  deepseek_v3: ['num_key_value_heads'],
  // Experts alone, each of another size.
  qwen3_moe: ['intermediate_size'],
  qwen3_next: ['intermediate_size'],
  // A pattern says how many layers there are, and each kind has its own MLP.
  nemotron_h: ['intermediate_size', 'num_hidden_layers'],
}

test('every number that fixes a shape is held to it', async () => {
  const missed: string[] = []
  for (const [name, { tensors, config, format }] of Object.entries(healthy)) {
    const type = String(config['model_type'])
    // Foreign formats leave no shape to judge of what they pack.
    if (unjudged.test(type) || /GPTQ|AWQ|bitsandbytes|W4A16|as published/.test(name)) continue
    const text = config['text_config'] as Record<string, unknown> | undefined
    for (const size of sizes) {
      const value = (text ?? config)[size]
      if (typeof value !== 'number' || independent[type]?.includes(size)) continue
      const change = { [size]: size === 'num_hidden_layers' ? value + 2 : value * 2 }
      const wrong = text ? { ...config, text_config: { ...text, ...change } } : { ...config, ...change }
      const findings = await findingsIn({ tensors, config: wrong, format })
      if (!findings.some(f => /^(architecture|vocabulary)-mismatch$/.test(f.rule) && f.severity !== 'information'))
        missed.push(`${name}: ${size} ${value} → ${Object.values(change).join()}`)
    }
  }
  expect(missed).toEqual([])
})

test('a pair with the same product, which MLX takes without a word, is found in every checkpoint', async () => {
  const missed: string[] = []
  for (const [name, { tensors, config, format }] of Object.entries(healthy)) {
    const block = config['quantization'] as { bits: number; group_size: number | null; mode?: string } | undefined
    // Where every module has an entry of its own, the global values hold for none.
    if (!block || (block.mode ?? 'affine') !== 'affine' || name.includes('mixed')) continue
    const groupSize = block.group_size ?? 64
    for (const bits of [1, 2, 3, 4, 5, 6, 8])
      for (const group of [32, 64, 128]) {
        if (bits * group !== block.bits * groupSize || bits === block.bits) continue
        const wrong = { ...config, quantization: { ...block, bits, group_size: group } }
        const findings = await findingsIn({ tensors, config: wrong, format })
        const found = findings.filter(f => f.rule === 'contradictory-quantization-config')
        // One finding for the bits, one for the group size, each with every module that is served by the block.
        if (found.length !== 2 || found.some(f => f.fixes.length !== 1))
          missed.push(`${name} as ${bits}-bit g${group}: ${found.map(f => f.message).join('; ')}`)
      }
  }
  expect(missed).toEqual([])
})

test('no value of a config, of whatever kind, stops a rule', async () => {
  const keys = [
    'quantization',
    'quantization_config',
    'text_config',
    'tie_word_embeddings',
    'head_dim',
    'model_type',
    ...sizes,
  ]
  const names = [
    'Qwen3-Next 80B-A3B, MLX 4-bit, gates 8-bit',
    'gpt-oss 20B, MLX mxfp4 with affine router',
    'Llama 3.1 8B',
  ]
  const inner = fc.dictionary(
    fc.constantFrom(
      'bits',
      'group_size',
      'mode',
      'quant_method',
      'lm_head',
      'model.layers.0.mlp.gate',
      '__proto__',
      'model_type',
      'hidden_size',
    ),
    fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(0, -1, 4, 64, 0.5, 1e300, 'mxfp4', 'awq', 'llama', null)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.dictionary(
        fc.constantFrom(...keys),
        fc.oneof(inner, fc.jsonValue({ maxDepth: 2 }), fc.integer(), fc.constant('llama')),
      ),
      async (name, change) => {
        const stored = healthy[name]
        // `findingsIn` expects that no rule is broken.
        if (stored) await findingsIn({ ...stored, config: { ...stored.config, ...change } })
      },
    ),
    { numRuns: 150 },
  )
})
