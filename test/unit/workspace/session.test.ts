import { appendFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Snapshot } from '../../../server/engine'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { Session, type SessionOptions } from '../../../server/workspace/session'
import { fakeAnalysis } from '../../support/fakeWorld'
import { tempFolder, triple, writeFiles, zeros } from '../../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

/** A session over a folder, with every snapshot that it handed to the engine. */
function sessionOn(folder: string, options: Partial<SessionOptions> = {}) {
  const snapshots: Snapshot[] = []
  const session = new Session({
    analyse: snapshot => {
      snapshots.push(snapshot)
      return fakeAnalysis(snapshot)
    },
    onError: error => {
      throw error
    },
    textDelayMs: 5,
    filesDelayMs: 5,
    ...options,
  })
  onTestFinished(() => session.dispose())
  session.configure({ folders: [folder] })
  return { session, snapshots }
}

const model = (rows = 64) => zeros({ ...triple('proj', rows, 256), 'norm.weight': ['F16', 256] })

describe('Session', () => {
  test('reads a folder into models and programs', async () => {
    const folder = tempFolder({
      'm/model.safetensors': model(),
      'm/config.json': '{"quantization": {"bits": 4}}',
      'loader.py': 'import mlx\nBROKEN',
    })
    const { session } = sessionOn(folder)
    const { snapshot, analysis } = await session.current()
    expect(snapshot.models.map(({ path }) => path)).toEqual([join(folder, 'm')])
    expect(snapshot.models[0]?.configs.map(({ path }) => path)).toEqual([join(folder, 'm', 'config.json')])
    expect(snapshot.models[0]?.shards[0]?.tensors.count).toBe(4)
    expect(snapshot.programs.map(({ path }) => path)).toEqual([join(folder, 'loader.py')])
    expect(analysis.findings.map(({ message }) => message)).toEqual(['the word is BROKEN, expected WHOLE'])
  })

  test('keeps unchanged objects, and does not analyse again when nothing changed', async () => {
    const folder = tempFolder({
      'a.safetensors': model(),
      'b.safetensors': model(),
      'x.py': 'import mlx',
      'y.py': 'import mlx',
    })
    const { session, snapshots } = sessionOn(folder)
    const first = await session.current()
    session.filesChanged()
    const second = await session.current()
    expect(second.snapshot).toBe(first.snapshot)
    expect(snapshots).toHaveLength(1)
    writeFileSync(join(folder, 'y.py'), 'import mlx  # new')
    writeFileSync(join(folder, 'b.safetensors'), model(128))
    session.filesChanged()
    const third = await session.current()
    expect(snapshots).toHaveLength(2)
    const [xBefore, yBefore] = first.snapshot.programs
    const [xAfter, yAfter] = third.snapshot.programs
    expect(xAfter).toBe(xBefore)
    expect(yAfter).not.toBe(yBefore)
    const [aBefore, bBefore] = first.snapshot.models
    const [aAfter, bAfter] = third.snapshot.models
    expect(aAfter).toBe(aBefore)
    expect(bAfter).not.toBe(bBefore)
    expect(bAfter?.shards[0]?.tensors.find('proj.weight')?.shape).toEqual([128, 32])
  })

  test('lets the text of an editor win over the disk, in sources and in config.json', async () => {
    const folder = tempFolder({ 'model.safetensors': model(), 'config.json': '{"a": 1}', 'x.py': 'import mlx' })
    const { session } = sessionOn(folder)
    const before = await session.current()
    session.setText(join(folder, 'x.py'), 'import mlx\nBROKEN', 7)
    session.setText(join(folder, 'config.json'), '{"a": 2}', 3)
    const open = await session.current()
    expect(open.analysis.findings).toHaveLength(1)
    expect(open.versions.get(join(folder, 'x.py'))).toBe(7)
    expect(open.snapshot.models[0]?.configs[0]?.text).toBe('{"a": 2}')
    expect(open.snapshot.models[0]?.shards[0]).toBe(before.snapshot.models[0]?.shards[0])
    session.clearText(join(folder, 'x.py'))
    session.clearText(join(folder, 'config.json'))
    const closed = await session.current()
    expect(closed.analysis.findings).toEqual([])
    expect(closed.snapshot.models[0]?.configs[0]?.text).toBe('{"a": 1}')
  })

  test('keeps the program when a document is opened or saved without a change of text', async () => {
    const folder = tempFolder({ 'x.py': 'import mlx' })
    const { session, snapshots } = sessionOn(folder)
    await session.current()
    session.setText(join(folder, 'x.py'), 'import mlx', 1)
    await session.current()
    utimesSync(join(folder, 'x.py'), new Date(), new Date(Date.now() + 5_000))
    session.filesChanged()
    await session.current()
    expect(snapshots).toHaveLength(1)
  })

  test('sees files come and go', async () => {
    const folder = tempFolder({ 'rank_0/model.safetensors': model() })
    const { session } = sessionOn(folder)
    expect((await session.current()).snapshot.models).toHaveLength(1)
    writeFiles(folder, { 'other/model.safetensors': model(), 'x.py': 'import mlx' })
    session.filesChanged()
    const more = await session.current()
    expect([more.snapshot.models.length, more.snapshot.programs.length]).toEqual([2, 1])
    expect(session.knows(join(folder, 'other'))).toBe(true)
    expect(session.knows(join(folder, 'oth'))).toBe(false)
    rmSync(join(folder, 'other'), { recursive: true })
    session.filesChanged()
    expect((await session.current()).snapshot.models).toHaveLength(1)
  })

  test('runs by itself after a change, once for a burst', async () => {
    const folder = tempFolder({ 'x.py': 'import mlx' })
    const { session, snapshots } = sessionOn(folder, { textDelayMs: 20 })
    await session.current()
    for (let version = 1; version <= 10; version++)
      session.setText(join(folder, 'x.py'), `import mlx${'\n'.repeat(version)}`, version)
    await expect.poll(() => session.latest.versions.get(join(folder, 'x.py'))).toBe(10)
    expect(snapshots.length).toBeLessThanOrEqual(3)
    expect(session.latest.moved.get(join(folder, 'x.py'))?.text).toBe(`import mlx${'\n'.repeat(10)}`)
  })

  test('lets what was analysed stand while it is typed, and looks again when nobody types', async () => {
    const path = 'x.py'
    const folder = tempFolder({ [path]: 'import mlx\nBROKEN\n' })
    const { session, snapshots } = sessionOn(folder, { typingMs: 60 })
    const file = join(folder, path)
    const type = async (text: string, version: number) => {
      session.setText(file, text, version)
      const { snapshot, moved } = await session.current()
      return [snapshot.programs[0]?.text, moved.get(file)?.text, snapshots.length]
    }
    const whole = 'import mlx\nBROKEN\n'
    expect(await type(whole, 1)).toEqual([whole, undefined, 1])
    expect(await type(`# why\n${whole}`, 2)).toEqual([whole, `# why\n${whole}`, 1])
    expect(await type(`# why\n${whole}f(`, 3)).toEqual([whole, `# why\n${whole}f(`, 1])
    await expect.poll(() => session.latest.snapshot.programs[0]?.text).toBe(`# why\n${whole}f(`)
    expect(session.latest.moved.size).toBe(0)
    const called = `# why\n${whole}f()`
    expect(await type(called, 4)).toEqual([called, undefined, 3])
    expect(await type(`${called}  # why`, 5)).toEqual([called, `${called}  # why`, 3])
    // A document that is closed keeps what was said of it, as long as the disk says the same.
    writeFiles(folder, { [path]: `${called}  # why` })
    session.clearText(file)
    await session.current()
    expect(session.latest.moved.get(file)?.text).toBe(`${called}  # why`)
    const { snapshot, moved } = await session.exact()
    expect([snapshot.programs[0]?.text, moved.size]).toEqual([`${called}  # why`, 0])
  })

  test('keeps the last whole state of a shard that is being written, and looks again', async () => {
    const folder = tempFolder({ 'model.safetensors': model() })
    const { session } = sessionOn(folder, { settleMs: 150 })
    const before = await session.current()
    truncateSync(join(folder, 'model.safetensors'), 300)
    session.filesChanged()
    const during = await session.current()
    expect(during.snapshot.models[0]?.shards[0]).toBe(before.snapshot.models[0]?.shards[0])
    writeFileSync(join(folder, 'model.safetensors'), model(128))
    await expect
      .poll(() => session.latest.snapshot.models[0]?.shards[0]?.tensors.find('proj.weight')?.shape)
      .toEqual([128, 32])
  })

  test('takes a broken shard for broken once nobody touches it any more', async () => {
    const folder = tempFolder({ 'model.safetensors': model() })
    const { session } = sessionOn(folder, { settleMs: 60 })
    await session.current()
    truncateSync(join(folder, 'model.safetensors'), 300)
    session.filesChanged()
    await session.current()
    await expect.poll(() => session.latest.snapshot.models[0]?.shards[0]?.problems.length).toBeGreaterThan(0)
  })

  test('takes every file as it is where nothing is watched', async () => {
    const folder = tempFolder({ 'model.safetensors': 'junk' })
    const { session } = sessionOn(folder)
    expect((await session.current()).snapshot.models[0]?.shards[0]?.problems.length).toBeGreaterThan(0)
  })

  test('outlives an engine that throws', async () => {
    const folder = tempFolder({ 'x.py': 'import mlx' })
    const errors: unknown[] = []
    const session = new Session({
      analyse: snapshot => {
        if (snapshot.programs.some(({ text }) => text.includes('throw'))) throw new Error('our bug')
        return fakeAnalysis(snapshot)
      },
      onError: error => errors.push(error),
    })
    onTestFinished(() => session.dispose())
    session.configure({ folders: [folder] })
    const before = await session.current()
    session.setText(join(folder, 'x.py'), 'import mlx\nthrow', 1)
    expect(await session.current()).toBe(before)
    expect(errors).toHaveLength(1)
    session.setText(join(folder, 'x.py'), 'import mlx\nBROKEN', 2)
    expect((await session.current()).analysis.findings).toHaveLength(1)
  })

  test('rehearses what an editor has open, and nothing where nothing is open', async () => {
    const folder = tempFolder({ 'x.py': 'import mlx', 'y.py': 'import mlx' })
    const rehearsed: string[][] = []
    const { session } = sessionOn(folder, {
      rehearse: (snapshot, paths) => {
        expect(snapshot).toBe(session.latest.snapshot)
        rehearsed.push([...paths])
      },
      rehearsal: { quietMs: 5, pauseMs: 1 },
    })
    await session.current()
    await new Promise(done => setTimeout(done, 50))
    expect(rehearsed).toEqual([])
    const state = await session.current()
    session.setText(join(folder, 'x.py'), 'import mlx  # open', 1)
    await expect.poll(() => rehearsed.length).toBeGreaterThan(1)
    expect(rehearsed[0]).toEqual([join(folder, 'x.py')])
    expect(session.latest.analysis.findings).toEqual(state.analysis.findings)
  })

  test('takes open documents for the workspace where there is no folder', async () => {
    const session = new Session({ analyse: fakeAnalysis })
    onTestFinished(() => session.dispose())
    session.configure({ folders: [] })
    session.setText('/nowhere/x.py', 'import mlx # BROKEN', 1)
    session.setText('/nowhere/notes.txt', 'BROKEN', 1)
    expect((await session.current()).analysis.findings.map(({ path }) => path)).toEqual(['/nowhere/x.py'])
  })
})

