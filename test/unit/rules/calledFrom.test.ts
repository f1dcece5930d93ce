// A failure in a helper names the calls that led there: what is wrong is often what the helper was asked for.

import { beforeAll, describe, expect, test } from 'vitest'
import { readShard } from '../../../server/checkpoint/shard'
import { analyse } from '../../../server/engine'
import { bytesSource } from '../../../server/util/byteSource'
import { buildCheckpoint } from '../../support/buildCheckpoint'
import { prepareGrammars } from '../../support/lower'
import { snapshotOf } from '../../support/runCase'

beforeAll(prepareGrammars)

const programs = {
  'run.mjs': `import { core as mx } from '@frost-beta/mlx'
const weights = mx.load('model.safetensors')
function need(name) {
  if (!(name in weights)) throw new Error(name)
  return weights[name]
}
const matrix = name => need(name + '.weight')
console.log(matrix('proj').shape)
console.log(matrix('prj').shape)
`,
  'run.py': `import mlx.core as mx
weights = mx.load("model.safetensors")
def matrix(name):
    return weights[name + ".weight"]
print(matrix("proj").shape)
print(matrix("prj").shape)
`,
}

/** Lines of the calls that a finding in a program names. */
async function callsIn(path: keyof typeof programs): Promise<number[][]> {
  const shard = await readShard('/ws/model.safetensors', bytesSource(buildCheckpoint(['proj.weight F32 [8, 6]'])))
  const { findings } = analyse(snapshotOf({ texts: new Map([[`/ws/${path}`, programs[path]]]), shards: [shard] }))
  return findings.map(({ because }) =>
    because.filter(b => b.message === 'it is called from here').map(b => b.range.start.line + 1),
  )
}

describe('the calls that led to a failure', () => {
  test('its own throw in a helper', async () => {
    expect(await callsIn('run.mjs')).toEqual([[7, 9]])
  })

  test('a key that is not there', async () => {
    expect(await callsIn('run.py')).toEqual([[6]])
  })
})
