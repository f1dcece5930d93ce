// A client for the real server over in-memory streams: a real connection on both ends, nothing mocked between them.

import { PassThrough } from 'node:stream'
import { onTestFinished } from 'vitest'
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node'
import { createConnection, type InitializeResult, type PublishDiagnosticsParams } from 'vscode-languageserver/node'
import type { World } from '../../server/lsp/context'
import { startServer, type ServerOptions } from '../../server/lsp/server'

export interface LspClient {
  readonly connection: MessageConnection
  readonly initialized: InitializeResult
  /** The last diagnostics of every URI. */
  readonly diagnostics: Map<string, PublishDiagnosticsParams>
  /** Text of every message that the server logged. */
  readonly log: string[]
  request<T>(method: string, params?: unknown): Promise<T>
  notify(method: string, params: unknown): Promise<void>
}

export interface LspClientOptions {
  readonly folders?: readonly string[]
  readonly capabilities?: object
  readonly initializationOptions?: unknown
  readonly server?: ServerOptions
  /** Called before the handshake, to answer requests of the server. */
  readonly prepare?: (connection: MessageConnection) => void
}

/** Starts a server on `world` and does the handshake. */
export async function lspClient(world: World, options: LspClientOptions = {}): Promise<LspClient> {
  const toServer = new PassThrough()
  const toClient = new PassThrough()
  const serverConnection = createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient))
  const server = startServer(serverConnection, world, {
    session: { textDelayMs: 5, filesDelayMs: 5, settleMs: 100 },
    ...options.server,
  })
  serverConnection.listen()
  const connection = createMessageConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer))
  const diagnostics = new Map<string, PublishDiagnosticsParams>()
  const log: string[] = []
  connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
    diagnostics.set(params.uri, params)
  })
  connection.onNotification('window/logMessage', ({ message }: { message: string }) => log.push(message))
  options.prepare?.(connection)
  connection.listen()
  onTestFinished(() => {
    connection.dispose()
    server.dispose()
    serverConnection.dispose()
  })
  const initialized = await connection.sendRequest<InitializeResult>('initialize', {
    processId: null,
    rootUri: null,
    capabilities: options.capabilities ?? {},
    workspaceFolders: options.folders?.map(path => ({ uri: `file://${path}`, name: 'ws' })) ?? null,
    ...(options.initializationOptions === undefined ? {} : { initializationOptions: options.initializationOptions }),
  })
  await connection.sendNotification('initialized', {})
  return {
    connection,
    initialized,
    diagnostics,
    log,
    request: (method, params) => connection.sendRequest(method, params),
    notify: (method, params) => connection.sendNotification(method, params),
  }
}
