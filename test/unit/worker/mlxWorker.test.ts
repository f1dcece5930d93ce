import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { CancellationTokenSource } from 'vscode-jsonrpc/node'
import type { Launch } from '../../../server/worker/interpreter'
import { defaultLimits, MlxWorker, type WorkerLimits } from '../../../server/worker/mlxWorker'
import { fakeJob, fakeResult, fakeWorker, freshFile, healthy, isRunning } from './fakeWorker'

const limits: WorkerLimits = { startMs: 20_000, jobMs: () => 20_000, restarts: 2 }
const running: MlxWorker[] = []
afterEach(() => running.splice(0).forEach(worker => worker.dispose()))

function workerOf(launch: Launch, changed: Partial<WorkerLimits> = {}): MlxWorker {
  const worker = new MlxWorker(launch, { ...limits, ...changed })
  running.push(worker)
  return worker
}

/** The reason that starting gives; fails where it starts. */
async function reasonOf(launch: Launch, changed: Partial<WorkerLimits> = {}): Promise<string> {
  const worker = workerOf(launch, changed)
  const started = await worker.start()
  if (started.ok) throw new Error('it started')
  expect(started.notice.remedy).not.toBe('')
  // What could not be started once is not tried again for each module.
  expect(await worker.dequantize(fakeJob('a'))).toEqual({ ok: false, kind: 'unavailable', notice: started.notice })
  return started.notice.reason
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 10_000) throw new Error('waited in vain')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

describe('starting', () => {
  it('tells the version of MLX', async () => {
    expect(await workerOf(fakeWorker(healthy)).start()).toEqual({ ok: true, mlxVersion: '9.9', python: 'fake' })
  })

  it('says that there is no such interpreter', async () => {
    const command = path.join(path.dirname(freshFile()), 'no-such-python')
    expect(await reasonOf({ ...fakeWorker(healthy), command })).toBe(`No Python at ${JSON.stringify(command)}`)
  })

  it.skipIf(process.platform === 'win32')('says that the interpreter cannot be executed', async () => {
    const command = freshFile()
    writeFileSync(command, 'text', { mode: 0o644 })
    expect(await reasonOf({ ...fakeWorker(healthy), command })).toContain('could not be started: ')
  })

  it('says that the process exits at once, with the last line it wrote', async () => {
    const reason = await reasonOf(fakeWorker(`process.stderr.write('first\\nlast words\\n'); process.exitCode = 3`))
    expect(reason).toContain('exited with code 3 before it was ready')
    expect(reason).toMatch(/: last words$/)
  })

  it('says that the process hangs', async () => {
    const reason = await reasonOf(fakeWorker('setInterval(() => {}, 1000)'), { startMs: 300 })
    expect(reason).toContain('did not get ready within 0.3 s')
  })

  it('says at once that the process prints junk, though it goes on living', async () => {
    const reason = await reasonOf(fakeWorker(`console.log('Welcome to Conda'); setInterval(() => {}, 1000)`))
    expect(reason).toContain('wrote something to stdout that is not the worker\'s answer: "Welcome to Conda"')
  })

  it('says that the answer is not the one of the worker', async () => {
    expect(await reasonOf(fakeWorker('serve({ initialize: () => 42 })'))).toContain('answer: "42"')
    expect(
      await reasonOf(
        fakeWorker('serve({ initialize: () => { process.stdout.write("Content-Length: 4\\r\\n\\r\\n{oo}") } })'),
      ),
    ).toContain('wrote something to stdout')
  })

  it.each([
    ['missing', 'MLX cannot be imported by "fake": why'],
    ['broken', 'MLX is installed for "fake" but importing it fails: why'],
    ['too-old', 'The MLX of "fake" is too old: why'],
  ])('says that MLX is %s', async (kind, reason) => {
    const answer = `{ python: 'fake', mlxVersion: null, error: { kind: '${kind}', message: 'why' } }`
    expect(await reasonOf(fakeWorker(`serve({ initialize: () => (${answer}) })`))).toBe(reason)
  })

  it('is given up when cancelled, and may be tried again', async () => {
    const worker = workerOf(fakeWorker('setInterval(() => {}, 1000)'))
    const source = new CancellationTokenSource()
    const started = worker.start(source.token)
    const pid = worker.pid
    source.cancel()
    expect(await started).toMatchObject({ ok: false, notice: { reason: 'Cancelled' } })
    await until(() => !isRunning(pid ?? 0))
  })
})

