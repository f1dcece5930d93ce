// What every request handler is given: the connection, the session, what the client can do, and the parts of the world
// that are injected (the engine, the verifier), so that tests put others in their place.

import type { CancellationToken, ClientCapabilities, Connection } from 'vscode-languageserver'
import type { Analysis, Snapshot } from '../engine'
import type { Engine, Notice, Settings, VerifyItem, VerifyReport } from '../protocol'
import type { Session } from '../workspace/session'

export interface VerifyRun {
  readonly engine: Engine | 'auto'
  /** Interpreter; empty for the default. */
  readonly python: string
  readonly trusted: boolean
  readonly token: CancellationToken
  readonly onProgress: (done: number, total: number, module: string) => void
  /** What the worker writes to its standard error. */
  readonly onLog?: (text: string) => void
}

/** The parts that differ between a real server, a command line and a test. */
export interface World {
  readonly version: string
  /** The file that explains a rule; undefined where this build holds none. */
  rulePage?(rule: string): string | undefined
  /** Once, before the first analysis: loads the grammars. */
  prepare?(): Promise<void>
  analyse(snapshot: Snapshot): Analysis
  /** Once more for nothing, for the programs at these paths; see workspace/rehearsal.ts. */
  rehearse?(snapshot: Snapshot, paths: ReadonlySet<string>): void
  verify(items: readonly VerifyItem[], run: VerifyRun): Promise<VerifyReport>
}

export interface ServerContext {
  readonly connection: Connection
  readonly session: Session
  readonly world: World
  /** What the client said it can do; empty before `initialize`. */
  capabilities: ClientCapabilities
  settings: Settings
  /** URIs as the client spells them, by path: answers about open documents use the same spelling. */
  readonly openUris: Map<string, string>
  /** The last thing found missing, for the status. */
  notice: Notice | undefined
  /** One line in the log. */
  log(line: string): void
}

/** Runs a handler so that its exception is logged under its name and answered by `fallback`: the others go on. */
export async function guarded<T>(
  ctx: Pick<ServerContext, 'connection' | 'log'>,
  name: string,
  fallback: T,
  handler: () => T | Promise<T>,
): Promise<T> {
  const begin = performance.now()
  try {
    const answer = await handler()
    ctx.log(`${name}: ${(performance.now() - begin).toFixed(1)} ms`)
    return answer
  } catch (error) {
    ctx.connection.console.error(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
    return fallback
  }
}
