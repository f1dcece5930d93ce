// Runs a list of modules through the engines that are there and writes the report. One module at a time; what is
// finished stays, whatever happens later: a worker that dies costs the module it died on, and nothing else.
// The built-in dequantizer is handed in, as are files, so that this file knows neither disks nor decoding.

import type { CancellationToken } from 'vscode-jsonrpc/node'
import type {
  DequantizeJob,
  DequantizeResult,
  Engine,
  Notice,
  VerifiedModule,
  VerifyItem,
  VerifyReport,
} from '../protocol'
import type { ByteSource } from '../util/byteSource'
import { launchWorker, resolveInterpreter, type Launch } from './interpreter'
import { defaultLimits, MlxWorker, type WorkerLimits } from './mlxWorker'
import * as notices from './notices'
import { emptyResult } from './result'

export type OpenFile = (path: string) => Promise<ByteSource>

export type RunBuiltin = (job: DequantizeJob, open: OpenFile, cancelled: () => boolean) => Promise<DequantizeResult>

export interface VerifyOptions {
  /** `auto`: MLX where it can be imported, else the built-in dequantizer. `both`: both, compared bit for bit. */
  readonly engine: Engine | 'auto'
  /** The setting `tensorlint.python`; empty: the platform's usual name. */
  readonly python: string
  /** False: no process is started. */
  readonly trusted: boolean
  /** Absolute path of worker.py. */
  readonly workerScript: string
  readonly open: OpenFile
  readonly runBuiltin: RunBuiltin
  readonly token?: CancellationToken
  /** Called before each module with the number of finished ones, and once at the end with all of them. */
  readonly onProgress?: (done: number, total: number, module: string) => void
  /** Everything the worker writes to stderr. */
  readonly onLog?: (text: string) => void
  readonly limits?: WorkerLimits
  /** How the process is started; tests put a program of their own here. */
  readonly launch?: Launch
}

/** Verifies the modules in the order given. Never rejects for what is wrong with the data or the machine. */
export async function verifyModules(items: readonly VerifyItem[], options: VerifyOptions): Promise<VerifyReport> {
  const engines = await startEngines(items, options)
  try {
    const modules: VerifiedModule[] = []
    for (const item of items) {
      options.onProgress?.(modules.length, items.length, item.module)
      const { module, path, job, afterFix } = item
      const result = job
        ? await engines.run(job)
        : emptyResult('skipped', item.skipped ?? 'It is not known how this module is delivered')
      modules.push({ module, path, ...result, ...(afterFix ? { afterFix: await engines.run(afterFix) } : {}) })
    }
    const last = items.at(-1)
    if (last) options.onProgress?.(items.length, items.length, last.module)
    return { version: 1, ...engines.summary(), modules }
  } finally {
    engines.dispose()
  }
}

interface Engines {
  run(job: DequantizeJob): Promise<DequantizeResult>
  summary(): { engine: Engine; mlxVersion: string | null; notice?: Notice }
  dispose(): void
}

/** Finds out which engines there are; from then on `run` does what was asked for as well as they allow. */
async function startEngines(items: readonly VerifyItem[], options: VerifyOptions): Promise<Engines> {
  const { engine, token } = options
  const cancelled = (): boolean => token?.isCancellationRequested ?? false
  const builtin = (job: DequantizeJob): Promise<DequantizeResult> => runBuiltinSafely(job, options, cancelled)
  const only = (run: Engines['run'], engine: Engine, notice?: Notice): Engines => ({
    run: async job => (cancelled() ? skip(notices.cancelled) : run(job)),
    summary: () => ({ engine, mlxVersion: null, ...(notice ? { notice } : {}) }),
    dispose: () => undefined,
  })

  // Without a job there is nothing to start a process for.
  if (engine === 'builtin' || !items.some(item => item.job ?? item.afterFix)) return only(builtin, 'builtin')
  if (!options.trusted) return only(builtin, 'builtin', notices.untrusted)

  const launch = options.launch ?? launchWorker(await resolveInterpreter(options.python), options.workerScript)
  const worker = new MlxWorker(launch, options.limits ?? defaultLimits, options.onLog)
  const started = await worker.start(token)
  if (!started.ok) {
    worker.dispose()
    if (engine === 'mlx') return only(async () => skip(started.notice), 'mlx', started.notice)
    return only(builtin, 'builtin', started.notice)
  }

  let notice: Notice | undefined
  return {
    async run(job) {
      if (cancelled()) return skip(notices.cancelled)
      const outcome = await worker.dequantize(job, token)
      if (outcome.ok) return engine === 'both' ? compare(outcome.result, await builtin(job)) : outcome.result
      if (outcome.kind === 'cancelled') return skip(outcome.notice)
      if (outcome.kind === 'lost') {
        notice ??= outcome.notice
        return emptyResult('error', outcome.notice.reason)
      }
      const rest = engine === 'mlx' ? 'skipped' : 'left to the built-in dequantizer'
      notice = { ...outcome.notice, reason: `${outcome.notice.reason}; the modules after that were ${rest}` }
      return engine === 'mlx' ? skip(outcome.notice) : builtin(job)
    },
    summary: () => ({
      engine: engine === 'both' ? 'both' : 'mlx',
      mlxVersion: started.mlxVersion,
      ...(notice ? { notice } : {}),
    }),
    dispose: () => worker.dispose(),
  }
}

/** A file that vanished is the module's error; a bug of the dequantizer is ours and is thrown. */
async function runBuiltinSafely(
  job: DequantizeJob,
  options: VerifyOptions,
  cancelled: () => boolean,
): Promise<DequantizeResult> {
  try {
    return await options.runBuiltin(job, options.open, cancelled)
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
      return emptyResult('error', error.message)
    }
    throw error
  }
}

/** MLX's result where the built-in dequantizer agrees bit for bit or has no opinion, else an error with both. */
export function compare(mlx: DequantizeResult, builtin: DequantizeResult): DequantizeResult {
  if (mlx.status === 'skipped' || builtin.status === 'skipped') return mlx
  if (mlx.status === 'error' && builtin.status === 'error') return mlx
  const same =
    mlx.status === builtin.status &&
    mlx.sha256 === builtin.sha256 &&
    mlx.dtype === builtin.dtype &&
    mlx.shape?.join() === builtin.shape?.join()
  if (same) return mlx
  const error = `The two engines disagree: MLX gives ${show(mlx)}; the built-in dequantizer gives ${show(builtin)}`
  return { ...mlx, status: 'error', error }
}

function show({ status, error, dtype, shape, sha256 }: DequantizeResult): string {
  return status === 'ok' ? `${dtype} [${shape?.join(', ')}] sha256 ${sha256}` : `the error "${error}"`
}

function skip(notice: Notice): DequantizeResult {
  return emptyResult('skipped', notice.reason)
}
