// Which files make one model, by paths alone; and what its modules are.

import { expect, test } from 'vitest'
import { type TensorToWrite, writeSafetensors } from '../../../scripts/support/writeSafetensors'
import type { DType } from '../../../server/checkpoint/dtype'
import type { Model, Shard } from '../../../server/checkpoint/facts'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { groupModels, ranksOf } from '../../../server/checkpoint/models'
import { moduleKinds } from '../../../server/checkpoint/moduleKinds'
import { modulesOf, modulesOfShard, splitName, tensorOf } from '../../../server/checkpoint/modules'
import { compareNatural } from '../../../server/checkpoint/paths'
import { readShard } from '../../../server/checkpoint/shard'
import { bytesSource } from '../../../server/util/byteSource'

const u8 = (name: string, dtype: DType = 'U8'): TensorToWrite => ({
  name,
  dtype,
  shape: [4],
  data: new Uint8Array(dtype === 'U32' ? 16 : dtype === 'U8' ? 4 : 8),
})
const shardAt = (
  path: string,
  tensors: readonly TensorToWrite[] = [u8('a.weight')],
  metadata?: Record<string, string>,
): Promise<Shard> => readShard(path, bytesSource(writeSafetensors(tensors, metadata ?? {})))

/** Groups files given by path only. */
async function group(paths: readonly string[], lone?: ReadonlySet<string>): Promise<readonly Model[]> {
  const shards = await Promise.all(paths.filter(path => path.endsWith('.safetensors')).map(path => shardAt(path)))
  const json = (ending: string): ReturnType<typeof readJsonFile>[] =>
    paths.filter(path => path.endsWith(ending)).map(path => readJsonFile(path, '{}'))
  return groupModels({ shards: shards.reverse(), configs: json('config.json'), indexes: json('.index.json') }, lone)
}

/** A model as text: path, then its shards, then what speaks of it. */
const show = (models: readonly Model[]): string[] =>
  models.map(({ path, shards, configs, index }) => {
    const from = (file: { readonly path: string }): string =>
      file.path === path ? '.' : file.path.startsWith(`${path}/`) ? file.path.slice(path.length + 1) : file.path
    return [
      path,
      ':',
      ...shards.map(from),
      ...configs.map(file => `+${file.path}`),
      ...(index ? [`#${index.path}`] : []),
    ].join(' ')
  })

test('a folder with config, index or model names is one model', async () => {
  expect(show(await group(['/w/a/config.json', '/w/a/x.safetensors', '/w/a/y.safetensors']))).toEqual([
    '/w/a : x.safetensors y.safetensors +/w/a/config.json',
  ])
  expect(show(await group(['/w/a/model.safetensors.index.json', '/w/a/x.safetensors']))).toEqual([
    '/w/a : x.safetensors #/w/a/model.safetensors.index.json',
  ])
  expect(show(await group(['/w/model-00010-of-00010.safetensors', '/w/model-00009-of-00010.safetensors']))).toEqual([
    '/w : model-00009-of-00010.safetensors model-00010-of-00010.safetensors',
  ])
})

test('other files stand alone, and so do adapters and files named one by one', async () => {
  expect(show(await group(['/w/a.safetensors', '/w/b.safetensors']))).toEqual([
    '/w/a.safetensors : .',
    '/w/b.safetensors : .',
  ])
  expect(
    show(
      await group([
        '/w/config.json',
        '/w/model.safetensors',
        '/w/adapters.safetensors',
        '/w/0000100_adapters.safetensors',
        '/w/adapter_model.safetensors',
      ]),
    ),
  ).toEqual([
    '/w : model.safetensors +/w/config.json',
    '/w/0000100_adapters.safetensors : .',
    '/w/adapter_model.safetensors : .',
    '/w/adapters.safetensors : .',
  ])
  expect(
    show(await group(['/w/config.json', '/w/x.safetensors', '/w/y.safetensors'], new Set(['/w/y.safetensors']))),
  ).toEqual(['/w : x.safetensors +/w/config.json', '/w/y.safetensors : .'])
  expect(show(await group(['/w/consolidated.safetensors', '/w/model.safetensors']))).toEqual([
    '/w : model.safetensors',
    '/w/consolidated.safetensors : .',
  ])
})

