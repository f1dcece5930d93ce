import { beforeAll, describe, expect, test } from 'vitest'
import { readBaseline, writeBaseline } from '../../../server/policy/baseline'
import { applyPolicy, noPolicy, type FolderPolicy, type Policy } from '../../../server/policy/policy'
import { readSettingsFile } from '../../../server/policy/settingsFile'
import type { Finding } from '../../../server/protocol'
import { loadGrammars } from '../../../server/source/grammars'
import { lowerProgram } from '../../../server/source/index'
import type { Program } from '../../../server/source/ir'
import { readGrammar } from '../../../server/workspace/grammarFiles'

beforeAll(() => loadGrammars(readGrammar))

const finding = (more: Partial<Finding> = {}, line = 0): Finding => ({
  rule: 'sliced-scales',
  severity: 'error',
  path: '/ws/a.py',
  range: { start: { line, character: 0 }, end: { line, character: 1 } },
  message: 'm',
  tensors: ['proj.weight'],
  because: [],
  fixes: [],
  ...more,
})

function judge(findings: readonly Finding[], policy: Partial<Policy>, sources: Readonly<Record<string, string>> = {}) {
  const programs = Object.entries(sources).map(([path, text]) => lowerProgram(path, text) as Program)
  const model = { path: '/ws/m', kind: 'mlx', shards: [], configs: [], index: undefined } as const
  return applyPolicy(
    { findings, unknown: [] },
    { folders: ['/ws'], models: [model as never], programs },
    { ...noPolicy, ...policy },
  )
}

const rc = (value: unknown, folder = '/ws'): FolderPolicy => ({
  folder,
  settings: readSettingsFile(`${folder}/.tensorlintrc.json`, JSON.stringify(value)),
  baseline: undefined,
})

const severities = (policy: Partial<Policy>, path = '/ws/a.py') =>
  judge([finding({ path })], policy).findings.map(({ severity }) => severity)

describe('severities', () => {
  test('stay as they are where nobody speaks, and are the same objects', () => {
    const one = finding()
    expect(judge([one], {}).findings[0]).toBe(one)
  })

  test('of flags win over the file, and the file over the editor', () => {
    const file = { folders: [rc({ severity: { 'sliced-scales': 'hint' } })] }
    const editor = { editor: { 'sliced-scales': 'warning' } } as const
    expect(severities(editor)).toEqual(['warning'])
    expect(severities({ ...editor, ...file })).toEqual(['hint'])
    expect(severities({ ...editor, ...file, flags: { 'sliced-scales': 'information' } })).toEqual(['information'])
    expect(severities({ ...file, flags: { 'sliced-scales': 'default' } })).toEqual(['error'])
    expect(severities({ ...file, flags: { 'truncated-shard': 'off' } })).toEqual(['hint'])
  })

  test('off leaves the finding out and does not count it', () => {
    expect(judge([finding()], { flags: { 'sliced-scales': 'off' } })).toEqual({ findings: [], suppressed: [] })
  })

  test('hold in their folder alone, the deepest first', () => {
    const folders = [
      rc({ severity: { 'sliced-scales': 'hint' } }),
      rc({ severity: { 'sliced-scales': 'warning' } }, '/ws/inner'),
    ]
    expect(severities({ folders }, '/ws/inner/a.py')).toEqual(['warning'])
    expect(severities({ folders }, '/ws/innermost/a.py')).toEqual(['hint'])
    expect(severities({ folders }, '/elsewhere/a.py')).toEqual(['error'])
  })
})

