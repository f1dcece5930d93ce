import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CancellationTokenSource } from 'vscode-jsonrpc/node'
import type { DequantizeResult, VerifyItem, VerifyReport } from '../../../server/protocol'
import { bytesSource } from '../../../server/util/byteSource'
import type { WorkerLimits } from '../../../server/worker/mlxWorker'
import { emptyResult } from '../../../server/worker/result'
import { compare, verifyModules, type RunBuiltin, type VerifyOptions } from '../../../server/worker/verify'
import { fakeJob, fakeResult, fakeWorker, healthy } from './fakeWorker'

const limits: WorkerLimits = { startMs: 20_000, jobMs: () => 20_000, restarts: 2 }
const crashing = `serve({ initialize: ready, dequantize: job => job.weight.name.startsWith('bad') ? process.exit(1) : result(job) })`
const withoutMlx = `serve({ initialize: () => ({ python: 'fake', error: { kind: 'missing', message: 'none' } }) })`
/** Distinguishable from the fake worker's answers by the hash. */
const builtin: RunBuiltin = async job => ({ ...fakeResult(job.weight.name), sha256: `builtin ${job.weight.name}` })
const agreeing: RunBuiltin = async job => fakeResult(job.weight.name)

function item(module: string, more: Partial<VerifyItem> = {}): VerifyItem {
  return { module, path: `/${module}.safetensors`, job: fakeJob(module), ...more }
}

function verify(
  program: string,
  items: readonly VerifyItem[],
  changed: Partial<VerifyOptions> = {},
): Promise<VerifyReport> {
  return verifyModules(items, {
    engine: 'auto',
    python: '',
    trusted: true,
    workerScript: '/nowhere/worker.py',
    open: async () => bytesSource(new Uint8Array()),
    runBuiltin: builtin,
    limits,
    launch: fakeWorker(program),
    ...changed,
  })
}

const hashes = (report: VerifyReport): (string | null)[] => report.modules.map(module => module.sha256)
const statuses = (report: VerifyReport): string[] => report.modules.map(module => module.status)

describe('verifying', () => {
  it('reports each module as delivered and after its fix, and progress', async () => {
    const progress: string[] = []
    const onProgress = (done: number, total: number, module: string): void =>
      void progress.push(`${done}/${total} ${module}`)
    const report = await verify(healthy, [item('a', { afterFix: fakeJob('a fixed') }), item('b')], { onProgress })
    expect(report).toEqual({
      version: 1,
      engine: 'mlx',
      mlxVersion: '9.9',
      modules: [
        { module: 'a', path: '/a.safetensors', ...fakeResult('a'), afterFix: fakeResult('a fixed') },
        { module: 'b', path: '/b.safetensors', ...fakeResult('b') },
      ],
    })
    expect(progress).toEqual(['0/2 a', '1/2 b', '2/2 b'])
  })

  it('skips a module whose delivery is not known, with the reason, and still tries its fix', async () => {
    const items = [
      item('a', { job: undefined, skipped: 'sliced by an unknown amount' }),
      item('b', { job: undefined, afterFix: fakeJob('b fixed') }),
    ]
    const { modules } = await verify(healthy, items)
    expect(modules[0]).toEqual({
      module: 'a',
      path: '/a.safetensors',
      ...emptyResult('skipped', 'sliced by an unknown amount'),
    })
    expect(modules[1]).toMatchObject({ status: 'skipped', afterFix: fakeResult('b fixed') })
  })

  it('starts no process where there is nothing to run', async () => {
    const report = await verify('process.exit(1)', [item('a', { job: undefined, skipped: 'why' })])
    expect(report).toMatchObject({ engine: 'builtin', mlxVersion: null })
    expect(report.notice).toBeUndefined()
    expect((await verify('process.exit(1)', [])).modules).toEqual([])
  })

  it('never starts a process in an untrusted workspace, whatever is asked for', async () => {
    for (const engine of ['auto', 'mlx', 'builtin', 'both'] as const) {
      const report = await verify(healthy, [item('a')], { engine, trusted: false })
      expect(report).toMatchObject({ engine: 'builtin', mlxVersion: null })
      expect(hashes(report)).toEqual(['builtin a'])
      expect(report.notice?.reason).toBe(
        engine === 'builtin'
          ? undefined
          : 'MLX does not run in an untrusted workspace; the built-in dequantizer was used',
      )
    }
  })
})

describe('without MLX', () => {
  it.each(['auto', 'both'] as const)('%s uses the built-in dequantizer and keeps the notice', async engine => {
    const report = await verify(withoutMlx, [item('a')], { engine })
    expect(report).toMatchObject({ engine: 'builtin', mlxVersion: null, notice: { command: expect.any(String) } })
    expect(report.notice?.reason).toContain('MLX cannot be imported by "fake": none')
    expect(hashes(report)).toEqual(['builtin a'])
  })

  it('mlx skips everything with the reason', async () => {
    const report = await verify(withoutMlx, [item('a', { afterFix: fakeJob('a') })], { engine: 'mlx' })
    expect(report).toMatchObject({ engine: 'mlx', mlxVersion: null, notice: { remedy: expect.any(String) } })
    const skipped = emptyResult('skipped', report.notice?.reason ?? '')
    expect(report.modules).toEqual([{ module: 'a', path: '/a.safetensors', ...skipped, afterFix: skipped }])
  })

  it('takes the interpreter of the setting', async () => {
    const report = await verify(healthy, [item('a')], { launch: undefined, python: '/nowhere/python' })
    expect(report.notice?.reason).toBe('No Python at "/nowhere/python"')
  })
})