test('ranks below a config are one model, in the order of their numbers', async () => {
  const models = await group([
    '/w/m/config.json',
    '/w/m/rank_0/a.safetensors',
    '/w/m/rank_10/a.safetensors',
    '/w/m/rank_9/a.safetensors',
  ])
  expect(show(models)).toEqual([
    '/w/m : rank_0/a.safetensors rank_9/a.safetensors rank_10/a.safetensors +/w/m/config.json',
  ])
  expect(models[0] && ranksOf(models[0]).map(rank => [rank.label, rank.path, rank.shards.length])).toEqual([
    ['rank_0', '/w/m/rank_0', 1],
    ['rank_9', '/w/m/rank_9', 1],
    ['rank_10', '/w/m/rank_10', 1],
  ])
})

test('a folder between the config and the ranks is passed over, two are not', async () => {
  expect(
    show(
      await group(['/w/m/config.json', '/w/m/shards/rank0/model.safetensors', '/w/m/shards/rank1/model.safetensors']),
    ),
  ).toEqual(['/w/m : shards/rank0/model.safetensors shards/rank1/model.safetensors +/w/m/config.json'])
  expect(
    show(await group(['/w/m/config.json', '/w/m/a/b/node-0/x.safetensors', '/w/m/a/b/node-1/x.safetensors'])),
  ).toEqual(['/w/m/a/b : node-0/x.safetensors node-1/x.safetensors'])
})

test('ranks that each have a config keep them all', async () => {
  expect(
    show(
      await group([
        '/w/m/tp_0/config.json',
        '/w/m/tp_0/model.safetensors',
        '/w/m/tp_1/config.json',
        '/w/m/tp_1/model.safetensors',
      ]),
    ),
  ).toEqual(['/w/m : tp_0/model.safetensors tp_1/model.safetensors +/w/m/tp_0/config.json +/w/m/tp_1/config.json'])
})

test('a whole model above its ranks is a model of its own', async () => {
  expect(
    show(
      await group([
        '/w/m/config.json',
        '/w/m/model.safetensors',
        '/w/m/rank_0/x.safetensors',
        '/w/m/rank_1/x.safetensors',
      ]),
    ),
  ).toEqual([
    '/w/m : model.safetensors +/w/m/config.json',
    '/w/m/rank_0 : x.safetensors /w/m/rank_1/x.safetensors +/w/m/config.json',
  ])
  const [, ranks] = await group([
    '/w/m/config.json',
    '/w/m/model.safetensors',
    '/w/m/shards/rank_0/x.safetensors',
    '/w/m/shards/rank_1/x.safetensors',
  ])
  expect(ranks?.path).toBe('/w/m/shards')
})

test('training checkpoints and folders that only look alike are models of their own', async () => {
  expect(
    show(
      await group(['/w/config.json', '/w/checkpoint-500/model.safetensors', '/w/checkpoint-1000/model.safetensors']),
    ),
  ).toEqual(['/w/checkpoint-500 : model.safetensors', '/w/checkpoint-1000 : model.safetensors'])
  expect(
    (
      await group([
        '/w/llama-7/config.json',
        '/w/llama-7/model.safetensors',
        '/w/llama-13/config.json',
        '/w/llama-13/model.safetensors',
      ])
    ).length,
  ).toBe(2)
  expect((await group(['/w/part1/config.json', '/w/part1/model.safetensors'])).map(model => model.path)).toEqual([
    '/w/part1',
  ])
  expect(
    (await group(['/w/config.json', '/w/half1/x.safetensors', '/w/half2/x.safetensors'])).map(model => model.path),
  ).toEqual(['/w'])
})

test('the Hugging Face cache keeps the path as found', async () => {
  const at = '/h/models--org--name/snapshots/0a1b2c3d'
  expect(show(await group([`${at}/config.json`, `${at}/model.safetensors`]))).toEqual([
    `${at} : model.safetensors +${at}/config.json`,
  ])
})

