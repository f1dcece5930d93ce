// Quantization blocks as mlx-lm resolves them, and what it does with those that are none of its own.

import { describe, expect, test } from 'vitest'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { overrideOf, parametersOf, quantizationBlocks, quantizationConfigs } from '../../../server/quant/config'
import { loaderPaths, movedPath } from '../../../server/quant/loaderPaths'
import { mlxLmReading } from '../../../server/quant/mlxLm'

const fileOf = (config: unknown) => readJsonFile('/m/config.json', JSON.stringify(config))
const only = (quantization: unknown) => {
  const [config] = quantizationConfigs(fileOf({ quantization }))
  if (!config) throw new Error('no block')
  return config
}

describe('parameters of a module', () => {
  const config = only({
    group_size: 32,
    bits: 8,
    mode: 'mxfp8',
    a: { bits: 6 },
    b: { group_size: null, bits: null },
    c: { mode: 'nvfp4' },
    d: false,
    e: true,
    'x.f': null,
    'x.g': {},
  })
  test.each([
    ['z', { bits: 8, groupSize: 32 }, 'mxfp8', false],
    ['a', { bits: 6, groupSize: 64 }, 'affine', true],
    ['b', { bits: 4, groupSize: 64 }, 'affine', true],
    ['c', { bits: 4, groupSize: 16 }, 'nvfp4', true],
    ['e', { bits: 8, groupSize: 32 }, 'mxfp8', false],
    ['x.g', { bits: 4, groupSize: 64 }, 'affine', true],
  ])('%s', (module, pair, mode, isOverride) => {
    expect(parametersOf(config, module)).toMatchObject({ pair, mode, isOverride })
  })

  test('false and null leave a module as it is', () => {
    expect(parametersOf(config, 'd')).toBeUndefined()
    expect(parametersOf(config, 'x.f')).toBeUndefined()
  })

  test('the last of a key given twice counts, and where it stands is kept', () => {
    const [block] = quantizationConfigs(
      readJsonFile('/m/config.json', '{"quantization":{"bits":4,"bits":8,"group_size":64}}'),
    )
    expect(block?.global.bits?.value).toBe(8)
    expect(block?.global.bits?.node.offset).toBe(33)
  })

  test('what is no parameter is no entry', () => {
    const { overrides } = only({
      bits: 4,
      group_size: 64,
      quantize_activations: false,
      config_groups: { group_0: {} },
      list: [],
    })
    expect([...overrides.keys()]).toEqual([])
  })
})

test('blocks are told in the order in which loaders look, foreign ones apart', () => {
  const file = fileOf({
    quantization_config: { quant_method: 'gptq', bits: 4, group_size: 128 },
    text_config: { quantization_config: { bits: 8, group_size: 64 } },
    quantization: { bits: 4, group_size: 64 },
  })
  const paths = (blocks: ReturnType<typeof quantizationBlocks>) => blocks.map(b => b.path.join('.'))
  expect(paths(quantizationBlocks(file))).toEqual([
    'quantization',
    'quantization_config',
    'text_config.quantization_config',
  ])
  expect(paths(quantizationConfigs(file))).toEqual(['quantization', 'text_config.quantization_config'])
})

describe('names', () => {
  test('an entry under the loader’s name holds for the stored module', () => {
    const config = only({
      bits: 4,
      group_size: 64,
      'language_model.model.layers.0.mlp.switch_mlp.down_proj': { bits: 6 },
    })
    expect(overrideOf(config, 'model.layers.0.mlp.experts.7.w2')).toBeDefined()
    expect(overrideOf(config, 'model.layers.0.mlp.experts.7.w1')).toBeUndefined()
    expect(overrideOf(config, 'model.layers.1.mlp.experts.7.w2')).toBeUndefined()
  })

  test('loaders move a text model forwards, never back', () => {
    expect(loaderPaths('model.language_model.layers.0.x')).toContain('language_model.model.layers.0.x')
    expect(loaderPaths('language_model.model.layers.0.x')).not.toContain('model.language_model.layers.0.x')
    expect(movedPath('qwen3_5', 'model.language_model.lm')).toBe('language_model.model.lm')
    expect(movedPath('llama', 'model.language_model.lm')).toBeUndefined()
  })
})

describe('what mlx-lm does', () => {
  const block = { bits: 4, group_size: 64 }
  test.each([
    [{ quantization: block }, 'quantizes'],
    [{ quantization: null, quantization_config: block }, 'raises'],
    [{ quantization_config: block }, 'raises'],
    [{ quantization_config: { quant_method: 'mxfp4' } }, 'quantizes'],
    [{ quantization_config: { quant_method: 'mxfp8' } }, 'quantizes'],
    [{ quantization_config: { quant_method: 'fp8', scale_fmt: 'ue8m0', weight_block_size: [32, 32] } }, 'quantizes'],
    [{ quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128] } }, 'nothing'],
    [{ quantization_config: { quant_method: 'compressed-tensors', format: 'pack-quantized' } }, 'quantizes'],
    [{ quantization_config: { quant_method: 'compressed-tensors', format: 'float-quantized' } }, 'raises'],
    [{ quantization_config: { quant_method: 'modelopt', quant_algo: 'NVFP4' } }, 'quantizes'],
    [{ quantization_config: { quant_method: 'modelopt', quant_algo: 'FP8' } }, 'raises'],
    [{ quantization_config: { quant_method: 'gptq' } }, 'raises'],
    [{ quantization_config: { quant_method: 'bitsandbytes' } }, 'nothing'],
    [{ text_config: { quantization_config: { quant_method: 'mxfp4' } } }, 'quantizes'],
    [{ text_config: { quantization: block } }, 'nothing'],
    [{}, 'nothing'],
  ])('%j: %s', (config, kind) => {
    expect(mlxLmReading(fileOf(config)).kind).toBe(kind)
  })
})
