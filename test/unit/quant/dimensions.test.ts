// Evidence for a module's width: what is stored before what is stated, and nothing where nothing tells.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { groupModels } from '../../../server/checkpoint/models'
import type { Model } from '../../../server/checkpoint/facts'
import { fittingPairs, storedShapes } from '../../../server/quant/affine'
import { expectedWidth, withEvidence } from '../../../server/quant/dimensions'
import { sparseShard, type Tensor } from '../../healthy/sparseShard'

const float = (name: string, ...shape: number[]): Tensor => ({ name, dtype: 'BF16', shape })
const packed = (path: string, out: number, inputs: number, bits: number, group: number): Tensor[] => {
  const side = [out, inputs / group]
  return [
    { name: `${path}.weight`, dtype: 'U32', shape: [out, (inputs * bits) / 32] },
    { name: `${path}.scales`, dtype: 'F16', shape: side },
    { name: `${path}.biases`, dtype: 'F16', shape: side },
  ]
}

async function modelOf(tensors: readonly Tensor[], config: unknown = {}, folders = ['/m']): Promise<Model> {
  const shards = await Promise.all(folders.map(folder => sparseShard(`${folder}/model.safetensors`, tensors, 'mlx')))
  const file = readJsonFile('/m/config.json', JSON.stringify(config))
  const [model] = groupModels({ shards, configs: [file], indexes: [] })
  if (!model) throw new Error('no model')
  return model
}

const layer = 'model.layers.3'
const query = packed(`${layer}.self_attn.q_proj`, 64, 512, 4, 64)

describe('the residual stream', () => {
  test('a stored norm binds, a stated size may be wrong', async () => {
    const model = await modelOf([...query, float(`${layer}.input_layernorm.weight`, 512)], { hidden_size: 1024 })
    expect(expectedWidth(model, `${layer}.self_attn.q_proj`)).toEqual({
      value: 512,
      why: 'model.layers.3.input_layernorm.weight has 512 elements',
    })
  })

  test('modules that write it', async () => {
    const model = await modelOf([...query, ...packed(`${layer}.mlp.down_proj`, 512, 1024, 4, 64)])
    expect(expectedWidth(model, `${layer}.self_attn.q_proj`)?.value).toBe(512)
  })

  test('modules that read it, where one pair alone fits them', async () => {
    const sure = await modelOf([...query, ...packed(`${layer}.self_attn.k_proj`, 64, 512, 8, 128)])
    expect(expectedWidth(sure, `${layer}.self_attn.q_proj`)?.value).toBe(512)
    const open = await modelOf([...query, ...packed(`${layer}.self_attn.k_proj`, 64, 512, 4, 64)])
    expect(expectedWidth(open, `${layer}.self_attn.q_proj`)).toBeUndefined()
  })

  test('a size of the part that the module belongs to, never of another', async () => {
    const config = { text_config: { hidden_size: 512 }, vision_config: { hidden_size: 1152 } }
    const model = await modelOf(query, config)
    expect(expectedWidth(model, 'model.layers.3.mlp.up_proj')?.value).toBe(512)
    expect(expectedWidth(model, 'vision_tower.blocks.0.attn.qkv')?.value).toBe(1152)
    expect(expectedWidth(model, 'audio_tower.layers.0.self_attn.q_proj')).toBeUndefined()
  })
})

