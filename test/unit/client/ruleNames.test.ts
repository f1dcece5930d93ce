import { describe, expect, it } from 'vitest'
import { ruleName, ruleOf, titleOf } from '../../../src/ruleNames'

describe('names of rules', () => {
  it('are read from the paths of their pages', () => {
    expect(ruleOf('/transposed-triple.md')).toBe('transposed-triple')
    expect(ruleOf('truncated-shard.md')).toBe('truncated-shard')
  })

  it('lead nowhere else', () => {
    for (const path of [
      '/../package.md',
      '/a/b.md',
      '/README.md',
      '/x.json',
      '/.md',
      '/a..md',
      '//x.md',
      '/%2e%2e.md',
      '/x.md\n',
    ])
      expect(ruleOf(path), path).toBeUndefined()
    for (const value of ['../x', '', undefined, 3, {}, 'X']) expect(ruleName(value)).toBeUndefined()
    expect(ruleName('truncated-shard')).toBe('truncated-shard')
  })
})

describe('titleOf', () => {
  it('is the first sentence, without the severity', () => {
    expect(titleOf('# a\n\nOne thing. Severity: error where x, else hint.\n\n## b\n')).toBe('One thing')
    expect(titleOf('# a\n\nOne thing.\n')).toBe('One thing')
    expect(titleOf('nothing')).toBe('')
  })
})
