// The page for a shard's header must not let a tensor's name become markup, and must allow nothing from outside.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excludedGlobs } from '../../../src/excludedGlobs'
import { escapeHtml, headerPage } from '../../../src/headerPage'

describe('the header page', () => {
  it('shows names as text', () => {
    const page = headerPage('"</pre><script>alert(1)</script>" F16 [2]')
    expect(page).not.toContain('<script')
    expect(page).toContain('&#60;script&#62;alert(1)')
  })

  it('leaves no character that can begin or end markup', () => {
    fc.assert(fc.property(fc.string(), text => !/[<>"']|&(?!#\d+;)/.test(escapeHtml(text))))
  })

  it('forbids scripts and everything from outside', () => {
    expect(headerPage('')).toContain(`default-src 'none'`)
    expect(headerPage('')).not.toContain('script-src')
  })

  it('cuts a long header and says so', () => {
    const lines = Array.from({ length: 6000 }, (_, index) => `tensor ${index}.`)
    const page = headerPage(lines.join('\n'))
    expect(page).toContain('tensor 4999.')
    expect(page).not.toContain('tensor 5000.')
    expect(page).toContain('The first 5000 of 6000 lines.')
    expect(headerPage(lines.slice(0, 5000).join('\n'))).not.toContain('The first')
  })
})

describe('files.exclude', () => {
  it('gives the patterns that are on, and no others', () => {
    expect(excludedGlobs({ '**/.git': true, '**/out': false, '**/*.js': { when: '$(basename).ts' } })).toEqual([
      '**/.git',
    ])
  })

  it('may be anything', () => {
    fc.assert(fc.property(fc.anything(), value => Array.isArray(excludedGlobs(value))))
  })
})
