// What a whole model is stored in: groups with counts, members spread over shards, ranks, and the rows that describe it.

import { expect, test } from 'vitest'
import type { DType } from '../../../server/checkpoint/dtype'
import type { Model } from '../../../server/checkpoint/facts'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { groupModels } from '../../../server/checkpoint/models'
import { readShard } from '../../../server/checkpoint/shard'
import { safetensorsHeader } from '../../../scripts/support/writeSafetensors'
import { dtypeBits } from '../../../server/checkpoint/dtype'
import { describeForeign, describeModule } from '../../../server/quant/formats/describe'
import { familiesOf } from '../../../server/quant/formats/families'
import { showRecognition } from '../../../server/quant/formats/format'
import { foreignGroups, formatOfTensor, formatsOf } from '../../../server/quant/formats/formatsOf'
import { mlxLmOutcome } from '../../../server/quant/formats/mlxLm'
import { hintsOf } from '../../../server/quant/formats/hints'
import type { ByteSource } from '../../../server/util/byteSource'

/** Each line `name DTYPE [shape]`; `#` in a name counts up to `copies`. */
function tensorsOf(table: string, copies = 1) {
  return table
    .trim()
    .split('\n')
    .flatMap(line => {
      const found = /^\s*(\S+) (\w+) \[([\d, ]*)\]$/.exec(line)
      if (!found) throw new Error(`not a tensor: ${line}`)
      const dtype = found[2] as DType
      const shape = (found[3] ?? '').split(',').filter(Boolean).map(Number)
      const bytes = (shape.reduce((a, b) => a * b, 1) * dtypeBits[dtype]) / 8
      const name = found[1] ?? ''
      return Array.from({ length: name.includes('#') ? copies : 1 }, (_, i) => ({
        name: name.replace('#', String(i)),
        dtype,
        shape,
        bytes,
      }))
    })
}

/** A file that is as long as its header says, without its data. */
function headerOnly(tensors: ReturnType<typeof tensorsOf>, metadata: Record<string, string>): ByteSource {
  const header = safetensorsHeader(tensors, metadata)
  return {
    sizeBytes: header.length + tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    read: (offset, length) => Promise.resolve(header.subarray(offset, offset + length)),
  }
}

async function modelOf(files: Record<string, string>, config?: object, copies = 1): Promise<Model> {
  const shards = await Promise.all(
    Object.entries(files).map(([path, table]) =>
      readShard(path, headerOnly(tensorsOf(table, copies), { format: 'pt' })),
    ),
  )
  const configs = config ? [readJsonFile('/m/config.json', JSON.stringify(config))] : []
  const [model] = groupModels({ shards, configs, indexes: [] })
  if (!model) throw new Error('no model')
  return model
}

const summary = (model: Model) =>
  formatsOf(model).map(
    ({ recognition, count }) => `${recognition ? showRecognition(recognition) : 'unknown'}: ${count}`,
  )

const gptq = (name: string) => `
${name}.qweight I32 [512, 4096]
${name}.qzeros I32 [32, 512]
${name}.scales F16 [32, 4096]
${name}.g_idx I32 [4096]`

test('groups by format, with counts and names', async () => {
  const model = await modelOf(
    {
      '/m/model.safetensors': `${gptq('model.layers.#.q_proj')}
model.embed_tokens.weight BF16 [320, 4096]
model.layers.#.norm.weight BF16 [4096]`,
    },
    { quantization_config: { quant_method: 'gptq', bits: 4, group_size: 128, checkpoint_format: 'gptq' } },
    3,
  )
  expect(summary(model)).toEqual(['GPTQ v1 4-bit g128: 3', 'not quantized: 4'])
  const [group] = foreignGroups(model)
  expect(group?.weights()).toEqual([0, 1, 2].map(i => `model.layers.${i}.q_proj`))
  expect(group?.tensors()).toEqual([0, 1, 2].map(i => `model.layers.${i}.q_proj.qweight`))
  expect(formatsOf(model)).toBe(formatsOf(model))
})