describe('the middle of an MLP and the heads of an attention', () => {
  test('the first half of the same MLP', async () => {
    const model = await modelOf(
      [float(`${layer}.mlp.gate_up_proj.weight`, 1536, 512), ...packed(`${layer}.mlp.down_proj`, 512, 768, 4, 64)],
      { intermediate_size: 1024 },
    )
    expect(expectedWidth(model, `${layer}.mlp.down_proj`)?.value).toBe(768)
  })

  test('a slice of a rank is not as wide as the config says', async () => {
    const tensors = [
      float(`${layer}.mlp.up_proj.weight`, 512, 512),
      ...packed(`${layer}.mlp.down_proj`, 512, 512, 4, 64),
    ]
    const folders = ['/m/rank_0', '/m/rank_1']
    const ranks = await modelOf(tensors, { intermediate_size: 1024 }, folders)
    expect(expectedWidth(ranks, `${layer}.mlp.down_proj`)?.value).toBe(512)
  })

  test('a first half that stands alone may be two in one, unless the config says how wide one is', async () => {
    const tensors = [
      float(`${layer}.mlp.up_proj.weight`, 1024, 512),
      ...packed(`${layer}.mlp.down_proj`, 512, 512, 4, 64),
    ]
    expect(expectedWidth(await modelOf(tensors, {}), `${layer}.mlp.down_proj`)).toBeUndefined()
    const stated = await modelOf(tensors, { intermediate_size: 1024 })
    expect(expectedWidth(stated, `${layer}.mlp.down_proj`)?.value).toBe(1024)
    const pair = await modelOf([...tensors, float(`${layer}.mlp.gate_proj.weight`, 1024, 512)], {})
    expect(expectedWidth(pair, `${layer}.mlp.down_proj`)?.value).toBe(1024)
  })

  test('a second half beside halves of other names may be of another width than stated', async () => {
    const tensors = [
      float(`${layer}.mlp.w1.weight`, 512, 512),
      float(`${layer}.mlp.w2.weight`, 512, 512),
      ...packed(`${layer}.mlp.c_proj`, 512, 512, 4, 64),
    ]
    expect(expectedWidth(await modelOf(tensors, { intermediate_size: 1024 }), `${layer}.mlp.c_proj`)).toBeUndefined()
  })

  test('heads that only another size explains leave it open: a layer without values of its own, a gate', async () => {
    const sizes = { num_attention_heads: 8, head_dim: 64 }
    const queries = float(`${layer}.self_attn.q_proj.weight`, 1024, 256)
    const shared = await modelOf([queries], { model_type: 'gemma4_text', ...sizes })
    expect(expectedWidth(shared, `${layer}.self_attn.o_proj`)).toBeUndefined()
    const values = float(`${layer}.self_attn.v_proj.weight`, 64, 256)
    const unknown = await modelOf([queries, values], { model_type: 'something_new', ...sizes })
    expect(expectedWidth(unknown, `${layer}.self_attn.o_proj`)).toBeUndefined()
    const low = await modelOf([queries], { model_type: 'deepseek_v3', ...sizes, v_head_dim: 32 })
    expect(expectedWidth(low, `${layer}.self_attn.o_proj`)?.value).toBe(256)
    const fused = await modelOf([], { model_type: 'plamo2', num_attention_heads: 8, hidden_size: 512 })
    expect(expectedWidth(fused, `${layer}.self_attn.o_proj`)).toBeUndefined()
  })

  test('a gate doubles the queries, not the heads', async () => {
    const tensors = [
      float(`${layer}.self_attn.q_proj.weight`, 1024, 256),
      float(`${layer}.self_attn.v_proj.weight`, 64, 256),
    ]
    const sizes = { num_attention_heads: 8, head_dim: 64 }
    const gated = await modelOf(tensors, { model_type: 'qwen3_next', ...sizes })
    expect(expectedWidth(gated, `${layer}.self_attn.o_proj`)?.value).toBe(512)
    const plain = await modelOf(tensors, { model_type: 'qwen3', ...sizes })
    expect(expectedWidth(plain, `${layer}.self_attn.o_proj`)?.value).toBe(1024)
  })

  test('low-rank projections are as wide as their norm', async () => {
    const model = await modelOf([float(`${layer}.self_attn.kv_a_layernorm.weight`, 512)], { q_lora_rank: 1536 })
    expect(expectedWidth(model, `${layer}.self_attn.kv_b_proj`)?.value).toBe(512)
    expect(expectedWidth(model, `${layer}.self_attn.q_b_proj`)?.value).toBe(1536)
  })
})

test('names that say nothing have no width', async () => {
  const model = await modelOf(query, { hidden_size: 512 })
  for (const path of [
    'proj',
    `${layer}.cross_attn.k_proj`,
    'multi_modal_projector.linear_1',
    `${layer}.per_layer_input_gate.fc1`,
    '__proto__',
    'a.constructor',
  ])
    expect(expectedWidth(model, path), path).toBeUndefined()
})

test('with the true width exactly the true pair is left, for every pair of MLX', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3, 4, 5, 6, 8),
      fc.constantFrom(32, 64, 128),
      fc.integer({ min: 1, max: 64 }),
      (bits, groupSize, groups) => {
        const columns = groups * groupSize
        const shapes = storedShapes([8, columns], { bits, groupSize })
        const packedColumns = shapes?.weight[1] ?? 0
        const pairs = fittingPairs(packedColumns, shapes?.scales[1] ?? 0)
        expect(pairs).toContainEqual({ bits, groupSize })
        expect(withEvidence(pairs, packedColumns, { value: columns, why: '' })).toEqual([{ bits, groupSize }])
      },
    ),
  )
})