describe('comments', () => {
  const source = 'import mlx\nx = f(  # tensorlint: ignore[sliced-scales]\n  1)\ny = 1\n'
  const at = (line: number, more: Partial<Finding> = {}) => finding(more, line)

  test('suppress the findings of their line and rule', () => {
    const { findings, suppressed } = judge(
      [at(1), at(2), at(1, { rule: 'truncated-shard' }), at(1, { path: '/ws/b.py' })],
      {},
      { '/ws/a.py': source },
    )
    expect(suppressed).toEqual([{ finding: at(1), by: 'comment' }])
    expect(findings).toHaveLength(3)
  })

  test('suppress a finding that ends on their line', () => {
    const range = { start: { line: 0, character: 0 }, end: { line: 1, character: 9 } }
    expect(judge([finding({ range })], {}, { '/ws/a.py': source }).findings).toEqual([])
  })

  test('for the whole file', () => {
    expect(judge([at(7)], {}, { '/ws/a.py': '# tensorlint: ignore-file\nimport mlx' }).findings).toEqual([])
  })

  test('that suppress nothing are a hint, which can be switched off', () => {
    const { findings } = judge([at(3)], {}, { '/ws/a.py': source })
    expect(findings.map(({ rule, severity, range }) => [rule, severity, range.start])).toEqual([
      ['unused-suppression', 'hint', { line: 1, character: 8 }],
      ['sliced-scales', 'error', { line: 3, character: 0 }],
    ])
    expect(judge([at(3)], { flags: { 'unused-suppression': 'off' } }, { '/ws/a.py': source }).findings).toHaveLength(1)
  })

  test('are not called unused where the rule is off, a load was not followed, or there is no model', () => {
    expect(judge([at(1)], { flags: { 'sliced-scales': 'off' } }, { '/ws/a.py': source }).findings).toEqual([])
    const programs = [lowerProgram('/ws/a.py', source) as Program]
    const unknown = [{ path: '/ws/a.py', range: at(0).range, reason: 'r' }]
    const model = { path: '/ws/m', shards: [], configs: [] } as never
    expect(
      applyPolicy({ findings: [], unknown }, { folders: [], models: [model], programs }, noPolicy).findings,
    ).toEqual([])
    expect(
      applyPolicy({ findings: [], unknown: [] }, { folders: [], models: [], programs }, noPolicy).findings,
    ).toEqual([])
  })

  test('that name no rule of ours are told so', () => {
    const message = (text: string) => judge([], {}, { '/ws/a.py': text }).findings.map(({ message }) => message)
    expect(message('x = 1  # tensorlint: ignore[sliced-scale]')).toEqual(['there is no rule "sliced-scale"'])
    expect(message('x = 1  # tensorlint: ignore[]')).toEqual(['the comment names no rule'])
  })
})

describe('the settings file', () => {
  test('leaves out files by pattern and rule', () => {
    const folders = [rc({ ignore: [{ files: 'old/**' }, { files: '*.json', rules: ['truncated-shard'] }] })]
    const paths = ['/ws/old/a.py', '/ws/a.json', '/ws/new/a.py', '/x/old/a.py']
    const { findings, suppressed } = judge(
      paths.map(path => finding({ path })),
      { folders },
    )
    expect(findings.map(({ path }) => path)).toEqual(['/ws/a.json', '/ws/new/a.py', '/x/old/a.py'])
    expect(suppressed).toMatchObject([{ by: 'settings', finding: { path: '/ws/old/a.py' } }])
  })

  test('is reported where it is faulty, in the place of its path', () => {
    const folders = [rc({ severities: 1 })]
    const { findings } = judge([finding(), finding({ path: '/a.py' })], { folders })
    expect(findings.map(({ rule, path }) => [rule, path])).toEqual([
      ['sliced-scales', '/a.py'],
      ['faulty-settings', '/ws/.tensorlintrc.json'],
      ['sliced-scales', '/ws/a.py'],
    ])
    expect(findings[1]).toMatchObject({ severity: 'error', range: { start: { line: 0, character: 1 } } })
  })
})

