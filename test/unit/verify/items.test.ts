// What "Verify Dequantize" decodes of a module of which the program looks up rows alone.

import { expect, test } from 'vitest'
import { analyse } from '../../../server/engine'
import type { VerifyItem } from '../../../server/protocol'
import { readCasePage } from '../../support/casePage'
import { prepareGrammars } from '../../support/lower'
import { readCase, snapshotOf } from '../../support/runCase'

await prepareGrammars()

const page = (lookup: string) => `# page

\`\`\`checkpoint model.safetensors
embed.weight U32 [96, 64]
embed.scales F16 [96, 8]
embed.biases F16 [96, 8]
\`\`\`

\`\`\`py loader.py
import mlx.core as mx

w = mx.load("model.safetensors")
ids = mx.array([1, 2, 3])
rows = mx.dequantize(${lookup}, group_size=64, bits=4)
\`\`\`
`

async function itemsOf(lookup: string): Promise<readonly VerifyItem[]> {
  const [one] = readCasePage(page(lookup))
  if (!one) throw new Error('the page has no case')
  const snapshot = snapshotOf((await readCase(one.blocks)).files)
  const { verify } = analyse(snapshot)
  return snapshot.models.flatMap(model => verify(model))
}

test('rows of an embedding: the whole module is decoded as it is stored', async () => {
  const [item] = await itemsOf('w["embed.weight"][ids], w["embed.scales"][ids], w["embed.biases"][ids]')
  expect(item?.skipped).toBeUndefined()
  expect(item?.job).toMatchObject({ groupSize: 64, bits: 4, weight: { name: 'embed.weight', ops: [] } })
})

test('a change of one tensor that cannot be repeated is left out', async () => {
  const [item] = await itemsOf('w["embed.weight"] + 0, w["embed.scales"], w["embed.biases"]')
  expect(item?.job).toBeUndefined()
  expect(item?.skipped).toContain('not followed')
})