test('members that lie in different shards are judged together', async () => {
  const model = await modelOf({
    '/m/model-00001-of-00002.safetensors':
      'a.qweight I32 [512, 4096]\na.scales F16 [32, 4096]\nb.weight U32 [64, 48]\nb.scales F16 [64, 2]',
    '/m/model-00002-of-00002.safetensors':
      'a.qzeros I32 [32, 512]\na.g_idx I32 [4096]\nb.biases F16 [64, 2]\nc.weight F16 [8, 8]',
  })
  expect(summary(model)).toEqual(['GPTQ 4-bit g128: 1', 'MLX affine 6-bit g128: 1', 'not quantized: 1'])
})

test('ranks each hold a slice, and a module counts once', async () => {
  const slice = 'l.weight F8_E4M3 [128, 256]\nl.weight_scale_inv F32 [1, 2]'
  const model = await modelOf({ '/m/rank_0/model.safetensors': slice, '/m/rank_1/model.safetensors': slice })
  expect(model.shards).toHaveLength(2)
  expect(summary(model)).toEqual(['FP8 8-bit 128×128 blocks: 1'])
})

test('a module of stacked experts has several weights', async () => {
  const model = await modelOf({
    '/m/model.safetensors': `
l.experts.gate_up_proj_blocks U8 [4, 64, 2, 16]
l.experts.gate_up_proj_scales U8 [4, 64, 2]
l.experts.gate_up_proj_bias BF16 [4, 64]
l.experts.down_proj_blocks U8 [4, 64, 1, 16]
l.experts.down_proj_scales U8 [4, 64, 1]
l.experts.down_proj_bias BF16 [4, 64]`,
  })
  const [group] = formatsOf(model)
  expect(group?.count).toBe(2)
  expect(group?.weights()).toEqual(['l.experts.gate_up_proj', 'l.experts.down_proj'])
  expect(group?.tensors()).toEqual(['l.experts.gate_up_proj_blocks', 'l.experts.down_proj_blocks'])
  expect(describeForeign(model, 'l.experts')).toBe(
    'gate_up_proj: gpt-oss MXFP4 4-bit g32 4 × 64→64, down_proj: gpt-oss MXFP4 4-bit g32 4 × 32→64',
  )
})

test('VPTQ keeps its tables in modules of their own', async () => {
  const model = await modelOf({
    '/m/model.safetensors':
      'p.indices I32 [1, 64, 512]\np.centroids.weight F16 [1, 65536]\np.perm I16 [512]\nq.centroids.weight F16 [4, 4]',
  })
  expect(summary(model)).toEqual(['VPTQ: 1', 'not quantized: 1'])
  const [shard] = model.shards
  expect(shard && formatOfTensor(model, shard, 'p.centroids.weight')?.format.id).toBe('vptq')
})

test('packed integers that no format claims stay unrecognised', async () => {
  const model = await modelOf({
    '/m/model.safetensors': 'p.weight I32 [96, 64]\np.scales F16 [96, 8]\np.biases F16 [96, 8]',
  })
  expect(summary(model)).toEqual(['unknown: 1'])
  expect(foreignGroups(model)).toEqual([])
  expect(describeForeign(model, 'p')).toBeUndefined()
})

test('rows of the tree', async () => {
  const model = await modelOf(
    {
      '/m/model.safetensors': `
a.qweight I32 [3072, 384]
a.qzeros I32 [24, 384]
a.scales F16 [24, 3072]
m.weight U32 [64, 48]
m.scales F16 [64, 2]
m.biases F16 [64, 2]
n.weight BF16 [64, 48]
s.dense_weights I64 [4096]
s.row_offsets I32 [17]
s.col_vals I32 [7]`,
    },
    { quantization_config: { quant_method: 'awq', bits: 4, group_size: 128 } },
  )
  expect(describeModule(model, 'a')).toBe('AWQ GEMM 4-bit g128 3072→3072')
  expect(describeForeign(model, 'a')).toBe('AWQ GEMM 4-bit g128 3072→3072')
  expect(describeModule(model, 'm')).toBe('MLX affine 6-bit g128 256→64')
  expect(describeForeign(model, 'm')).toBeUndefined()
  expect(describeForeign(model, 'n')).toBeUndefined()
  expect(describeForeign(model, 's')).toBe('SpQR')
  expect(describeForeign(model, 'nothing')).toBeUndefined()
})

