// docs/understands.md is what `npm run docs` writes, and lists every entry of the tables.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { internal, languagesOf, understandsPage } from '../../../scripts/docs/understands'
import { models, properties } from '../../../server/interp/models/index'

const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'understands.md'), 'utf8')

test('docs/understands.md is current', async () => {
  expect(page).toBe(await understandsPage())
})

test('every entry of the tables is listed for a language', () => {
  const names = [...models.keys(), ...properties.keys()].filter(name => !internal.has(name))
  expect(names.length).toBeGreaterThan(700)
  expect(names.filter(name => languagesOf(name).length === 0)).toEqual([])
  expect(names.filter(name => !page.includes(name.slice(name.lastIndexOf('.') + 1)))).toEqual([])
})

test('what one language has alone is not said of the other', () => {
  expect(languagesOf('str.rsplit')).toEqual(['Python'])
  expect(languagesOf('str.padStart')).toEqual(['TypeScript and JavaScript'])
  expect(languagesOf('str.replace')).toEqual(['Python', 'TypeScript and JavaScript'])
  expect(languagesOf('mlx.core.gather_qmm')).toEqual(['Python'])
  expect(languagesOf('frost.core.quantizedMatmul')).toEqual(['TypeScript and JavaScript'])
})
