// No model enters a table without a case: every call and every property of the tables is reached by a case page or by an
// operation that is compared with MLX.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { analyse } from '../../../server/engine'
import { models, properties } from '../../../server/interp/models/index'
import { drawn, laws } from '../../../scripts/laws/index'
import { ourAnswers } from '../../../scripts/laws/ours'
import { expressionsOf, spelled } from '../../../scripts/laws/spelled'
import { readCasePage } from '../../support/casePage'
import { prepareGrammars } from '../../support/lower'
import { findingsOf } from '../../support/runCase'

const folder = join(__dirname, '..', '..', 'cases')
const reached = new Set<string>()

/** Notes what is called from now on. */
function watch<T extends unknown[], R>(table: Map<string, (...args: T) => R>): void {
  for (const [name, model] of [...table])
    table.set(name, (...args) => {
      reached.add(name)
      return model(...args)
    })
}

beforeAll(async () => {
  await prepareGrammars()
  watch(models)
  watch(properties)
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(page => page.endsWith('.md'))
  for (const page of pages)
    for (const one of readCasePage(readFileSync(join(folder, page), 'utf8'))) await findingsOf(one, { analyse })
  for (const law of laws) ourAnswers(drawn(law, 400, 1))
  for (const list of spelled) ourAnswers(expressionsOf(list), list.language)
}, 120_000)

test('every model is reached by a case', () => {
  const missing = [...models.keys(), ...properties.keys()].filter(name => !reached.has(name)).sort()
  expect(missing).toEqual([])
})
