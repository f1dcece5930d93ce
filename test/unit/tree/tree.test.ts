import { describe, expect, test } from 'vitest'
import type { DType } from '../../../server/checkpoint/dtype'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { groupModels } from '../../../server/checkpoint/models'
import { readShard } from '../../../server/checkpoint/shard'
import type { Analysis, Snapshot } from '../../../server/engine'
import type { Finding, TreeParams } from '../../../server/protocol'
import { buildTree } from '../../../server/tree/index'
import { bytesSource } from '../../../server/util/byteSource'
import { fakeAnalysis } from '../../support/fakeWorld'
import { triple, zeros } from '../../support/tempFolder'

type Tensors = Readonly<Record<string, readonly [DType, ...number[]]>>

async function snapshotOf(
  files: Readonly<Record<string, Tensors>>,
  configs: Readonly<Record<string, object>> = {},
): Promise<Snapshot> {
  const shards = await Promise.all(
    Object.entries(files).map(([path, tensors]) => readShard(path, bytesSource(zeros(tensors)))),
  )
  const jsonFiles = Object.entries(configs).map(([path, value]) => readJsonFile(path, JSON.stringify(value)))
  return { folders: ['/ws'], models: groupModels({ shards, configs: jsonFiles, indexes: [] }), programs: [] }
}

/** Every row, indented below its parent: `label · description !severity`. */
function draw(snapshot: Snapshot, params: Partial<TreeParams> = {}, more: Partial<Analysis> = {}): string[] {
  const analysis = fakeAnalysis(snapshot, more)
  const rows = (parent: string | undefined, indent: string): string[] =>
    buildTree(snapshot, analysis, { grouping: 'shard', filter: '', ...params, parent }).flatMap(node => [
      indent + [node.label, node.description].filter(Boolean).join(' · ') + (node.severity ? ` !${node.severity}` : ''),
      ...(node.hasChildren ? rows(node.id, `${indent}  `) : []),
    ])
  return rows(undefined, '')
}

const layer = (n: number) => ({
  [`model.layers.${n}.input_layernorm.weight`]: ['F16', 256] as const,
  ...triple(`model.layers.${n}.self_attn.q_proj`, 128, 256),
})

const split = () =>
  snapshotOf(
    {
      '/ws/m/rank_0/model.safetensors': { ...triple('model.embed_tokens', 512, 256), ...layer(2), ...layer(10) },
      '/ws/m/rank_1/model.safetensors': { ...layer(11), 'model.norm.weight': ['F16', 256] },
    },
    { '/ws/m/config.json': { quantization: { bits: 4, group_size: 32 } } },
  )

const tripleRows = ['weight · U32 [128, 32] · 16 KB', 'scales · F16 [128, 4] · 1 KB', 'biases · F16 [128, 4] · 1 KB']

const layerRows = (n: number, indent: string) =>
  [
    `layers.${n} · 2 modules`,
    '  input_layernorm · F16 [256]',
    '    weight · F16 [256] · 512 B',
    '  self_attn',
    '    q_proj · Linear 256→128 · 4-bit g64 affine',
    ...tripleRows.map(row => `      ${row}`),
  ].map(row => indent + row)

const embeddingRows = (indent: string) =>
  [
    'embed_tokens · Embedding 512×256 · 4-bit g64 affine',
    '  weight · U32 [512, 32] · 64 KB',
    '  scales · F16 [512, 4] · 4 KB',
    '  biases · F16 [512, 4] · 4 KB',
  ].map(row => indent + row)

