import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { isPolicyFile, PolicyFiles } from '../../../server/workspace/policyFiles'
import { Session } from '../../../server/workspace/session'
import { ruleWorld } from '../../support/runCli'
import { tempFolder, writeFiles } from '../../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

const off = '{"severity":{"sliced-scales":"off"}}'

describe('PolicyFiles', () => {
  test('gives the same objects until a text changes', async () => {
    const folder = tempFolder({ '.tensorlintrc.json': off, '.tensorlint-baseline.json': '{"version":1,"findings":[]}' })
    const files = new PolicyFiles()
    const first = await files.read([folder])
    expect(first).toMatchObject([
      { folder, settings: { severity: { 'sliced-scales': 'off' } }, baseline: { problems: [] } },
    ])
    expect(await files.read([folder])).toBe(first)
    writeFiles(folder, { '.tensorlintrc.json': '{}' })
    const second = await files.read([folder])
    expect(second).not.toBe(first)
    expect(second[0]?.baseline).toBe(first[0]?.baseline)
    rmSync(join(folder, '.tensorlintrc.json'))
    expect((await files.read([folder]))[0]?.settings).toBeUndefined()
  })

  test('finds the nearest folder above, once for all that lie below it', async () => {
    const folder = tempFolder({
      '.tensorlintrc.json': off,
      'a/b/x': '',
      'c/x': '',
      'd/.tensorlintrc.json': '{}',
      'd/e/x': '',
    })
    const below = ['a/b', 'c', 'd/e'].map(name => join(folder, name))
    expect((await new PolicyFiles().read(below)).map(policy => policy.folder)).toEqual([folder, join(folder, 'd')])
    mkdirSync(join(folder, 'a', '.git'))
    expect(await new PolicyFiles().read([join(folder, 'a', 'b')])).toEqual([])
    expect(await new PolicyFiles().read([join(folder, 'nowhere')])).toMatchObject([{ folder }])
  })

  test('a folder of that name is no file', async () => {
    const folder = tempFolder({ '.git/x': '', '.tensorlintrc.json/x': '' })
    expect(await new PolicyFiles().read([folder])).toEqual([])
  })

  test('knows its files by name', () => {
    const names = [
      '/w/.tensorlintrc.json',
      'C:\\w\\.tensorlint-baseline.json',
      '/w/x.tensorlintrc.json',
      '/w/tensorlint.json',
    ]
    expect(names.map(isPolicyFile)).toEqual([true, true, false, false])
  })
})

describe('a session', () => {
  test('follows settings and files without analysing again', async () => {
    const folder = tempFolder({ '.git/x': '', 'a.py': 'import mlx\n"BROKEN"' })
    let analyses = 0
    const session = new Session({
      analyse: snapshot => {
        analyses++
        return ruleWorld().analyse(snapshot)
      },
      onError: error => {
        throw error
      },
      filesDelayMs: 1,
    })
    onTestFinished(() => session.dispose())
    session.configure({ folders: [folder] })
    const severities = async () => (await session.current()).analysis.findings.map(({ severity }) => severity)
    expect(await severities()).toEqual(['error'])
    session.configure({ policy: { editor: { 'sliced-scales': 'hint' } } })
    expect(await severities()).toEqual(['hint'])
    const before = session.latest.analysis
    session.filesChanged()
    expect((await session.current()).analysis).toBe(before)
    writeFiles(folder, { '.tensorlintrc.json': '{"ignore":[{"files":"*.py"}]}' })
    session.filesChanged()
    expect(await severities()).toEqual([])
    expect(session.latest.suppressed).toMatchObject([{ by: 'settings' }])
    expect(analyses).toBe(1)
  })
})
