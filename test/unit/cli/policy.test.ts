import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { ruleWorld, runCli } from '../../support/runCli'
import { tempFolder, triple, writeFiles, zeros } from '../../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

const world = ruleWorld()
const tensorlint = (cwd: string, line: string) => runCli(cwd, line, world)

const workspace = (files: Readonly<Record<string, string>> = {}) =>
  tempFolder({
    'm/model.safetensors': zeros(triple('proj', 128, 256)),
    'a.py': 'import mlx\n"BROKEN"\n',
    'sub/b.py': 'import mlx\n"BROKEN"\n',
    ...files,
  })

const rc = (value: unknown) => ({ '.tensorlintrc.json': JSON.stringify(value) })
type Json = { findings: { path: string; rule: string; severity: string }[]; suppressed: Record<string, number> }
const found = async (cwd: string, line: string) => {
  const { code, json } = await tensorlint(cwd, `${line} --format json`)
  const { findings, suppressed } = json<Json>()
  return { code, findings: findings.map(({ path, severity }) => `${path} ${severity}`), suppressed }
}

describe('--rule', () => {
  test('sets severities, and with them the exit code', async () => {
    const folder = workspace()
    expect(await found(folder, 'check . --rule sliced-scales=warning')).toMatchObject({
      code: 0,
      findings: ['./a.py warning', './sub/b.py warning'],
    })
    expect(await found(folder, 'check . --rule sliced-scales=off')).toMatchObject({ code: 0, findings: [] })
    const both = 'check . --rule sliced-scales=hint --rule truncated-shard=off'
    expect((await found(folder, both)).findings).toEqual(['./a.py hint', './sub/b.py hint'])
  })

  test.each([
    ['sliced-scale=off', /there is no rule "sliced-scale"/],
    ['sliced-scales=fatal', /one of error, warning/],
    ['sliced-scales', /one of error, warning/],
  ])('%s is a usage error', async (flag, message) => {
    const { code, err, out } = await tensorlint(workspace(), `check . --rule ${flag}`)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
  })
})

describe('.tensorlintrc.json', () => {
  test('holds for its folder and those below, also where only one of them is looked at', async () => {
    const folder = workspace(rc({ severity: { 'sliced-scales': 'warning' }, ignore: [{ files: 'a.py' }] }))
    expect(await found(folder, 'check .')).toEqual({
      code: 0,
      findings: ['./sub/b.py warning'],
      suppressed: { comment: 0, settings: 1, baseline: 0 },
    })
    expect((await found(folder, 'check sub')).findings).toEqual(['sub/b.py warning'])
    expect((await found(folder, 'check sub/b.py')).findings).toEqual(['sub/b.py warning'])
    expect((await found(folder, 'check . --rule sliced-scales=error')).code).toBe(1)
  })

  test('is not looked for above the root of a repository', async () => {
    const folder = workspace(rc({ severity: { 'sliced-scales': 'off' } }))
    expect((await found(folder, 'check sub')).findings).toEqual([])
    mkdirSync(join(folder, 'sub', '.git'))
    expect((await found(folder, 'check sub')).findings).toEqual(['sub/b.py error'])
  })

  test('that is faulty fails the check and is shown with carets, whatever PATH was asked for', async () => {
    const folder = workspace({ '.tensorlintrc.json': '{\n  "severity": { "sliced-scales": "of" }\n}\n' })
    const { code, out } = await tensorlint(folder, 'check .')
    expect(code).toBe(1)
    expect(out).toContain(
      './.tensorlintrc.json:2:34 error a severity is one of error, warning, information, hint, off, default [faulty-settings]',
    )
    expect(out).toContain('2 |   "severity": { "sliced-scales": "of" }\n      |                                  ^^^^')
    expect((await tensorlint(folder, 'check sub/b.py --rule sliced-scales=off')).out).toContain('[faulty-settings]')
  })

  test('keeps fix from touching what it leaves out', async () => {
    const folder = workspace(rc({ ignore: [{ files: 'a.py' }] }))
    expect((await tensorlint(folder, 'fix . --write')).code).toBe(0)
    expect(readFileSync(join(folder, 'a.py'), 'utf8')).toContain('BROKEN')
    expect(readFileSync(join(folder, 'sub/b.py'), 'utf8')).not.toContain('BROKEN')
  })
})