describe('which sources are lowered', () => {
  const names = async (files: Record<string, string>) => {
    const folder = tempFolder(files)
    const { session } = sessionOn(folder)
    return (await session.current()).snapshot.programs.map(({ path }) => path.slice(folder.length + 1))
  }

  test('those that speak of tensors, what they import, and what imports them', async () => {
    expect(
      await names({
        'loader.py': 'import mlx.core as mx\nfrom .sizes import GROUP',
        'sizes.py': 'GROUP = 64',
        'main.py': 'from loader import load\nfrom paths import MODEL\nload(MODEL)',
        'paths.py': 'MODEL = "x"',
        'web/server.py': 'import http\nfrom web.places import ROOT',
        'web/places.py': 'ROOT = "/"',
        'unrelated.ts': 'import { x } from "./other"',
        'other.ts': 'export const x = 1',
      }),
    ).toEqual(['loader.py', 'main.py', 'paths.py', 'sizes.py'])
  })

  test('packages, relative modules and both script languages', async () => {
    expect(
      await names({
        'app/__init__.py': '',
        'app/layers/__init__.py': '',
        'app/layers/linear.py': 'X = 1',
        'app/load.py': 'import safetensors\nfrom app.layers import (\n  linear,\n)',
        'lib/sizes.ts': 'export const bits = 4',
        'load.mjs': "import { core as mx } from '@frost-beta/mlx'\nconst s = require('./lib/sizes.js')",
      }),
    ).toEqual(['app/layers/__init__.py', 'app/layers/linear.py', 'app/load.py', 'lib/sizes.ts', 'load.mjs'])
  })
})

test('appending to a shard is noticed', async () => {
  const folder = tempFolder({ 'model.safetensors': model() })
  const { session } = sessionOn(folder)
  await session.current()
  appendFileSync(join(folder, 'model.safetensors'), 'trailing')
  session.filesChanged()
  expect((await session.current()).snapshot.models[0]?.shards[0]?.problems.map(({ kind }) => kind)).toContain(
    'trailing-bytes',
  )
})