test('kind: by what the writer says, by packed weights, by the config', async () => {
  const kind = async (
    tensors: readonly TensorToWrite[],
    metadata?: Record<string, string>,
    config = '{}',
  ): Promise<string | undefined> => {
    const shards = [await shardAt('/w/model.safetensors', tensors, metadata)]
    return groupModels({ shards, configs: [readJsonFile('/w/config.json', config)], indexes: [] })[0]?.kind
  }
  expect(await kind([u8('a.weight')], { format: 'mlx' })).toBe('mlx')
  expect(await kind([u8('a.weight', 'U32'), u8('a.scales', 'F16')])).toBe('mlx')
  expect(await kind([u8('a.weight', 'U32'), u8('a.scales', 'F16')], { format: 'pt' })).toBe('mlx')
  expect(await kind([u8('a.weight'), u8('a.scales', 'F16')], { format: 'pt' })).toBe('huggingface')
  expect(await kind([u8('a.weight')], {}, '{"architectures": []}')).toBe('huggingface')
  expect(await kind([u8('a.weight')])).toBe('unknown')
})

test('natural order', () => {
  const sorted = ['a/b', 'a-1', 'a1', 'a2', 'a10', 'a010', 'a99999999999999999999', 'a100000000000000000000', 'b']
  expect([...sorted].reverse().sort(compareNatural)).toEqual([...sorted].sort(compareNatural))
  expect(['r10', 'r9', 'r09'].sort(compareNatural)).toEqual(['r09', 'r9', 'r10'])
  expect(compareNatural('a99999999999999999999', 'a100000000000000000000')).toBeLessThan(0)
})

test('names split into module and parameter', () => {
  expect(splitName('model.layers.0.q_proj.weight')).toEqual({ module: 'model.layers.0.q_proj', parameter: 'weight' })
  expect(splitName('q_proj.weight.absmax')).toEqual({ module: 'q_proj', parameter: 'weight.absmax' })
  expect(splitName('lonely')).toEqual({ module: '', parameter: 'lonely' })
  expect(splitName('.weight')).toEqual({ module: '', parameter: 'weight' })
})

test('modules gather their tensors over shards; quantized ones rank by rank', async () => {
  const triple = (module: string): TensorToWrite[] => [
    u8(`${module}.weight`, 'U32'),
    u8(`${module}.scales`, 'F16'),
    u8(`${module}.biases`, 'F16'),
  ]
  const shards = [
    await shardAt('/w/rank_0/x.safetensors', [...triple('q'), u8('norm.weight')]),
    await shardAt('/w/rank_1/x.safetensors', triple('q')),
    await shardAt('/w/rank_1/y.safetensors', [u8('k.weight', 'U32')]),
    await shardAt('/w/rank_1/z.safetensors', [u8('k.scales', 'F16'), u8('norm.weight')]),
  ]
  const [model] = groupModels({ shards, configs: [readJsonFile('/w/config.json', '{}')], indexes: [] })
  if (!model) throw new Error('no model')
  const modules = modulesOf(model)
  expect([...modules.keys()]).toEqual(['q', 'norm', 'k'])
  expect(modules.get('q')).toHaveLength(6)
  expect(
    modules
      .get('k')
      ?.map(tensorOf)
      .map(tensor => tensor.name),
  ).toEqual(['k.weight', 'k.scales'])
  const kinds = moduleKinds(model).map(({ pattern, folder, count, members, apart }) => [
    pattern,
    folder,
    count,
    [...members.keys()].sort().join(),
    apart.map(({ path }) => path).join(),
  ])
  expect(kinds).toEqual([
    ['q', '/w/rank_0', 1, 'biases,scales,weight', ''],
    ['norm', '/w/rank_0', 1, 'weight', ''],
    ['q', '/w/rank_1', 1, 'biases,scales,weight', ''],
    ['k', '/w/rank_1', 1, 'scales,weight', 'k'],
    ['norm', '/w/rank_1', 1, 'weight', ''],
  ])
  expect(moduleKinds(model)).toBe(moduleKinds(model))
  const [first] = shards
  expect(first && modulesOfShard(first)).toBe(first && modulesOfShard(first))
  expect(modulesOf(model)).toBe(modules)
})
