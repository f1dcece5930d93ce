// Runs every page below test/cases. A page is added by writing it: nothing here names one.
// With UPDATE=1 the pages are first rewritten to what the engine says; then they are checked, against the laws as well.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { analyse } from '../server/engine'
import { rules } from '../server/rules/index'
import { isShardBlock, readCasePage } from './support/casePage'
import { prepareGrammars } from './support/lower'
import { readCheckpointMarks, readMarks } from './support/marks'
import { runCase } from './support/runCase'
import { updatePage } from './support/updatePage'

const folder = join(__dirname, 'cases')
const engine = { analyse }
const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map(page => page.replaceAll('\\', '/'))
  .filter(page => page.endsWith('.md'))
  .sort()

const read = (page: string): string => readFileSync(join(folder, page), 'utf8')

await prepareGrammars()
if (process.env.UPDATE) {
  for (const page of pages) {
    const before = read(page)
    const after = await updatePage(before, engine)
    if (after !== before) writeFileSync(join(folder, page), after)
  }
}
beforeAll(prepareGrammars)

describe.each(pages)('%s', page => {
  const cases = readCasePage(read(page))
  test.each(cases.map(one => [one.name, one] as const))('%s', async (_, one) => {
    const troubles = await runCase(one, engine)
    if (troubles.length > 0) expect.fail(`\n${troubles.join('\n\n')}\n`)
  })
})

test('every page has cases, and no two of a page have the same name', () => {
  for (const page of pages) {
    const names = readCasePage(read(page)).map(({ name }) => name)
    expect(names.length, page).toBeGreaterThan(0)
    expect(names.length, page).toBe(new Set(names).size)
  }
})

test.each(rules.map(({ id }) => id))('%s has a case that fires and a near miss that stays silent', id => {
  const marked = readCasePage(read(`rules/${id}.md`)).map(({ blocks }) =>
    blocks.flatMap(block =>
      block.isFixed
        ? []
        : (isShardBlock(block) ? readCheckpointMarks : readMarks)(block.path, block.lines).marks.map(mark => mark.rule),
    ),
  )
  expect(marked.some(named => named.includes(id))).toBe(true)
  expect(marked.some(named => !named.includes(id))).toBe(true)
})
