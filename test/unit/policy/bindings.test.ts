// Which checkpoint a program loads, by settings: the project's file and the editor's, with the real engine on real files.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { analyse } from '../../../server/engine'
import { bindingsOf, pathFrom } from '../../../server/policy/bindings'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { Session } from '../../../server/workspace/session'
import { tempFolder, triple, writeFiles, zeros } from '../../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

/** Fits `good` and not `bad`, whose tensors are stored transposed. */
const loader = `import sys
import mlx.core as mx
weights = mx.load(sys.argv[1])
full = mx.dequantize(weights["proj.weight"], weights["proj.scales"], weights["proj.biases"], group_size=64, bits=4)
`
const good = zeros(triple('proj', 128, 256))
const bad = zeros({ 'proj.weight': ['U32', 32, 128], 'proj.scales': ['F16', 4, 128], 'proj.biases': ['F16', 4, 128] })
const config = '{"model_type": "llama", "quantization": {"group_size": 64, "bits": 4}}'

function workspace(models: readonly [string, Uint8Array][], more: Record<string, string> = {}): string {
  const files = models.flatMap(([name, shard]) => [
    [`${name}/model.safetensors`, shard] as const,
    [`${name}/config.json`, config] as const,
  ])
  return tempFolder({ '.git/x': '', 'loaders/one.py': loader, ...Object.fromEntries(files), ...more })
}

function sessionOn(folder: string): { session: Session; rules: () => Promise<string[]> } {
  const session = new Session({
    analyse,
    onError: error => {
      throw error
    },
    filesDelayMs: 1,
  })
  onTestFinished(() => session.dispose())
  session.configure({ folders: [folder] })
  const rules = async () =>
    (await session.current()).analysis.findings
      .filter(f => /\.py$|rc\.json$/.test(f.path))
      .map(f => `${f.rule}: ${f.message}`)
  return { session, rules }
}

const rc = (checkpoints: object) => JSON.stringify({ checkpoints })

describe('a setting that names the checkpoint', () => {
  test('decides between those that may be meant; the project before the editor', async () => {
    const folder = workspace([
      ['good', good],
      ['bad', bad],
    ])
    const { session, rules } = sessionOn(folder)
    expect(await rules()).toEqual([expect.stringMatching(/^transposed-triple: .*bad/)])
    session.configure({ checkpoints: { 'loaders/*.py': 'good' } })
    expect(await rules()).toEqual([])
    writeFiles(folder, { '.tensorlintrc.json': rc({ 'one.py': ['bad'] }) })
    session.filesChanged()
    expect(await rules()).toEqual([expect.stringMatching(/^transposed-triple:/)])
    writeFiles(folder, { '.tensorlintrc.json': rc({ 'other.py': 'bad' }) })
    session.filesChanged()
    expect(await rules()).toEqual([])
  })

  test('brings in a checkpoint from elsewhere, and an unchanged one costs no analysis', async () => {
    const elsewhere = workspace([['far', bad]])
    const folder = workspace([['good', good]])
    const { session, rules } = sessionOn(folder)
    expect(await rules()).toEqual([])
    session.configure({ checkpoints: { '**/*.py': join(elsewhere, 'far') } })
    expect(await rules()).toEqual([expect.stringMatching(/^transposed-triple:/)])
    const before = session.latest.analysis
    session.filesChanged()
    expect((await session.current()).analysis).toBe(before)
  })

  test('is faulty where no checkpoint is', async () => {
    const folder = workspace([['good', good]], { '.tensorlintrc.json': rc({ '*.py': ['good', 'gone'] }) })
    expect(await sessionOn(folder).rules()).toEqual([
      'faulty-settings: no checkpoint is at gone: the programs are read as if nothing were said',
    ])
  })
})

test('paths start at their folder, or at home', () => {
  expect(pathFrom('/ws/a', '../m')).toBe('/ws/m')
  expect(pathFrom('/ws', '/m')).toBe('/m')
  expect(pathFrom('/ws', '~/m')).toBe(join(homedir(), 'm'))
  expect(bindingsOf([], { '*.py': ['a', 'b'] }, ['/x', '/y'])).toEqual([
    { folder: '/x', pattern: '*.py', models: ['/x/a', '/x/b'] },
    { folder: '/y', pattern: '*.py', models: ['/y/a', '/y/b'] },
  ])
})
