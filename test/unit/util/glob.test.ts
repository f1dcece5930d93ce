import fc from 'fast-check'
import { minimatch } from 'minimatch'
import { describe, expect, test } from 'vitest'
import { globMatches } from '../../../server/util/glob'

describe('globMatches', () => {
  test.each([
    ['models/**', 'models/a/model.safetensors', true],
    ['models', 'models/a/model.safetensors', true],
    ['models/', 'models/a/model.safetensors', true],
    ['./models/*', 'models/a/model.safetensors', true],
    ['/config.json', 'config.json', true],
    ['/config.json', 'a/config.json', false],
    ['config.json', 'a/b/config.json', true],
    ['a/**/config.json', 'a/config.json', true],
    ['a/**/config.json', 'a/b/c/config.json', true],
    ['a/*/config.json', 'a/b/c/config.json', false],
    ['rank_?/*.safetensors', 'rank_0/model.safetensors', true],
    ['rank_?/*.safetensors', 'rank_10/model.safetensors', false],
    ['*.safetensors', 'deep/er/x.safetensors', true],
    ['*.safetensors', 'deep/er/x.safetensors.index.json', false],
    ['model', 'models/x', false],
    ['m[ab]', 'ma', false],
    ['m[ab]', 'm[ab]', true],
    ['', 'a', false],
    ['/', 'a', false],
    ['**', 'a/b', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(globMatches(pattern, path)).toBe(expected)
  })

  test('agrees with minimatch on patterns from the root that end in a name', () => {
    const name = fc.stringMatching(/^[ab]{1,4}$/)
    const part = fc.oneof(name, fc.constant('**'), fc.stringMatching(/^[ab*?]{1,4}$/))
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 3 }),
        name,
        fc.array(name, { minLength: 1, maxLength: 4 }),
        (parts, last, names) => {
          // Runs of stars mean folders to minimatch only where they fill a name, and nothing sane writes them elsewhere.
          const pattern = [...parts.map(p => (p === '**' ? p : p.replace(/\*+/g, '*'))), last].join('/')
          const path = names.join('/')
          const below = names.map((_, i) => names.slice(0, i + 1).join('/'))
          const expected = below.some(prefix =>
            minimatch(prefix, pattern, { nonegate: true, nocomment: true, dot: true }),
          )
          expect(globMatches(`/${pattern}`, path)).toBe(expected)
        },
      ),
    )
  })

  test('takes bounded time for patterns that make regular expressions explode', () => {
    const begin = performance.now()
    expect(globMatches(`${'a*'.repeat(200)}b`, 'a'.repeat(4000))).toBe(false)
    expect(globMatches(`${'**/a/'.repeat(200)}b`, 'a/'.repeat(1000))).toBe(false)
    expect(performance.now() - begin).toBeLessThan(2000)
  })
})