describe('dequantizing', () => {
  it('gives results, one after another, from one process', async () => {
    const worker = workerOf(fakeWorker(healthy))
    await worker.start()
    const { pid } = worker
    for (const module of ['a', 'b']) {
      expect(await worker.dequantize(fakeJob(module))).toEqual({ ok: true, result: fakeResult(module) })
    }
    expect(worker.pid).toBe(pid)
  })

  it.each([
    ['process.exit(9)', 'The MLX worker exited with code 9 while it dequantized bad'],
    ['process.kill(process.pid, "SIGKILL")', 'The MLX worker was killed'],
    ['process.stdout.write("loading...")', 'wrote something to stdout that is not the worker\'s answer: "loading..."'],
    ['undefined', 'The MLX worker did not finish bad within 0.5 s and was stopped'],
    ['({ status: "fine" })', 'answer: "{\\"status\\":\\"fine\\"}"'],
    ['({ status: "ok", sha256: "x" })', 'wrote something to stdout'],
  ])('loses the job that makes the process do %s, and goes on with a new one', async (deed, reason) => {
    const body = `serve({ initialize: ready, dequantize: job => job.weight.name === 'bad' ? ${deed} : result(job) })`
    const jobMs = (job: { weight: { name: string } }): number =>
      job.weight.name === 'bad' && deed === 'undefined' ? 500 : 20_000
    const worker = workerOf(fakeWorker(body), { jobMs })
    await worker.start()
    const { pid } = worker
    const lost = await worker.dequantize(fakeJob('bad'))
    expect(lost).toMatchObject({ ok: false, kind: 'lost' })
    expect(lost.ok ? '' : lost.notice.reason).toContain(reason)
    expect(await worker.dequantize(fakeJob('good'))).toEqual({ ok: true, result: fakeResult('good') })
    expect(worker.pid).not.toBe(pid)
  })

  it('keeps the process that answers with an error', async () => {
    const body = `serve({ initialize: ready, dequantize: () => { send({ id: 1, error: { code: -32602, message: 'no' } }) } })`
    const worker = workerOf(fakeWorker(body))
    await worker.start()
    const { pid } = worker
    const outcome = await worker.dequantize(fakeJob('a'))
    expect(outcome).toMatchObject({ ok: false, kind: 'lost' })
    expect(outcome.ok ? '' : outcome.notice.reason).toBe('The MLX worker could not take a: no')
    expect(worker.pid).toBe(pid)
  })

  it('replaces a process twice, then gives up and says why', async () => {
    const worker = workerOf(fakeWorker('serve({ initialize: ready, dequantize: () => process.exit(1) })'))
    await worker.start()
    const kinds: string[] = []
    for (const module of ['a', 'b', 'c', 'd', 'e']) {
      const outcome = await worker.dequantize(fakeJob(module))
      kinds.push(outcome.ok ? 'ok' : outcome.kind)
      if (!outcome.ok && module === 'e')
        expect(outcome.notice.reason).toMatch(/restarted 2 times and is not tried again/)
    }
    expect(kinds).toEqual(['lost', 'lost', 'lost', 'unavailable', 'unavailable'])
  })

  it('is ended by cancelling, and the next job gets a new process that does not count as a restart', async () => {
    const marker = freshFile()
    const hang = `job => job.weight.name === 'slow' ? void require('fs').writeFileSync(${JSON.stringify(marker)}, '') : result(job)`
    const worker = workerOf(fakeWorker(`serve({ initialize: ready, dequantize: ${hang} })`), { restarts: 0 })
    await worker.start()
    const pid = worker.pid ?? 0
    const source = new CancellationTokenSource()
    const outcome = worker.dequantize(fakeJob('slow'), source.token)
    await until(() => existsSync(marker))
    source.cancel()
    expect(await outcome).toMatchObject({ ok: false, kind: 'cancelled' })
    await until(() => !isRunning(pid))
    expect(await worker.dequantize(fakeJob('a'), source.token)).toMatchObject({ ok: false, kind: 'cancelled' })
    expect(await worker.dequantize(fakeJob('b'))).toMatchObject({ ok: true })
  })

  it('leaves no process behind when disposed, and starts none afterwards', async () => {
    const worker = workerOf(fakeWorker('serve({ initialize: ready, dequantize: () => undefined })'))
    await worker.start()
    const pid = worker.pid ?? 0
    const outcome = worker.dequantize(fakeJob('a'))
    worker.dispose()
    expect(await outcome).toMatchObject({ ok: false, kind: 'cancelled' })
    await until(() => !isRunning(pid))
    expect(await worker.dequantize(fakeJob('b'))).toMatchObject({ ok: false, kind: 'cancelled' })
    expect(worker.pid).toBeUndefined()
  })

  it('gets more time for more bytes', () => {
    const job = fakeJob('a')
    const large = { ...job, weight: { ...job.weight, endBytes: 1e9 } }
    expect(defaultLimits.jobMs(job)).toBeGreaterThanOrEqual(60_000)
    expect(defaultLimits.jobMs(large)).toBeGreaterThan(10 * defaultLimits.jobMs(job))
  })
})
