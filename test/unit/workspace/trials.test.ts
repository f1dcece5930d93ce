// What a fix is worth that was tried: on the real engine, since only that knows what is found next.

import { beforeAll, expect, test } from 'vitest'
import { analyse } from '../../../server/engine'
import { mergeSafeFixes } from '../../../server/workspace/fixes'
import { fixesTogether, leadsOn, triedFixes } from '../../../server/workspace/trials'
import { readCasePage } from '../../support/casePage'
import { prepareGrammars } from '../../support/lower'
import { readCase, snapshotOf } from '../../support/runCase'

beforeAll(prepareGrammars)

const fence = (info: string, ...lines: readonly string[]): string => ['```' + info, ...lines, '```', ''].join('\n')

async function snapshot(...blocks: readonly string[]) {
  const [page] = readCasePage(['# page', '', ...blocks].join('\n'))
  if (!page) throw new Error('no case')
  return snapshotOf((await readCase(page.blocks)).files)
}

const module = (name: string, rows: number, words: number, groups: number): string[] => [
  `${name}.weight U32 [${rows}, ${words}]`,
  `${name}.scales F16 [${rows}, ${groups}]`,
  `${name}.biases F16 [${rows}, ${groups}]`,
]

const loader = (...lines: readonly string[]): string =>
  fence('py load.py', 'import mlx.core as mx', 'w = mx.load("model.safetensors")', ...lines)

const offers = async (...blocks: readonly string[]): Promise<string[][]> => {
  const seen = await snapshot(...blocks)
  return analyse(seen).findings.map(finding =>
    triedFixes(seen, finding, analyse).map(({ title, kind }) => `${kind} ${title}`),
  )
}

const call = (name: string, turned = ''): string =>
  `${name} = mx.dequantize(w["${name}.weight"]${turned}, w["${name}.scales"], w["${name}.biases"], group_size=64, bits=4)`

const oneModule = fence('checkpoint model.safetensors', ...module('a', 32, 16, 2))

test('a fix after which nothing is found stays what it is', async () => {
  expect(await offers(oneModule, loader(call('a', '.T')))).toEqual([['safe Transpose weight here']])
})

const twoGroups = fence('checkpoint model.safetensors', ...module('a', 32, 16, 2), ...module('b', 32, 16, 4))
const loop = (groupSize: number): string =>
  loader(
    'def load(name):',
    '    parts = [w[f"{name}.{part}"] for part in ("weight", "scales", "biases")]',
    `    return mx.dequantize(*parts, group_size=${groupSize}, bits=4)`,
    'x = mx.zeros((1, 128))',
    'y = x @ load("b").T',
    'z = x @ load("a").T',
  )

test('an edit that is wrong for what comes after it is not offered', async () => {
  const seen = await snapshot(twoGroups, loop(64))
  const [finding] = analyse(seen).findings
  expect(finding?.fixes.map(({ title }) => title)).toContain('Change group_size to 32, for 4-bit g32')
  const tried = finding ? triedFixes(seen, finding, analyse) : []
  expect(tried.filter(({ title }) => title.startsWith('Change group_size'))).toEqual([])
})

test('a fault behind a fault does not make the first fix doubtful where it has a safe fix too', async () => {
  const table = fence('checkpoint model.safetensors', ...module('a', 32, 16, 2), ...module('b', 32, 16, 2))
  const product = 'y = mx.zeros((1, 128)) @ a.T + (mx.zeros((1, 128)) @ b)'
  const found = await offers(table, loader(call('a', '.T'), call('b'), product))
  expect(found).toContainEqual(['safe Transpose weight here'])
})

test('a fix after which something else is found is a question', async () => {
  const found = await offers(oneModule, loader(call('a', '.T'), 'y = mx.zeros((1, 100)) @ a.T'))
  expect(found).toEqual([[`needs-a-look Transpose weight here${leadsOn}`]])
})

test('a fix that repairs one of two places is a question where the other has none, and safe where it has', async () => {
  const turned = fence(
    'checkpoint model.safetensors',
    'a.weight U32 [16, 32]',
    'a.scales F16 [32, 2]',
    'a.biases F16 [32, 2]',
  )
  const parts = 'parts = [w["a." + part] for part in ("weight", "scales", "biases")]'
  const spread = 'b = mx.dequantize(*parts, group_size=64, bits=4)'
  expect(await offers(turned, loader(call('a'), parts, spread))).toEqual([
    [`needs-a-look Transpose weight here${leadsOn}`],
    [],
  ])
  expect(await offers(turned, loader(call('a'), call('a')))).toEqual([
    ['safe Transpose weight here'],
    ['safe Transpose weight here'],
  ])
})

test('fixes that are made together are tried together, and one by one where that does not end well', async () => {
  const good = fence('checkpoint good/model.safetensors', ...module('a', 32, 16, 2))
  const right = fence('py good.py', 'import mlx.core as mx', 'w = mx.load("good/model.safetensors")', call('a', '.T'))
  const seen = await snapshot(good, right, oneModule, loader(call('a', '.T'), 'y = mx.zeros((1, 100)) @ a.T'))
  const { findings } = analyse(seen)
  expect(mergeSafeFixes(findings).chosen).toHaveLength(2)
  const { chosen } = mergeSafeFixes(findings, fixesTogether(seen, findings, analyse))
  expect(chosen.map(({ finding }) => finding.path.split('/').at(-1))).toEqual(['good.py'])
})

test('an edit of a config is tried on the program that reads it, and what leaves least comes first', async () => {
  const table = fence('checkpoint m/model.safetensors', ...module('a', 32, 16, 2))
  const config = fence('json m/config.json', '{"quantization": {"group_size": 32, "bits": 4}}')
  const program = fence(
    'py load.py',
    'import json',
    'import mlx.core as mx',
    'w = mx.load("m/model.safetensors")',
    'q = json.load(open("m/config.json"))["quantization"]',
    'a = mx.dequantize(w["a.weight"], w["a.scales"], w["a.biases"], group_size=q["group_size"], bits=q["bits"])',
    'y = mx.zeros((1, 128)) @ a.T',
  )
  expect(await offers(table, config, program)).toEqual([
    ['needs-a-look Change group_size to 64, for 4-bit g64', `needs-a-look Change bits to 8, for 8-bit g32${leadsOn}`],
  ])
})
