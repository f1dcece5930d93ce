// The life of one worker process: started, asked one thing at a time, watched, and ended. Whatever goes wrong with it —
// it cannot be started, exits, prints junk, does not answer in time, is no longer wanted — ends the process and is
// said once, as an `Ending`. What follows from that (restart, notice, the built-in dequantizer) others decide.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { ResponseError, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node'
import { frame } from './framing'
import type { Launch } from './interpreter'

/** Why a process is no more. `stderr`: the last line it wrote there, or empty. */
export type Ending =
  | { readonly kind: 'not-found' }
  | { readonly kind: 'not-started'; readonly detail: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null; readonly stderr: string }
  | { readonly kind: 'junk'; readonly sample: string }
  | { readonly kind: 'timed-out'; readonly ms: number }
  | { readonly kind: 'cancelled' }

/** What a request came to: a result, an error response of a process that lives on, or the end of the process. */
export type Reply =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'ended'; readonly ending: Ending }

/** How much of stderr is remembered for the message. */
const keptStderrCharacters = 4000

export class WorkerProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #connection: MessageConnection
  readonly #ended: Promise<Ending>
  #resolveEnded: (ending: Ending) => void = () => undefined
  #ending: Ending | undefined
  #stderr = ''

  /** Starts the process. `onLog` gets everything it writes to stderr. */
  constructor(launch: Launch, onLog: (text: string) => void = () => undefined) {
    this.#ended = new Promise(resolve => (this.#resolveEnded = resolve))
    this.#child = spawn(launch.command, [...launch.args], {
      cwd: launch.cwd,
      env: launch.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    })
    this.#child.on('error', (error: NodeJS.ErrnoException) => {
      this.#end(error.code === 'ENOENT' ? { kind: 'not-found' } : { kind: 'not-started', detail: error.message })
    })
    // 'close' comes after 'exit', when everything the process wrote has been read.
    this.#child.on('close', (code, signal) => {
      this.#end({ kind: 'exited', code, signal, stderr: lastLine(this.#stderr) })
    })
    this.#child.stdin.on('error', () => undefined) // The process is gone; 'close' says why.
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-keptStderrCharacters)
      onLog(text)
    })
    this.#connection = frame(this.#child.stdout, this.#child.stdin, sample => this.#end({ kind: 'junk', sample }))
  }

  /** Why the process is no more; undefined while it lives. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Asks and waits, at most `timeoutMs`. A computation cannot be interrupted, so cancelling ends the process. */
  async request(method: string, params: unknown, timeoutMs: number, token?: CancellationToken): Promise<Reply> {
    if (token?.isCancellationRequested) this.#end({ kind: 'cancelled' })
    if (this.#ending) return { kind: 'ended', ending: this.#ending }
    const timer = setTimeout(() => this.#end({ kind: 'timed-out', ms: timeoutMs }), timeoutMs)
    const listener = token?.onCancellationRequested(() => this.#end({ kind: 'cancelled' }))
    const answered = this.#connection.sendRequest(method, params).then(
      (value): Reply => ({ kind: 'result', value }),
      (error: unknown): Reply | Promise<Reply> =>
        // Ending the process rejects what is pending too; only a living one can have sent an error response.
        error instanceof ResponseError && !this.#ending
          ? { kind: 'refused', message: error.message }
          : this.#whenEnded(),
    )
    try {
      return await Promise.race([answered, this.#whenEnded()])
    } finally {
      clearTimeout(timer)
      listener?.dispose()
    }
  }

  /** Ends the process if it still lives. */
  dispose(): void {
    this.#end({ kind: 'cancelled' })
  }

  async #whenEnded(): Promise<Reply> {
    return { kind: 'ended', ending: await this.#ended }
  }

  #end(ending: Ending): void {
    if (this.#ending) return
    this.#ending = ending
    this.#resolveEnded(ending)
    // SIGKILL, since a signal that Python handles would wait for the end of a long computation. A process that never
    // started or has ended already is not sent anything.
    this.#child.kill('SIGKILL')
    this.#connection.dispose()
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split(/\r?\n/).at(-1)?.trim() ?? ''
}
