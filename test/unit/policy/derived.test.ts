// What `npm run docs` writes is what lies in the repository, both ways: a rule that is missing there, and a leftover.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ruleIndex, settingsFileSchema, severitySetting } from '../../../scripts/docs/ruleTexts'
import { ruleCards } from '../../../server/policy/policyRules'
import { titleOf } from '../../../src/ruleNames'

const root = join(__dirname, '..', '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const json = (path: string) => JSON.parse(read(path)) as unknown
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown

describe('npm run docs', () => {
  test('has written the setting of package.json', () => {
    expect(json('package.json')).toMatchObject({
      contributes: { configuration: { properties: { 'tensorlint.severity': expect.anything() as unknown } } },
    })
    const { contributes } = json('package.json') as {
      contributes: { configuration: { properties: Record<string, unknown> } }
    }
    expect(contributes.configuration.properties['tensorlint.severity']).toEqual(plain(severitySetting()))
  })

  test('has written the schema of the settings file, which the editor is told of', () => {
    expect(json('media/tensorlintrc.schema.json')).toEqual(plain(settingsFileSchema()))
    expect(json('package.json')).toMatchObject({
      contributes: { jsonValidation: [{ fileMatch: '.tensorlintrc.json', url: './media/tensorlintrc.schema.json' }] },
    })
  })

  test('has written the table of rules', () => {
    expect(read('docs/rules/README.md')).toBe(ruleIndex())
  })
})

describe('the pages of docs/rules', () => {
  const ids = ruleCards.map(({ id }) => id)
  const pages = readdirSync(join(root, 'docs', 'rules')).filter(name => name !== 'README.md')

  test('are those of the rules', () => {
    expect(pages.sort()).toEqual(ids.map(id => `${id}.md`).sort())
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each(ruleCards)('$id has the title of its rule and every section', ({ id, title }) => {
    const page = read(`docs/rules/${id}.md`)
    expect(page.startsWith(`# ${id}\n`)).toBe(true)
    expect(titleOf(page)).toBe(title)
    const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, name]) => name)
    expect(sections).toEqual(['What it means', 'Why it bites at load time', 'Example', 'Repair'])
  })
})
