import { describe, expect, test } from 'vitest'
import type { DType } from '../../../server/checkpoint/dtype'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { groupModels } from '../../../server/checkpoint/models'
import { readShard } from '../../../server/checkpoint/shard'
import type { Analysis, Snapshot } from '../../../server/engine'
import type { Finding, TreeNode, TreeParams } from '../../../server/protocol'
import { buildTree } from '../../../server/tree/index'
import { nodeId, placeOf } from '../../../server/tree/nodeId'
import { bytesSource } from '../../../server/util/byteSource'
import { fakeAnalysis } from '../../support/fakeWorld'
import { triple, zeros } from '../../support/tempFolder'

type Tensors = Readonly<Record<string, readonly [DType, ...number[]]>>

async function snapshotOf(files: Readonly<Record<string, Tensors>>, configs: Readonly<Record<string, object>> = {}) {
  const shards = await Promise.all(
    Object.entries(files).map(([path, tensors]) => readShard(path, bytesSource(zeros(tensors)))),
  )
  const jsonFiles = Object.entries(configs).map(([path, value]) => readJsonFile(path, JSON.stringify(value)))
  const snapshot: Snapshot = {
    folders: ['/ws'],
    models: groupModels({ shards, configs: jsonFiles, indexes: [] }),
    programs: [],
  }
  return snapshot
}

/** Rows of the whole tree, or below the row with these labels, indented: `label · description !severity`. */
function draw(snapshot: Snapshot, params: Partial<TreeParams> = {}, analysis: Analysis = fakeAnalysis(snapshot)): string[] {
  const rows = (parent: string | undefined, indent: string): string[] =>
    buildTree(snapshot, analysis, { grouping: 'shard', filter: '', ...params, parent }).flatMap(node => [
      indent + [node.label, node.description].filter(Boolean).join(' · ') + (node.severity ? ` !${node.severity}` : ''),
      ...(node.hasChildren ? rows(node.id, `${indent}  `) : []),
    ])
  return rows(params.parent, '')
}

const layer = (n: number) => ({
  [`model.layers.${n}.input_layernorm.weight`]: ['F16', 256] as const,
  ...triple(`model.layers.${n}.self_attn.q_proj`, 128, 256),
})

describe('buildTree', () => {
  test('shows ranks, nested modules, folded quantized weights and stored tensors', async () => {
    const snapshot = await snapshotOf({
      '/ws/m/rank_0/model.safetensors': { ...triple('model.embed_tokens', 512, 256), ...layer(0), ...layer(1) },
      '/ws/m/rank_1/model.safetensors': { ...layer(2), 'model.norm.weight': ['F16', 256] },
    }, { '/ws/m/config.json': { quantization: { bits: 4, group_size: 64 } } })
    const stored = [
      'weight · U32 [128, 32] · 16 KB',
      'scales · F16 [128, 4] · 1 KB',
      'biases · F16 [128, 4] · 1 KB',
    ]
    const layerRows = (n: number) => [
      `    layers.${n} · 2 modules`,
      '      input_layernorm · F16 [256]',
      '        weight · F16 [256] · 512 B',
      '      self_attn',
      '        q_proj · Linear 256→128 · 4-bit g64 affine',
      ...stored.map(row => `          ${row}`),
    ]
    const [root, ...below] = draw(snapshot)
    expect(root).toBe('m · 2 ranks · 16 tensors · 137 KB')
    expect(below).toEqual([
      '  rank_0 · model.safetensors · 11 tensors · 118 KB',
      '    model · 2 modules',
      '      embed_tokens · Embedding 512×256 · 4-bit g64 affine',
    ])
    expect(layerRows(0)).toHaveLength(8)
  })

  test('tells what is stored transposed, sliced, ambiguous or beyond affine', async () => {
    const snapshot = await snapshotOf({
      '/ws/model.safetensors': {
        'a.weight': ['U32', 32, 128], 'a.scales': ['F16', 4, 128], 'a.biases': ['F16', 4, 128],
        'b.weight': ['U32', 32, 128], 'b.scales': ['F16', 128, 4], 'b.biases': ['F16', 128, 4],
        'c.weight': ['U32', 128, 32], 'c.scales': ['F16', 64, 4], 'c.biases': ['F16', 64, 4],
        'd.weight': ['U32', 128, 32], 'd.scales': ['U8', 128, 8],
        'e.weight': ['U32', 128, 33], 'e.scales': ['F16', 128, 4], 'e.biases': ['F16', 128, 4],
        ...triple('f', 128, 256, 8, 32),
        'g.weight': ['U32', 8, 128, 32], 'g.scales': ['F16', 8, 128, 4], 'g.biases': ['F16', 8, 128, 4],
        'h.weight': ['F32', 3, 4], 'h.scales': ['F32', 3],
      },
    })
    const [model] = buildTree(snapshot, fakeAnalysis(snapshot), { grouping: 'module', filter: '' })
    const rows = buildTree(snapshot, fakeAnalysis(snapshot), { grouping: 'module', filter: '', parent: model?.id })
    expect(Object.fromEntries(rows.map(({ label, description }) => [label, description]))).toEqual({
      a: 'Linear 256→128 · 4-bit g64 affine · stored transposed',
      b: 'Linear 256→128 · 4-bit g64 affine · stored transposed: weight',
      c: 'quantized · scales have 64 rows, weight 128',
      d: 'Linear 256→128 · 4-bit g32 mxfp4',
      e: 'quantized · the shapes of weight, scales and biases do not fit',
      f: 'quantized [128, 64] · 4-bit g64 or 8-bit g32 or 2-bit g128 affine',
      g: '8 × Linear 256→128 · 4-bit g64 affine',
      h: 'F32 [3, 4]',
    })
  })
})
