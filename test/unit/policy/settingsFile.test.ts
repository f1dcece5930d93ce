import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSettingsFile } from '../../../server/policy/settingsFile'

const read = (value: unknown) => readSettingsFile('/ws/.tensorlintrc.json', JSON.stringify(value))

describe('readSettingsFile', () => {
  test('reads what is documented', () => {
    const file = read({
      $schema: 'x',
      severity: { 'truncated-shard': 'warning', 'stored-transposed': 'off', 'invalid-config': 'default' },
      ignore: [
        { files: 'old/**', reason: 'kept for history' },
        { files: ['a', 'b'], rules: ['truncated-shard'] },
      ],
      baseline: 'ci/known.json',
      checkpoints: { 'a/*.py': 'm', 'b.py': ['n', 'o'] },
    })
    expect(file).toMatchObject({
      severity: { 'truncated-shard': 'warning', 'stored-transposed': 'off', 'invalid-config': 'default' },
      ignore: [
        { files: ['old/**'], rules: undefined },
        { files: ['a', 'b'], rules: ['truncated-shard'] },
      ],
      baseline: 'ci/known.json',
      checkpoints: [
        { pattern: 'a/*.py', path: 'm' },
        { pattern: 'b.py', path: 'n' },
        { pattern: 'b.py', path: 'o' },
      ],
      problems: [],
    })
  })

  test.each([
    [{ severities: {} }, '"severities"', /no setting "severities"/],
    [{ severity: { 'truncated-shards': 'off' } }, '"truncated-shards"', /no rule "truncated-shards"/],
    [{ severity: { 'truncated-shard': 'fatal' } }, '"fatal"', /one of error, warning, information, hint, off, default/],
    [{ severity: { 'truncated-shard': 1 } }, '1', /one of error/],
    [{ severity: ['off'] }, '["off"]', /severity is an object/],
    [{ ignore: { files: 'a' } }, '{"files":"a"}', /expected a list/],
    [{ ignore: ['a'] }, '"a"', /is an object with files/],
    [{ ignore: [{ rules: ['truncated-shard'] }] }, '{"rules":["truncated-shard"]}', /names its files/],
    [{ ignore: [{ files: 'a', rules: ['nonsense'] }] }, '"nonsense"', /no rule "nonsense"/],
    [{ ignore: [{ files: 'a', tensors: 'b' }] }, '"tensors"', /has no "tensors"/],
    [{ ignore: [{ files: [''] }] }, '""', /text that is not empty/],
    [{ checkpoints: ['a'] }, '["a"]', /checkpoints is an object/],
    [{ checkpoints: { a: 3 } }, '3', /text that is not empty/],
    [{ checkpoints: { '': 'a' } }, '""', /a pattern is a text/],
    [{ baseline: 3 }, '3', /text that is not empty/],
    [[], '[]', /the settings are an object/],
  ])('says what is wrong with %j, at %s', (value, at, message) => {
    const file = read(value)
    const [first] = file.problems
    expect(first?.message).toMatch(message)
    expect(file.text.slice(first?.offset, (first?.offset ?? 0) + (first?.length ?? 0))).toBe(at)
  })

  test('follows the rest of a faulty file', () => {
    const file = read({ nonsense: 1, severity: { 'truncated-shard': 'hint', x: 'off' }, ignore: [{ files: 'a' }, 3] })
    expect(file.severity).toEqual({ 'truncated-shard': 'hint' })
    expect(file.ignore).toEqual([{ files: ['a'], rules: undefined }])
    expect(file.problems).toHaveLength(3)
  })

  test('bears any text', () => {
    for (const text of ['', '{', 'null', '{"severity":', '{} x', '\ufeff{}'])
      expect(readSettingsFile('/x', text).problems.length).toBeGreaterThan(0)
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), text => void readSettingsFile('/x', text)))
  })

  test('keys of the language are no rules', () => {
    expect(read(JSON.parse('{"severity":{"__proto__":"off","constructor":"off"}}')).problems).toHaveLength(2)
  })
})