describe('comments', () => {
  test('suppress, are counted, and are reported where they are of no use', async () => {
    const folder = workspace({
      'a.py': 'import mlx\n"BROKEN"  # tensorlint: ignore[sliced-scales]\n',
      'sub/b.py': 'import mlx\nx = 1  # tensorlint: ignore\n',
    })
    const { code, out } = await tensorlint(folder, 'check .')
    expect(code).toBe(0)
    expect(out).toMatch(
      /sub\/b\.py:2:8 hint the comment suppresses nothing: no finding of any rule is here \[unused-suppression\]/,
    )
    expect(out).toMatch(/1 hint in 1 model, 3 tensors, 2 sources\. 1 suppressed: 1 by comments\.\n$/)
    expect((await tensorlint(folder, 'check a.py')).out).toMatch(
      /^No findings in .*\. 1 suppressed: 1 by comments\.\n$/,
    )
  })
})

describe('a baseline', () => {
  test('is written, and then only what is new is reported', async () => {
    const folder = workspace()
    const written = await tensorlint(folder, 'check . --write-baseline .tensorlint-baseline.json')
    expect(written).toMatchObject({
      code: 0,
      out: '',
      err: '2 findings are known in .tensorlint-baseline.json from now on.\n',
    })
    expect(await found(folder, 'check .')).toEqual({
      code: 0,
      findings: [],
      suppressed: { comment: 0, settings: 0, baseline: 2 },
    })
    expect((await tensorlint(folder, 'check .')).out).toMatch(/2 suppressed: 2 by the baseline\.\n$/)
    // Lines move, a file is looked at alone: known all the same. One more in the file is new.
    writeFiles(folder, { 'a.py': 'import mlx\n\n# longer now\n"BROKEN"\n' })
    expect((await found(folder, 'check .')).findings).toEqual([])
    expect((await found(folder, 'check a.py')).findings).toEqual([])
    writeFiles(folder, { 'a.py': 'import mlx\n"BROKEN"\n"BROKEN"\n', 'c.py': 'import mlx\n"BROKEN"' })
    expect(await found(folder, 'check .')).toMatchObject({ code: 1, findings: ['./a.py error', './c.py error'] })
    expect((await found(folder, 'check . --no-baseline')).findings).toHaveLength(4)
  })

  test('may lie elsewhere: by flag, or by the settings file', async () => {
    const folder = workspace()
    await tensorlint(folder, 'check . --write-baseline ci/known.json')
    expect((await found(folder, 'check .')).findings).toHaveLength(2)
    expect((await found(folder, 'check . --baseline ci/known.json')).findings).toEqual([])
    writeFiles(folder, rc({ baseline: 'ci/known.json' }))
    expect((await found(folder, 'check .')).findings).toEqual([])
  })

  test('is written anew in full, without what a comment suppresses', async () => {
    const folder = workspace({ 'a.py': 'import mlx\n"BROKEN"  # tensorlint: ignore\n' })
    const count = async () => {
      await tensorlint(folder, 'check . --write-baseline .tensorlint-baseline.json')
      const text = readFileSync(join(folder, '.tensorlint-baseline.json'), 'utf8')
      return (JSON.parse(text) as { findings: unknown[] }).findings.length
    }
    expect(await count()).toBe(1)
    expect(await count()).toBe(1)
  })

  test.each([
    ['--baseline nowhere.json', /^tensorlint: nowhere\.json: no such baseline/],
    ['--baseline a.py', /^tensorlint: a\.py: /],
    ['--write-baseline m', /^tensorlint: m cannot be written/],
  ])('%s is a usage error', async (flags, message) => {
    const { code, err, out } = await tensorlint(workspace(), `check . ${flags}`)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
  })
})