describe('a baseline', () => {
  const noTexts = new Map<string, string>()
  const baselineOf = (findings: readonly Finding[], texts: ReadonlyMap<string, string> = noTexts) =>
    readBaseline('/ws/b.json', writeBaseline('/ws/b.json', findings, texts))
  const left = (known: readonly Finding[], now: readonly Finding[]) =>
    judge(now, { baseline: baselineOf(known) }).findings

  test('knows a finding in spite of another line, wording, severity or order of tensors', () => {
    const before = finding({ tensors: ['a', 'b'] })
    const now = finding({ tensors: ['b', 'a'], message: 'other', severity: 'hint' }, 40)
    expect(left([before], [now])).toEqual([])
    expect(judge([now], { baseline: baselineOf([before]) }).suppressed).toMatchObject([{ by: 'baseline' }])
  })

  test.each<[string, Partial<Finding>]>([
    ['rule', { rule: 'truncated-shard' }],
    ['file', { path: '/ws/b.py' }],
    ['tensor', { tensors: ['proj.weight', 'other.weight'] }],
  ])('does not know another %s', (_, more) => {
    expect(left([finding()], [finding(more)])).toHaveLength(1)
  })

  test('counts: one more of the same is new', () => {
    const three = [finding(), finding({}, 1), finding({}, 2)]
    expect(left(three.slice(0, 2), three)).toEqual([three[2]])
    expect(left(three, three.slice(0, 1))).toEqual([])
  })

  test('tells findings without tensors apart by the text at their place', () => {
    const json = '{\n  "bits": 3,\n  "group_size": 5\n}'
    const bare = (line: number, from: number, to: number) =>
      finding({
        tensors: [],
        path: '/ws/config.json',
        range: { start: { line, character: from }, end: { line, character: to } },
      })
    const known = baselineOf([bare(1, 10, 11)], new Map([['/ws/config.json', json]]))
    const model = { path: '/ws', shards: [], configs: [{ path: '/ws/config.json', text: json }] } as never
    const snapshot = { folders: [], models: [model], programs: [] }
    const policy = { ...noPolicy, baseline: known }
    const findings = [bare(1, 10, 11), bare(2, 16, 17)]
    expect(applyPolicy({ findings, unknown: [] }, snapshot, policy).findings).toEqual([bare(2, 16, 17)])
  })

  test('of the folder is taken unless the command line names one or none', () => {
    const folders = [{ folder: '/ws', settings: undefined, baseline: baselineOf([finding()]) }]
    expect(judge([finding()], { folders }).findings).toEqual([])
    expect(judge([finding()], { folders, baseline: 'none' }).findings).toHaveLength(1)
    expect(judge([finding()], { folders, baseline: baselineOf([]) }).findings).toHaveLength(1)
  })

  test('is sorted, relative and stable', () => {
    const findings = [finding({ path: '/ws/z.py' }), finding(), finding({}, 3), finding({ path: '/up.py' })]
    const text = writeBaseline('/ws/b.json', findings, noTexts)
    const { version, findings: entries } = JSON.parse(text) as {
      version: number
      findings: { path: string; count: number }[]
    }
    expect(version).toBe(1)
    expect(entries.map(({ path, count }) => [path, count])).toEqual([
      ['../up.py', 1],
      ['a.py', 2],
      ['z.py', 1],
    ])
    expect(writeBaseline('/ws/b.json', [...findings].reverse(), noTexts)).toBe(text)
  })

  test.each([
    '',
    '{',
    '[]',
    '{"version":2,"findings":[]}',
    '{"version":1,"findings":[3]}',
    '{"version":1,"findings":[null]}',
  ])('that is none has a problem: %s', text => {
    const baseline = readBaseline('/ws/b.json', text)
    expect(baseline.problems.length).toBeGreaterThan(0)
    const folders = [{ folder: '/ws', settings: undefined, baseline }]
    expect(judge([], { folders }).findings.map(({ rule, path }) => [rule, path])).toContainEqual([
      'faulty-settings',
      '/ws/b.json',
    ])
  })
})