describe('rows', () => {
  test('ranks, nested modules in the order of their numbers, folded quantized weights, stored tensors', async () => {
    expect(draw(await split())).toEqual([
      'm · 2 ranks · 16 tensors · 128 KB',
      '  rank_0 · model.safetensors · 11 tensors · 109 KB',
      '    model · 2 modules',
      ...embeddingRows('      '),
      '      layers · 2 modules',
      ...layerRows(2, '        '),
      ...layerRows(10, '        '),
      '  rank_1 · model.safetensors · 5 tensors · 19 KB',
      '    model · 2 modules',
      ...layerRows(11, '      ').map((row, i) => (i === 0 ? row.replace(' · 2 modules', ' · 2 modules') : row)),
      '      norm · F16 [256]',
      '        weight · F16 [256] · 512 B',
    ])
  })

  test('modules across ranks, where the user groups by module', async () => {
    const rows = draw(await split(), { grouping: 'module' })
    expect(rows.slice(0, 7)).toEqual([
      'm · 2 ranks · 16 tensors · 128 KB',
      '  model · 3 modules',
      ...embeddingRows('    '),
      '    layers · 3 modules',
    ])
    expect(rows.slice(7, 7 + 24)).toEqual([2, 10, 11].flatMap(n => layerRows(n, '      ')))
  })

  test('shards, and several of them in a rank', async () => {
    const shards = await snapshotOf({
      '/ws/model-00002-of-00002.safetensors': { 'b.weight': ['F16', 2] },
      '/ws/model-00001-of-00002.safetensors': { 'a.weight': ['F16', 2] },
    })
    expect(draw(shards)).toEqual([
      'ws · 2 shards · 2 tensors · 8 B',
      '  model-00001-of-00002.safetensors · 1 tensor · 4 B',
      '    a · F16 [2]',
      '      weight · F16 [2] · 4 B',
      '  model-00002-of-00002.safetensors · 1 tensor · 4 B',
      '    b · F16 [2]',
      '      weight · F16 [2] · 4 B',
    ])
    const ranks = await snapshotOf({
      '/ws/rank_0/a.safetensors': { 'a.weight': ['F16', 2] },
      '/ws/rank_0/b.safetensors': { 'b.weight': ['F16', 2] },
      '/ws/rank_1/a.safetensors': { 'a.weight': ['F16', 2] },
    })
    const rows = draw(ranks)
    expect(rows.slice(1, 4)).toEqual([
      '  rank_0 · 2 shards · 2 tensors · 8 B',
      '    a.safetensors · 1 tensor · 4 B',
      '      a · F16 [2]',
    ])
    expect(draw(ranks, { grouping: 'module' }).slice(1, 5)).toEqual([
      '  a · F16 [2] · in 2 ranks',
      '    weight · F16 [2] · 4 B · rank_0',
      '    weight · F16 [2] · 4 B · rank_1',
      '  b · F16 [2]',
    ])
  })

  test('names of no module, of one letter, and of JavaScript objects', async () => {
    const snapshot = await snapshotOf({
      '/ws/x.safetensors': {
        weight: ['F16', 1],
        ['__proto__']: ['F16', 1],
        'constructor.toString': ['F16', 1],
        'a..b': ['F16', 1],
      },
    })
    expect(draw(snapshot).slice(2).sort()).toEqual(
      [
        '    a',
        '      ""',
        '        b · F16 [1] · 2 B',
        '    constructor',
        '      toString · F16 [1] · 2 B',
        '    __proto__ · F16 [1] · 2 B',
        '    weight · F16 [1] · 2 B',
      ].sort(),
    )
  })

  test('a snapshot of a Hugging Face cache is called by the name of its model', async () => {
    const snapshot = await snapshotOf({
      '/hub/models--org--some--name/snapshots/0123/model.safetensors': { a: ['F16', 1] },
    })
    expect(draw(snapshot)[0]).toBe('org/some--name · 1 shard · 1 tensor · 2 B')
  })

  test('what menus need is on every row', async () => {
    const snapshot = await split()
    const [model] = buildTree(snapshot, fakeAnalysis(snapshot), { grouping: 'shard', filter: '' })
    const [rank] = buildTree(snapshot, fakeAnalysis(snapshot), { grouping: 'shard', filter: '', parent: model?.id })
    const [folder] = buildTree(snapshot, fakeAnalysis(snapshot), { grouping: 'shard', filter: '', parent: rank?.id })
    const [module] = buildTree(snapshot, fakeAnalysis(snapshot), { grouping: 'shard', filter: '', parent: folder?.id })
    const [tensor] = buildTree(snapshot, fakeAnalysis(snapshot), { grouping: 'shard', filter: '', parent: module?.id })
    expect([model, rank, folder, module, tensor].map(row => [row?.kind, row?.model, row?.path, row?.name])).toEqual([
      ['model', '/ws/m', '/ws/m/rank_0/model.safetensors', '/ws/m'],
      ['rank', '/ws/m', '/ws/m/rank_0/model.safetensors', '/ws/m/rank_0'],
      ['folder', '/ws/m', '/ws/m/rank_0/model.safetensors', 'model'],
      ['module', '/ws/m', '/ws/m/rank_0/model.safetensors', 'model.embed_tokens'],
      ['tensor', '/ws/m', '/ws/m/rank_0/model.safetensors', 'model.embed_tokens.weight'],
    ])
  })

  test('a row that is no longer there, or that nobody wrote, has no children', async () => {
    const snapshot = await split()
    for (const parent of [
      '',
      'x',
      '[]',
      '["model"]',
      '["model","/gone"]',
      '["module","/ws/m","/ws/m","gone"]',
      '{"a":1}',
    ])
      expect(buildTree(snapshot, fakeAnalysis(snapshot), { grouping: 'shard', filter: '', parent })).toEqual([])
  })
})

