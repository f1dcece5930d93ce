// The index against its shards: a healthy pair says nothing, each fault is one finding with every tensor in it, and its
// range covers what it speaks of.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safetensorsHeader } from '../../../scripts/support/writeSafetensors'
import type { Model, Shard } from '../../../server/checkpoint/facts'
import { indexFitOf } from '../../../server/checkpoint/indexFit'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { groupModels } from '../../../server/checkpoint/models'
import { readShard } from '../../../server/checkpoint/shard'
import { analyse } from '../../../server/engine'
import type { Finding } from '../../../server/protocol'
import { lineIndex } from '../../../server/util/lineIndex'

const indexPath = '/m/model.safetensors.index.json'
const fileName = (number: number, total: number): string =>
  `model-${String(number).padStart(5, '0')}-of-${String(total).padStart(5, '0')}.safetensors`

/** A shard of U8 tensors of one byte, without its data. */
function shardOf(file: string, names: readonly string[]): Promise<Shard> {
  const tensors = names.map(name => ({ name, dtype: 'U8' as const, shape: [1], bytes: 1 }))
  const header = safetensorsHeader(tensors)
  const source = {
    sizeBytes: header.length + names.length,
    read: async (offset: number, length: number) => header.subarray(offset, offset + length),
  }
  return readShard(`/m/${file}`, source)
}

interface Layout {
  readonly shards: readonly (readonly string[])[]
  readonly text: string
}

async function modelOf({ shards, text }: Layout): Promise<Model> {
  const read = await Promise.all(shards.map((names, i) => shardOf(fileName(i + 1, shards.length), names)))
  const [model] = groupModels({ shards: read, configs: [], indexes: [readJsonFile(indexPath, text)] })
  if (!model) throw new Error('no model')
  return model
}

async function findingsOf(layout: Layout): Promise<readonly Finding[]> {
  const { findings, broken } = analyse({ folders: ['/m'], models: [await modelOf(layout)], programs: [] })
  expect(broken).toEqual([])
  return findings
}

const textOf = (map: readonly (readonly [string, string])[], total: number): string => {
  const entries = map.map(([name, file]) => `    ${JSON.stringify(name)}: ${JSON.stringify(file)}`)
  return `{\n  "metadata": {"total_size": ${total}},\n  "weight_map": {\n${entries.join(',\n')}\n  }\n}\n`
}

const layouts = fc
  .uniqueArray(
    fc.string({ unit: fc.constantFrom('a', 'é', '😀', '"', '\\', '.', '0', '\n', 'weight'), maxLength: 6 }),
    {
      minLength: 4,
      maxLength: 30,
    },
  )
  .map(names => {
    const half = Math.ceil(names.length / 2)
    return [names.slice(0, half), names.slice(half)]
  })

const mapOf = (shards: readonly (readonly string[])[]): [string, string][] =>
  shards.flatMap((names, i) => names.map((name): [string, string] => [name, fileName(i + 1, shards.length)]))

const countOf = (shards: readonly (readonly string[])[]): number => shards.flat().length

test('an index that its shards bear out says nothing, whatever the names', async () => {
  const law = fc.asyncProperty(layouts, async shards => {
    expect(await findingsOf({ shards, text: textOf(mapOf(shards), countOf(shards)) })).toEqual([])
  })
  await fc.assert(law, { seed: 4, numRuns: 60 })
})

test('each entry left out is found, and the fix puts it in', async () => {
  const law = fc.asyncProperty(layouts, fc.nat(), async (shards, pick) => {
    const map = mapOf(shards)
    const [left] = map.splice(pick % map.length, 1)
    const findings = await findingsOf({ shards, text: textOf(map, countOf(shards)) })
    // A shard that lost its only entry is not named at all.
    if (!map.some(([, file]) => file === left?.[1])) return
    expect(findings.map(({ rule, tensors }) => [rule, tensors])).toEqual([['unindexed-tensor', [left?.[0]]]])
  })
  await fc.assert(law, { seed: 5, numRuns: 60 })
})

test('an entry that names the wrong shard is found at its value', async () => {
  const shards = [
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
  ]
  const map = mapOf(shards)
  map[1] = ['b', fileName(2, 2)]
  const text = textOf(map, 6)
  const [finding, ...rest] = await findingsOf({ shards, text })
  expect(rest).toEqual([])
  expect(finding).toMatchObject({ rule: 'misplaced-tensor', tensors: ['b'], path: indexPath })
  const at = lineIndex(text)
  const start = text.indexOf('"', text.indexOf('"b": ') + 4)
  expect(finding?.range).toEqual(at.range(start, start + JSON.stringify(fileName(2, 2)).length))
})

test('one finding for each cause, however many entries it concerns', async () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `model.layers.${i % 40}.experts.${i}.weight`)
  const shards = [names.slice(0, 10_000), names.slice(10_000)]
  const map = mapOf(shards)
  const stale = map.map(([name, file]): [string, string] => [name, file.replace('00002.', '00007.')])
  const [finding, ...rest] = await findingsOf({ shards, text: textOf(stale, 20_000) })
  expect(rest).toEqual([])
  expect(finding?.rule).toBe('stale-index')
  expect(finding?.tensors).toHaveLength(20_000)
  const gone = map.map(([name, file], i): [string, string] => [name, i < 300 ? 'model-extra.safetensors' : file])
  const missing = await findingsOf({ shards, text: textOf(gone, 20_000) })
  expect(missing.map(({ rule, tensors }) => [rule, tensors.length])).toEqual([['missing-shard', 300]])
})

test('a changed shard is held against its own entries alone', async () => {
  const text = textOf(mapOf([['a'], ['b']]), 2)
  const index = readJsonFile(indexPath, text)
  const first = await shardOf(fileName(1, 2), ['a'])
  const build = (second: Shard) => groupModels({ shards: [first, second], configs: [], indexes: [index] })[0]
  const before = build(await shardOf(fileName(2, 2), ['b']))
  const after = build(await shardOf(fileName(2, 2), ['c']))
  if (!before || !after) throw new Error('no model')
  expect(indexFitOf(before)).toMatchObject({ right: 2, misplaced: [] })
  const fit = indexFitOf(after)
  expect(fit?.right).toBe(1)
  expect(fit?.misplaced.map(({ entries }) => entries.map(({ name }) => name))).toEqual([['b']])
  expect(fit?.unindexed.map(({ tensors }) => tensors)).toEqual([['c']])
  expect(fit?.index).toBe(indexFitOf(before)?.index)
})

test('of several indexes the one whose name the shards bear', async () => {
  const shards = await Promise.all([shardOf(fileName(1, 2), ['a']), shardOf(fileName(2, 2), ['b'])])
  const indexes = ['consolidated', 'model', 'model.fp16'].map(stem =>
    readJsonFile(`/m/${stem}.safetensors.index.json`, '{}'),
  )
  expect(groupModels({ shards, configs: [], indexes })[0]?.index?.path).toBe(indexPath)
})

test('a shard that was named by itself is no set with numbers missing', async () => {
  const shard = await shardOf(fileName(1, 4), ['a'])
  const models = (named?: ReadonlySet<string>) => groupModels({ shards: [shard], configs: [], indexes: [], named })
  const rules = (found: readonly Model[]) =>
    analyse({ folders: ['/m'], models: found, programs: [] }).findings.map(({ rule }) => rule)
  expect(rules(models())).toEqual(['missing-shard'])
  expect(rules(models(new Set([shard.path])))).toEqual([])
})
