// Who is in play for a model, and how grave a fault is for that.

import { beforeAll, expect, test } from 'vitest'
import { writeSafetensors } from '../../../scripts/support/writeSafetensors'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { groupModels } from '../../../server/checkpoint/models'
import { readShard } from '../../../server/checkpoint/shard'
import { interpret } from '../../../server/interp/index'
import { type Player, playersOf, severityOf } from '../../../server/rules/players'
import type { Facts } from '../../../server/rules/rule'
import { lowerProgram } from '../../../server/source/index'
import { bytesSource } from '../../../server/util/byteSource'
import { prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

async function players(config: string | undefined, format: string, source?: string): Promise<readonly Player[]> {
  const tensors = [{ name: 'a.weight', dtype: 'F32' as const, shape: [2], data: new Uint8Array(8) }]
  const shard = await readShard('/ws/model.safetensors', bytesSource(writeSafetensors(tensors, { format })))
  const configs = config === undefined ? [] : [readJsonFile('/ws/config.json', config)]
  const models = groupModels({ shards: [shard], configs, indexes: [] })
  const program = source === undefined ? undefined : lowerProgram('/ws/load.py', source)
  const runs = program ? [interpret([program], { models, folders: ['/ws'], data: [] }, models[0])] : []
  const facts: Facts = { models, configs, runs, bundles: [], deliveries: [] }
  const [model] = models
  if (!model) throw new Error('no model')
  return [...playersOf(facts, model).inPlay]
}

const hf = '{"architectures": ["LlamaForCausalLM"]}'

test('without a loader: the readers, mlx-lm where there is a config, transformers for its own layout', async () => {
  expect(await players(undefined, 'mlx')).toEqual(['mlx', 'rust'])
  expect(await players('{}', 'mlx')).toEqual(['mlx', 'rust', 'mlx-lm'])
  expect(await players(hf, 'pt')).toEqual(['mlx', 'rust', 'mlx-lm', 'transformers'])
})

test('a loader of the workspace decides, by the reader that it calls', async () => {
  const mlx = 'import mlx.core as mx\nw = mx.load("model.safetensors")\n'
  const rust = 'from safetensors.mlx import load_file\nw = load_file("model.safetensors")\n'
  const open =
    'from safetensors import safe_open\nwith safe_open("model.safetensors", "np") as f:\n    f.get_tensor("a.weight")\n'
  expect(await players(hf, 'pt', mlx)).toEqual(['mlx'])
  expect(await players(hf, 'pt', rust)).toEqual(['rust'])
  expect(await players(hf, 'pt', open)).toEqual(['rust'])
  expect([...(await players(hf, 'pt', mlx + rust))].sort()).toEqual(['mlx', 'rust'])
})

test('a load that leads elsewhere, or nowhere that is known, leaves the usual players', async () => {
  const other = 'import mlx.core as mx\nw = mx.load("other.safetensors")\n'
  const unknown = 'import sys\nimport mlx.core as mx\nw = mx.load(sys.argv[1])\n'
  expect(await players('{}', 'mlx', other)).toEqual(['mlx', 'rust', 'mlx-lm'])
  expect(await players('{}', 'mlx', unknown)).toEqual(['mlx', 'rust', 'mlx-lm'])
  // Its tensors are met, so it is this checkpoint that is meant.
  expect(await players('{}', 'mlx', `${unknown}w["a.weight"]\n`)).toEqual(['mlx'])
})

test('error for those in play, warning for others, information for nobody', () => {
  const own = { inPlay: new Set<Player>(['mlx']), loads: [] }
  expect(severityOf(own, ['mlx', 'rust'])).toBe('error')
  expect(severityOf(own, ['rust'])).toBe('warning')
  expect(severityOf(own, [])).toBe('information')
})