describe('quantized weights', () => {
  test('transposed, sliced, ambiguous, stacked, and of other modes', async () => {
    const snapshot = await snapshotOf(
      {
        '/ws/model.safetensors': {
          'a.q_proj.weight': ['U32', 32, 128],
          'a.q_proj.scales': ['F16', 4, 128],
          'a.q_proj.biases': ['F16', 4, 128],
          'b.weight': ['U32', 40, 120],
          'b.scales': ['F16', 120, 4],
          'b.biases': ['F16', 120, 4],
          'c.weight': ['U32', 128, 32],
          'c.scales': ['F16', 64, 4],
          'c.biases': ['F16', 64, 4],
          'd.weight': ['U32', 128, 32],
          'd.scales': ['U8', 128, 8],
          'e.weight': ['U32', 128, 33],
          'e.scales': ['F16', 128, 4],
          'e.biases': ['F16', 128, 4],
          'f.weight': ['U32', 128, 64],
          'f.scales': ['F16', 128, 8],
          'f.biases': ['F16', 128, 8],
          'g.weight': ['U32', 8, 128, 40],
          'g.scales': ['F16', 8, 128, 4],
          'g.biases': ['F16', 8, 128, 4],
          'h.weight': ['F32', 3, 4],
          'h.scales': ['F32', 3],
          'embed.weight': ['F32', 3, 4],
        },
      },
      { '/ws/config.json': { hidden_size: 256 } },
    )
    const params = { grouping: 'module', filter: '' } as const
    const [model] = buildTree(snapshot, fakeAnalysis(snapshot), params)
    const rows = buildTree(snapshot, fakeAnalysis(snapshot), { ...params, parent: model?.id })
    expect(Object.fromEntries(rows.map(({ label, description }) => [label, description]))).toEqual({
      a: undefined,
      b: 'Linear 256→120 · 5-bit g64 affine · stored transposed: weight',
      c: 'quantized · scales have 64 rows, weight 128',
      d: 'Linear 256→128 · 4-bit g32 mxfp4',
      e: 'quantized · the shapes of weight, scales and biases do not fit',
      f: 'quantized [128, 64] · 4-bit g64 or 8-bit g32 or 2-bit g128 affine',
      g: '8 × Linear 256→128 · 5-bit g64 affine',
      h: 'F32 [3, 4]',
      embed: 'Embedding 3×4 · F32',
    })
    expect(draw(snapshot, { filter: 'a.q_proj.weight' })[3]).toBe(
      '      q_proj · Linear 256→128 · 4-bit g64 affine · stored transposed',
    )
  })
})

describe('filter', () => {
  test('keeps tensors whose full name contains the text, in any case, and what is above them', async () => {
    expect(draw(await split(), { filter: ' LAYERS.10.self_attn.q_proj.scales ' })).toEqual([
      'm · 2 ranks · 16 tensors · 128 KB',
      '  rank_0 · model.safetensors · 11 tensors · 109 KB',
      '    model.layers.10.self_attn',
      '      q_proj · Linear 256→128 · 4-bit g64 affine',
      '        scales · F16 [128, 4] · 1 KB',
    ])
    expect(draw(await split(), { filter: 'no such tensor' })).toEqual([])
    expect(draw(await split(), { filter: '.*' })).toEqual([])
  })
})

describe('badges', () => {
  const finding = (more: Partial<Finding>): Finding => ({
    rule: 'r',
    severity: 'error',
    path: '/ws/loader.py',
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
    message: '',
    tensors: [],
    because: [],
    fixes: [],
    ...more,
  })
  const flagged = async (findings: Finding[], grouping: 'shard' | 'module' = 'shard') =>
    draw(await split(), { grouping }, { findings })
      .filter(row => row.includes('!'))
      .map(row => row.trim().replace(/ · .* !/, ' !'))

  test('sit on the tensors of a finding and on everything above them', async () => {
    const tensors = ['weight', 'scales'].map(name => `model.layers.10.self_attn.q_proj.${name}`)
    const expected = [
      'layers !error',
      'layers.10 !error',
      'self_attn !error',
      'q_proj !error',
      'weight !error',
      'scales !error',
    ]
    expect(await flagged([finding({ tensors })])).toEqual(['m !error', 'rank_0 !error', 'model !error', ...expected])
    expect(await flagged([finding({ tensors })], 'module')).toEqual(['m !error', 'model !error', ...expected])
  })

  test('show the gravest of several', async () => {
    const warned = finding({ severity: 'warning', tensors: ['model.norm.weight'] })
    const hinted = finding({ severity: 'hint', tensors: ['model.norm.weight', 'model.embed_tokens.weight'] })
    expect(await flagged([hinted, warned])).toEqual([
      'm !warning',
      'rank_0 !hint',
      'model !hint',
      'embed_tokens !hint',
      'weight !hint',
      'rank_1 !warning',
      'model !warning',
      'norm !warning',
      'weight !warning',
    ])
  })

  test('of a shard and of a config', async () => {
    expect(await flagged([finding({ path: '/ws/m/rank_1/model.safetensors' })])).toEqual(['m !error', 'rank_1 !error'])
    expect(await flagged([finding({ path: '/ws/m/config.json', severity: 'warning' })])).toEqual(['m !warning'])
  })

  test('stay off a model that the finding does not speak of, though its names are the same', async () => {
    const tensors = ['model.norm.weight']
    const elsewhere = { path: '/ws/other/model.safetensors', range: finding({}).range, message: '' }
    expect(await flagged([finding({ tensors, because: [elsewhere] })])).toEqual([])
  })
})