test('work is for families, not for names', async () => {
  const model = await modelOf({ '/m/model.safetensors': gptq('model.layers.#.q_proj') }, undefined, 500)
  expect(familiesOf(model).map(({ pattern, modules }) => [pattern, modules().length])).toEqual([
    ['model.layers.#.q_proj', 500],
  ])
  expect(formatsOf(model)[0]?.patterns).toEqual(['model.layers.#.q_proj'])
})

test('modules of one pattern that are stored differently are told apart', async () => {
  const model = await modelOf({
    '/m/model.safetensors': `
l.0.p.weight U32 [64, 48]
l.0.p.scales F16 [64, 2]
l.0.p.biases F16 [64, 2]
l.0.p.bias F16 [64]
l.1.p.weight U32 [64, 48]
l.1.p.scales F16 [64, 2]
l.1.p.biases F16 [64, 2]
l.2.p.weight BF16 [64, 256]
l.3.p.weight U32 [64, 40]
l.3.p.scales F16 [64, 4]
l.3.p.biases F16 [64, 4]`,
  })
  expect(summary(model)).toEqual(['MLX affine 6-bit g128: 2', 'not quantized: 1', 'MLX affine 5-bit g64: 1'])
  expect(formatsOf(model)[0]?.weights()).toEqual(['l.0.p', 'l.1.p'])
})

test('what mlx-lm does with it', async () => {
  const outcome = async (table: string, config: object) => {
    const model = await modelOf({ '/m/model.safetensors': table }, config)
    const [group] = foreignGroups(model)
    if (!group) throw new Error('nothing foreign')
    const { kind, how } = mlxLmOutcome(group.recognition, hintsOf(model.configs[0]), [...group.members.keys()])
    return `${kind}: ${how}`
  }
  const fp8 = 'p.weight F8_E4M3 [128, 256]\np.weight_scale_inv F32 [1, 2]'
  const method = { quant_method: 'fp8', weight_block_size: [128, 128] }
  expect(await outcome(fp8, { model_type: 'deepseek_v3', quantization_config: method })).toMatch(/^reads: decodes/)
  expect(await outcome(fp8, { model_type: 'qwen3', quantization_config: method })).toMatch(
    /^refuses: has no reader for fp8/,
  )
  expect(
    await outcome(fp8, {
      model_type: 'mistral3',
      text_config: { model_type: 'ministral3' },
      quantization_config: method,
    }),
  ).toMatch(/^misreads: multiplies the undecoded bytes/)
  const awq = { quant_method: 'awq', bits: 4, group_size: 128 }
  expect(await outcome('p.qweight I32 [256, 16]\np.scales F16 [2, 128]', { quantization_config: awq })).toMatch(
    /^reads/,
  )
  expect(await outcome(gptq('p'), { quantization_config: { ...awq, quant_method: 'gptq' } })).toMatch(
    /stops at the first g_idx/,
  )
  expect(await outcome(gptq('p'), { quantization_config: { quant_method: 'gptq', bits: 8 } })).toMatch(/Only bits=8/)
  const packed = 'p.weight_packed U8 [64, 128]\np.weight_scale U8 [64, 8]'
  const float = { quant_method: 'compressed-tensors', format: 'mxfp8-quantized' }
  expect(await outcome(packed, { quantization_config: float })).toContain(
    "unsupported compressed-tensors format 'mxfp8-quantized'",
  )
  expect(await outcome(packed, { quantization: { bits: 4, group_size: 32 } })).toMatch(
    /^refuses: takes the `quantization` block/,
  )
  expect(await outcome(packed, {})).toMatch(/^refuses: sees no quantization/)
})
