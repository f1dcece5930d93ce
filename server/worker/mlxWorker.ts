// The MLX worker as the rest of the server sees it: started once, asked module after module, restarted after a death.
// Its answers are results, or a notice that says in the user's words what is not there. One job runs at a time.

import type { CancellationToken } from 'vscode-jsonrpc/node'
import type { DequantizeJob, DequantizeResult, Notice } from '../protocol'
import { never } from '../util/never'
import type { Launch } from './interpreter'
import * as notices from './notices'
import { readResult } from './result'
import { WorkerProcess, type Ending } from './workerProcess'

export interface WorkerLimits {
  /** Importing MLX for the first time after an installation can take tens of seconds. */
  readonly startMs: number
  /** How long a job may take. */
  jobMs(job: DequantizeJob): number
  /** How many times a process that died is replaced; one that was cancelled is not counted. */
  readonly restarts: number
}

export const defaultLimits: WorkerLimits = {
  startMs: 60_000,
  // A slow disk and a slow CPU together still do more than half a megabyte of packed weights per second.
  jobMs: job => 60_000 + storedBytes(job) / 500,
  restarts: 2,
}

export type WorkerStart =
  | { readonly ok: true; readonly mlxVersion: string; readonly python: string }
  | { readonly ok: false; readonly notice: Notice }

export type WorkerOutcome =
  | { readonly ok: true; readonly result: DequantizeResult }
  /** `lost`: this job failed with its process. `unavailable`: it was not tried, nor will later ones be. */
  | { readonly ok: false; readonly kind: 'lost' | 'cancelled' | 'unavailable'; readonly notice: Notice }

export class MlxWorker {
  readonly #launch: Launch
  readonly #limits: WorkerLimits
  readonly #onLog: ((text: string) => void) | undefined
  #process: WorkerProcess | undefined
  #deaths = 0
  #unavailable: Notice | undefined
  #disposed = false

  constructor(launch: Launch, limits: WorkerLimits = defaultLimits, onLog?: (text: string) => void) {
    this.#launch = launch
    this.#limits = limits
    this.#onLog = onLog
  }

  /** Id of the running process, for logs and tests. */
  get pid(): number | undefined {
    return this.#process?.ending ? undefined : this.#process?.pid
  }

  /** Starts the process and asks for its MLX. Where this fails, the worker is unavailable from then on. */
  async start(token?: CancellationToken): Promise<WorkerStart> {
    if (this.#disposed) return { ok: false, notice: notices.cancelled }
    this.#process = new WorkerProcess(this.#launch, this.#onLog)
    const reply = await this.#process.request('initialize', {}, this.#limits.startMs, token)
    if (reply.kind === 'ended') {
      const notice = this.#noticeOf(reply.ending)
      return reply.ending.kind === 'cancelled' ? { ok: false, notice } : this.#give(notice)
    }
    const command = this.#launch.command
    if (reply.kind === 'refused') return this.#give(notices.printedJunk(command, reply.message))
    const answer = readInitialized(reply.value)
    if (!answer) return this.#give(notices.printedJunk(command, JSON.stringify(reply.value) ?? ''))
    const { python, mlxVersion, error } = answer
    if (mlxVersion !== undefined) return { ok: true, mlxVersion, python }
    if (error?.kind === 'broken') return this.#give(notices.mlxBroken(python, error.message))
    if (error?.kind === 'too-old') return this.#give(notices.mlxTooOld(python, error.message))
    return this.#give(notices.mlxMissing(python, error?.message ?? 'no reason given'))
  }

  /** Dequantizes one module, on a new process where the last one died. */
  async dequantize(job: DequantizeJob, token?: CancellationToken): Promise<WorkerOutcome> {
    if (token?.isCancellationRequested) return { ok: false, kind: 'cancelled', notice: notices.cancelled }
    if (!this.#process || this.#process.ending) {
      if (this.#unavailable) return { ok: false, kind: 'unavailable', notice: this.#unavailable }
      const started = await this.start(token)
      if (!started.ok) {
        const kind = this.#unavailable ? 'unavailable' : 'cancelled'
        return { ok: false, kind, notice: started.notice }
      }
    }
    const process = this.#process
    if (!process) throw new Error('a worker that has started has a process')
    const reply = await process.request('dequantize', job, this.#limits.jobMs(job), token)
    if (reply.kind === 'result') {
      const result = readResult(reply.value)
      if (result) return { ok: true, result }
      process.dispose()
      return this.#lose(notices.printedJunk(this.#launch.command, JSON.stringify(reply.value) ?? ''))
    }
    // The process lives and said no: it did not understand the job, or has a bug. Its words are the best there are.
    if (reply.kind === 'refused')
      return { ok: false, kind: 'lost', notice: notices.refused(reply.message, job.weight.name) }
    if (reply.ending.kind === 'cancelled') return { ok: false, kind: 'cancelled', notice: notices.cancelled }
    return this.#lose(this.#noticeOf(reply.ending, job.weight.name))
  }

  /** Ends the process; a job that runs comes back as cancelled. */
  dispose(): void {
    this.#disposed = true
    this.#process?.dispose()
  }

  #give(notice: Notice): WorkerStart {
    this.#process?.dispose()
    this.#unavailable = notice
    return { ok: false, notice }
  }

  #lose(notice: Notice): WorkerOutcome {
    this.#deaths++
    if (this.#deaths > this.#limits.restarts) this.#unavailable = notices.gaveUp(this.#limits.restarts, notice)
    return { ok: false, kind: 'lost', notice }
  }

  /** `weight`: the tensor that was worked on; undefined while the process was starting. */
  #noticeOf(ending: Ending, weight?: string): Notice {
    const command = this.#launch.command
    switch (ending.kind) {
      case 'not-found':
        return notices.pythonNotFound(command)
      case 'not-started':
        return notices.pythonNotStarted(command, ending.detail)
      case 'exited': {
        const how = notices.howItEnded(ending.code, ending.signal)
        return weight === undefined
          ? notices.endedAtStart(command, how, ending.stderr)
          : notices.ended(how, ending.stderr, weight)
      }
      case 'junk':
        return notices.printedJunk(command, ending.sample)
      case 'timed-out':
        return weight === undefined
          ? notices.hungAtStart(command, ending.ms / 1000)
          : notices.hung(ending.ms / 1000, weight)
      case 'cancelled':
        return notices.cancelled
      default:
        return never(ending)
    }
  }
}

/** Bytes of the tensors that a job reads. */
function storedBytes(job: DequantizeJob): number {
  const tensors = [job.weight, job.scales, ...(job.biases ? [job.biases] : [])]
  return tensors.reduce((sum, tensor) => sum + (tensor.endBytes - tensor.beginBytes), 0)
}

interface Initialized {
  readonly python: string
  readonly mlxVersion?: string
  readonly error?: { readonly kind: string; readonly message: string }
}

/** The worker's answer to `initialize`; undefined where something else answered. */
function readInitialized(value: unknown): Initialized | undefined {
  if (typeof value !== 'object' || value === null || !('python' in value)) return undefined
  if (typeof value.python !== 'string') return undefined
  const mlxVersion = 'mlxVersion' in value && typeof value.mlxVersion === 'string' ? value.mlxVersion : undefined
  const error = 'error' in value ? value.error : undefined
  if (typeof error !== 'object' || error === null) return { python: value.python, mlxVersion }
  const kind = 'kind' in error ? String(error.kind) : ''
  const message = 'message' in error ? String(error.message) : ''
  return { python: value.python, mlxVersion, error: { kind, message } }
}
