// The life of the language server: start, restart, stop, and the one door through which requests go to it.
// It is a plain stdio server (dist/server.js); what it finds arrives as ordinary diagnostics, code actions and code
// lenses, which vscode-languageclient wires up by itself. File watchers are registered by the server.
import * as vscode from 'vscode'
import { LanguageClient, RevealOutputChannelOn, State, TransportKind } from 'vscode-languageclient/node'
import { messages, serverFlags } from '../server/protocol'
import { programLanguages } from './programs'
import type { PythonInterpreter } from './pythonInterpreter'
import { readSettings } from './settings'

export type ServerState = 'starting' | 'running' | 'stopped'

/** Sources that load models, and the two kinds of JSON that describe them. */
const documentSelector = [
  ...programLanguages.map(language => ({
    scheme: 'file',
    language,
  })),
  ...['json', 'jsonc'].flatMap(language =>
    ['**/config.json', '**/hf_quant_config.json', '**/*.index.json'].map(pattern => ({
      scheme: 'file',
      language,
      pattern,
    })),
  ),
]

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined
  private started: Promise<LanguageClient> | undefined
  private currentState: ServerState = 'stopped'
  private readonly stateChanged = new vscode.EventEmitter<ServerState>()
  private readonly modelsChanged = new vscode.EventEmitter<void>()

  /** Fires when the server starts, runs or stops, whoever caused it. */
  readonly onDidChangeState = this.stateChanged.event
  /** Fires when the server says that models, rows or badges have changed. */
  readonly onDidChangeModels = this.modelsChanged.event

  constructor(
    private readonly extension: vscode.ExtensionContext,
    private readonly output: vscode.LogOutputChannel,
    private readonly interpreter: PythonInterpreter,
  ) {}

  get state(): ServerState {
    return this.currentState
  }

  /** Starts the server unless it has been started; resolves when it answers. */
  async start(): Promise<void> {
    this.started ??= this.launch()
    await this.started
  }

  async stop(): Promise<void> {
    const client = this.client
    this.client = undefined
    this.started = undefined
    if (client) {
      // A server that has already died cannot be stopped; that is no reason to keep it.
      await client.dispose().catch((error: unknown) => this.output.debug(`Stopping the server: ${String(error)}`))
    }
    this.setState('stopped')
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Sends one of our own requests, once the server runs. Rejects when it cannot be started or refuses. */
  async request<Result>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<Result> {
    const client = await this.running()
    return client.sendRequest<Result>(method, params, token)
  }

  /** The running client, for what needs more than a request (progress). Rejects when the server cannot be started. */
  async running(): Promise<LanguageClient> {
    if (!this.started) throw new Error('The Tensorlint server is stopped')
    return this.started
  }

  /** Tells a running server the settings as they are now; one that starts later reads them then. */
  sendSettings(): void {
    if (this.currentState !== 'running' || !this.client) return
    const settings = readSettings(this.interpreter.path)
    this.client.sendNotification('workspace/didChangeConfiguration', { settings }).catch((error: unknown) => {
      this.output.error(`Settings could not be sent: ${String(error)}`)
    })
  }

  dispose(): void {
    void this.stop()
    this.stateChanged.dispose()
    this.modelsChanged.dispose()
  }

  private async launch(): Promise<LanguageClient> {
    const server = {
      module: this.extension.asAbsolutePath('dist/server.js'),
      transport: TransportKind.stdio,
    }
    const run = { ...server, options: { execArgv: [...serverFlags] } }
    const debug = { ...server, options: { execArgv: [...serverFlags, '--nolazy', '--inspect=6009'] } }
    const client = new LanguageClient(
      'tensorlint',
      'Tensorlint',
      { run, debug },
      {
        documentSelector,
        // A function: the client also calls it when it restarts a crashed server.
        initializationOptions: () => readSettings(this.interpreter.path),
        outputChannel: this.output,
        // Hovers hold these two links; nothing else in them runs.
        markdown: { isTrusted: { enabledCommands: ['tensorlint.revealTensor', 'tensorlint.openHeader'] } },
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        // The server asks to hear of changes, which would send the raw settings: it gets what they mean instead.
        middleware: { workspace: { didChangeConfiguration: async () => this.sendSettings() } },
      },
    )
    this.client = client
    this.setState('starting')
    client.onNotification(messages.treeChanged, () => this.modelsChanged.fire())
    client.onDidChangeState(({ newState }) => {
      if (this.client === client) this.setState(stateOf(newState))
    })
    try {
      await client.start()
    } catch (error) {
      this.output.error(`The server did not start: ${String(error)}`)
      if (this.client === client) this.setState('stopped')
      throw error
    }
    // Settings may have changed between the handshake and now, when there was nobody to send them to.
    this.sendSettings()
    return client
  }

  private setState(state: ServerState): void {
    if (state === this.currentState) return
    this.currentState = state
    void vscode.commands.executeCommand('setContext', 'tensorlint.server', state)
    this.stateChanged.fire(state)
  }
}

function stateOf(state: State): ServerState {
  if (state === State.Running) return 'running'
  return state === State.Starting ? 'starting' : 'stopped'
}
