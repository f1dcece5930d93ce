// The interpreter's files import one another, so that what they hold depends on which is loaded first. The command line loads
// what judges before what follows programs; nothing may be missing from the tables of models for that.

import { expect, test } from 'vitest'
import { world } from '../../../server/cli/world'

test('the interpreter is whole where it is loaded after the rest', async () => {
  await world.prepare?.()
  const { models } = await import('../../../server/interp/models/index')
  expect(models.size).toBeGreaterThan(500)
  expect([...models.keys()].filter(name => name.includes('undefined'))).toEqual([])
  expect([...models].filter(([, model]) => (model as unknown) === undefined)).toEqual([])
})
