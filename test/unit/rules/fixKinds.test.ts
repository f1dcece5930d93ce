// Which fixes are safe and which want a look: a page of the cases tells only that there is one.

import { beforeAll, expect, test } from 'vitest'
import { analyse } from '../../../server/engine'
import { readCasePage } from '../../support/casePage'
import { prepareGrammars } from '../../support/lower'
import { findingsOf } from '../../support/runCase'

beforeAll(prepareGrammars)

const fence = (info: string, ...lines: readonly string[]): string => ['```' + info, ...lines, '```', ''].join('\n')

async function fixes(...blocks: readonly string[]): Promise<string[]> {
  const [page] = readCasePage(['# page', '', ...blocks].join('\n'))
  if (!page) throw new Error('no case')
  return (await findingsOf(page, { analyse })).flatMap(one => one.fixes.map(({ kind, title }) => `${kind} ${title}`))
}

const plain = fence('checkpoint model.safetensors', 'up.weight F32 [96, 64]')
const product = (right: string, columns: number): string =>
  fence(
    'py load.py',
    'import mlx.core as mx',
    'w = mx.load("model.safetensors")',
    `y = mx.zeros((2, ${columns})) @ ${right}`,
  )

test('a transpose that is missing is added safely, as weights are stored', async () => {
  expect(await fixes(plain, product('w["up.weight"]', 64))).toEqual(['safe Transpose the right factor'])
})

test('one that is there is dropped safely only where it undoes another', async () => {
  const twice = fence(
    'py load.py',
    'import mlx.core as mx',
    'w = mx.load("model.safetensors")',
    'up = w["up.weight"].T',
    'y = mx.zeros((2, 64)) @ up',
    'z = mx.zeros((2, 64)) @ up.T',
  )
  expect(await fixes(plain, product('w["up.weight"].T', 96))).toEqual([
    'needs-a-look Drop the transpose of the right factor',
  ])
  expect(await fixes(plain, twice)).toEqual(['safe Drop the transpose of the right factor'])
})

test('an edit of a program is safe only where all checkpoints that it may load want it', async () => {
  const call = fence(
    'py load.py',
    'import sys',
    'import mlx.core as mx',
    'w = mx.load(sys.argv[1] + "/model.safetensors")',
    'y = mx.dequantize(w["a.weight"], w["a.scales"], w["a.biases"], group_size=64, bits=4)',
  )
  const model = (folder: string, weight: string): string =>
    fence(
      `checkpoint ${folder}/model.safetensors`,
      `a.weight U32 ${weight}`,
      'a.scales F16 [32, 2]',
      'a.biases F16 [32, 2]',
    )
  expect(await fixes(model('one', '[16, 32]'), call)).toEqual(['safe Transpose weight here'])
  expect(await fixes(model('one', '[16, 32]'), model('two', '[32, 32]'), call)).not.toContain(
    'safe Transpose weight here',
  )
})

test('tensors are added to an index safely where none that it names is missing', async () => {
  const index = (name: string): string =>
    fence(
      'json model.safetensors.index.json',
      `{"metadata": {"total_size": 96}, "weight_map": {"a.weight": "model.safetensors", "${name}": "model.safetensors", "c.weight": "model.safetensors"}}`,
    )
  const table = fence('checkpoint model.safetensors', 'a.weight F32 [8]', 'b.weight F32 [8]', 'c.weight F32 [8]')
  const kinds = async (name: string): Promise<string[]> =>
    (await fixes(table, index(name))).filter(title => /Add it/.test(title))
  expect(await kinds('a.weight')).toEqual(['safe Add it to the index'])
  expect(await kinds('other.weight')).toEqual(['needs-a-look Add it to the index'])
})
