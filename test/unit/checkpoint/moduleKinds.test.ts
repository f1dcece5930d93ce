// Kinds of modules: whatever the order of tensors and however they lie in shards, the modules are those that a plain reading
// of the names gives, and those of a kind are alike.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { writeSafetensors } from '../../../scripts/support/writeSafetensors'
import { moduleKinds, pathAt } from '../../../server/checkpoint/moduleKinds'
import { groupModels } from '../../../server/checkpoint/models'
import { modulesOf } from '../../../server/checkpoint/modules'
import { patternOf } from '../../../server/checkpoint/tensorFamilies'
import { readShard } from '../../../server/checkpoint/shard'
import { bytesSource } from '../../../server/util/byteSource'

const parameters = ['weight', 'scales', 'biases', 'weight.absmax'] as const

const law = fc.record({
  modules: fc.uniqueArray(
    fc.record({
      path: fc.oneof(
        fc.constantFrom('', 'norm', 'lm_head', 'é.1.x', 'l.1x.q'),
        fc.tuple(fc.nat(12), fc.constantFrom('q', 'k')).map(([layer, name]) => `l.${layer}.${name}`),
      ),
      has: fc.subarray([...parameters], { minLength: 1 }),
      whole: fc.integer({ min: 0, max: 4 }).map(n => n > 0),
      size: fc.constantFrom(2, 2, 2, 2, 3),
    }),
    { selector: ({ path }) => path, minLength: 1, maxLength: 40 },
  ),
  cuts: fc.array(fc.nat(100), { maxLength: 4 }),
  order: fc.constantFrom('written', 'sorted', 'by parameter'),
})

test('modules of a model are those that their names give, in kinds of their like', async () => {
  const check = fc.asyncProperty(law, async ({ modules, cuts, order }) => {
    const tensors = modules.flatMap(({ path, has, whole, size }) =>
      (whole ? parameters.slice(0, 3) : has).map(parameter => ({
        name: path === '' ? parameter : `${path}.${parameter}`,
        parameter,
        dtype: 'U8' as const,
        shape: [size],
        data: new Uint8Array(size),
      })),
    )
    if (order === 'sorted') tensors.sort((a, b) => (a.name < b.name ? -1 : 1))
    if (order === 'by parameter') tensors.sort((a, b) => (a.parameter < b.parameter ? -1 : 1))
    const bounds = [0, ...cuts.map(cut => cut % (tensors.length + 1)).sort((a, b) => a - b), tensors.length]
    const shards = await Promise.all(
      bounds.slice(1).map((end, i) => {
        const bytes = writeSafetensors(tensors.slice(bounds[i], end))
        return readShard(`/m/model-${i}.safetensors`, bytesSource(bytes))
      }),
    )
    const [model] = groupModels({ shards, configs: [], indexes: [] })
    if (!model) throw new Error('no model')
    const found = moduleKinds(model).flatMap(kind => {
      const paths = [
        ...kind.together.flatMap(group => Array.from({ length: group.count }, (_, i) => pathAt(group, i))),
        ...kind.apart.map(({ path }) => path),
      ]
      expect(paths).toHaveLength(kind.count)
      for (const path of paths) expect(patternOf(`${path}.`)).toBe(`${kind.pattern}.`)
      const members = [...kind.members].map(([name, { shape }]) => `${name} ${shape.join()}`).sort()
      return paths.map(path => `${path}: ${members.join('; ')}`)
    })
    const expected = [...modulesOf(model)].map(([path, members]) => {
      const all = members.map(
        ({ parameter, shard, index }) => `${parameter} ${shard.tensors.tensorAt(index).shape.join()}`,
      )
      return `${path}: ${all.sort().join('; ')}`
    })
    expect(found.sort()).toEqual(expected.sort())
    for (const { together } of moduleKinds(model))
      for (const { shard, members } of together)
        for (const { parameter, rows } of members)
          for (let i = 0; i < rows.length; i++) {
            const name = shard.tensors.nameAt(rows[i] ?? 0)
            const path = pathAt({ shard, members }, i)
            expect(name).toBe(path === '' ? parameter : `${path}.${parameter}`)
          }
  })
  await fc.assert(check, { numRuns: 300, seed: 5 })
})