describe('a worker that dies', () => {
  it('costs the module it died on and nothing else', async () => {
    const report = await verify(
      crashing,
      ['a', 'bad', 'c', 'd'].map(module => item(module)),
    )
    expect(statuses(report)).toEqual(['ok', 'error', 'ok', 'ok'])
    expect(report.modules[1]?.error).toBe('The MLX worker exited with code 1 while it dequantized bad')
    expect(report).toMatchObject({ engine: 'mlx', notice: { reason: report.modules[1]?.error } })
  })

  it('leaves the rest to the built-in dequantizer when it has died too often, and says so', async () => {
    const items = ['a', 'bad1', 'bad2', 'bad3', 'b', 'c'].map(module => item(module))
    const report = await verify(crashing, items)
    expect(statuses(report)).toEqual(['ok', 'error', 'error', 'error', 'ok', 'ok'])
    expect(hashes(report)).toEqual(['hash of a', null, null, null, 'builtin b', 'builtin c'])
    expect(report.notice?.reason).toContain('restarted 2 times')
    expect(report.notice?.reason).toContain('left to the built-in dequantizer')

    const strict = await verify(crashing, items, { engine: 'mlx' })
    expect(statuses(strict)).toEqual(['ok', 'error', 'error', 'error', 'skipped', 'skipped'])
    expect(strict.notice?.reason).toContain('the modules after that were skipped')
  })

  it('loses no module, whichever ones kill it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 6 }), async bad => {
        const items = bad.map((bad, i) => item(`${bad ? 'bad' : 'good'}${i}`))
        const report = await verify(crashing, items)
        expect(report.modules.map(module => module.module)).toEqual(items.map(item => item.module))
        let deaths = 0
        for (const [i, module] of report.modules.entries()) {
          const dies = bad[i] === true && deaths < 3
          if (dies) deaths++
          expect(module.status).toBe(dies ? 'error' : 'ok')
        }
      }),
      { numRuns: 6 },
    )
  })
})

describe('both engines', () => {
  it('agree', async () => {
    const report = await verify(healthy, [item('a')], { engine: 'both', runBuiltin: agreeing })
    expect(report).toMatchObject({ engine: 'both', mlxVersion: '9.9', modules: [fakeResult('a')] })
  })

  it('disagree, which is an error that names both hashes', async () => {
    const report = await verify(healthy, [item('a')], { engine: 'both' })
    expect(statuses(report)).toEqual(['error'])
    expect(report.modules[0]?.error).toBe(
      'The two engines disagree: MLX gives float16 [1, 2] sha256 hash of a; ' +
        'the built-in dequantizer gives float16 [1, 2] sha256 builtin a',
    )
  })

  const ok = fakeResult('a')
  const error = emptyResult('error', 'MLX says no')
  it.each<[string, DequantizeResult, DequantizeResult, boolean]>([
    ['the same', ok, { ...ok, ms: 99 }, true],
    ['another hash', ok, { ...ok, sha256: 'x' }, false],
    ['another dtype', ok, { ...ok, dtype: 'float32' }, false],
    ['another shape', ok, { ...ok, shape: [2, 1] }, false],
    ['an error on one side', ok, error, false],
    ['an error on the other side', error, ok, false],
    ['errors in different words', error, emptyResult('error', 'no'), true],
    ['a mode that the built-in dequantizer does not know', ok, emptyResult('skipped', 'mxfp4'), true],
  ])('compare %s', (_what, mlx, builtin, agree) => {
    const compared = compare(mlx, builtin)
    if (agree) expect(compared).toEqual(mlx)
    else expect(compared).toMatchObject({ status: 'error', error: expect.stringContaining('disagree') })
  })
})

describe('cancelling', () => {
  it('keeps what is finished and skips the rest', async () => {
    const source = new CancellationTokenSource()
    const onProgress = (done: number): void => void (done === 1 && source.cancel())
    for (const engine of ['mlx', 'builtin'] as const) {
      const report = await verify(healthy, [item('a'), item('b'), item('c')], {
        engine,
        token: source.token,
        onProgress,
      })
      expect(report.modules.map(module => module.error)).toEqual([
        engine === 'mlx' ? null : 'Cancelled',
        'Cancelled',
        'Cancelled',
      ])
    }
  })

  it('does not wait for the module that runs', async () => {
    const source = new CancellationTokenSource()
    const hanging = 'serve({ initialize: ready, dequantize: () => undefined })'
    const report = verify(hanging, [item('a'), item('b')], { token: source.token })
    setTimeout(() => source.cancel(), 500)
    expect((await report).modules.map(module => module.error)).toEqual(['Cancelled', 'Cancelled'])
  })
})

describe('the built-in dequantizer', () => {
  it('gets the files and the cancellation', async () => {
    const source = new CancellationTokenSource()
    const runBuiltin: RunBuiltin = async (job, open, cancelled) => {
      expect(cancelled()).toBe(false)
      source.cancel()
      expect(cancelled()).toBe(true)
      return { ...fakeResult(job.weight.name), mean: (await open('file')).sizeBytes }
    }
    const open = async (): Promise<ReturnType<typeof bytesSource>> => bytesSource(new Uint8Array(7))
    const report = await verify(healthy, [item('a')], { engine: 'builtin', runBuiltin, open, token: source.token })
    expect(report.modules[0]?.mean).toBe(7)
  })

  it('costs one module where a file is gone, and everything where it has a bug', async () => {
    const gone = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' })
    const runBuiltin: RunBuiltin = async job => {
      if (job.weight.name === 'gone') throw gone
      if (job.weight.name === 'bug') throw new Error('ours')
      return fakeResult(job.weight.name)
    }
    const options = { engine: 'builtin', runBuiltin } as const
    expect(statuses(await verify(healthy, [item('gone'), item('a')], options))).toEqual(['error', 'ok'])
    await expect(verify(healthy, [item('bug')], options)).rejects.toThrow('ours')
  })
})
