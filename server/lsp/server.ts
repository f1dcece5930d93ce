// Wires a connection to a session: lifecycle, documents, settings, folders, and one line for each request.
// What a request does is in the file of its name; nothing here knows an editor, a file or a process.

import {
  CodeLensRefreshRequest,
  DidChangeConfigurationNotification,
  InlayHintRefreshRequest,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type Disposable,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver'
import { TextDocument } from 'vscode-languageserver-textdocument'
import {
  messages,
  type ExplainParams,
  type HeaderParams,
  type HeaderText,
  type LoadersParams,
  type RowsToParams,
  type TensorAtParams,
  type TreeParams,
} from '../protocol'
import { Session, type SessionOptions, type SessionState } from '../workspace/session'
import { defaultSettings, readSettings } from '../workspace/settings'
import { codeActionKinds, codeActions, fixAll } from './codeActions'
import { codeLenses, verifyCommand } from './codeLens'
import { completion, completionTriggers } from './completion'
import { fileLoads } from './fileLoads'
import { guarded, type ServerContext, type World } from './context'
import { pathOf } from './convert'
import { definition, tensorAt } from './definition'
import { DiagnosticsPublisher } from './diagnostics'
import { explain } from './explain'
import { header } from './header'
import { hover } from './hover'
import { inlayHints } from './inlayHints'
import { loaders, references } from './references'
import { status } from './status'
import { rowsTo, tree } from './tree'
import { verify, type VerifyRequest } from './verify'
import { matters, watchFiles } from './watching'

/** A broken shard touched less than this long ago is being written; a disk is slow, a person is slower. */
const SETTLE_MS = 2_000

export interface ServerOptions {
  /** Delays of the session, which tests shorten. */
  readonly session?: Pick<SessionOptions, 'textDelayMs' | 'filesDelayMs' | 'settleMs'>
}

/** Serves a connection until it is closed; the caller still has to `listen()`. */
export function startServer(connection: Connection, world: World, options: ServerOptions = {}): Disposable {
  const documents = new TextDocuments(TextDocument)
  const session = new Session({
    settleMs: SETTLE_MS,
    ...options.session,
    prepare: async () => world.prepare?.(),
    analyse: snapshot => world.analyse(snapshot),
    rehearse: (snapshot, paths) => world.rehearse?.(snapshot, paths),
    onChange: state => void guarded(ctx, 'diagnostics', undefined, () => changed(state)),
    onError: error => connection.console.error(`analysis failed: ${stackOf(error)}`),
  })
  const ctx: ServerContext = {
    connection,
    session,
    world,
    capabilities: {},
    settings: defaultSettings,
    openUris: new Map(),
    notice: undefined,
    log: line => connection.console.log(line),
  }
  const publisher = new DiagnosticsPublisher(ctx)
  let last: SessionState | undefined
  let watchers: Disposable | undefined
  let bindings = session.latest.snapshot.bindings
  let folders: readonly string[] = []

  const changed = (state: SessionState) => {
    publisher.publish(state)
    if (state.snapshot.bindings !== bindings) {
      // Settings may name checkpoints outside the workspace.
      bindings = state.snapshot.bindings
      void guarded(ctx, 'watchers', undefined, watchAgain)
    }
    if (state.analysis === last?.analysis) return
    last = state
    const { findings, unknown } = state.analysis
    const { models, programs } = state.snapshot
    ctx.log(
      `${models.length} models, ${programs.length} sources: ${findings.length} findings, ${unknown.length} loads unknown`,
    )
    for (const { rule, error } of state.analysis.broken)
      connection.console.error(`rule ${rule} failed: ${stackOf(error)}`)
    for (const reason of state.skipped) ctx.log(`left out: ${reason}`)
    connection.sendNotification(messages.treeChanged).catch(() => undefined)
    if (ctx.capabilities.workspace?.codeLens?.refreshSupport)
      connection.sendRequest(CodeLensRefreshRequest.type).catch(() => undefined)
    refreshHints()
  }

  const refreshHints = () => {
    if (ctx.capabilities.workspace?.inlayHint?.refreshSupport)
      connection.sendRequest(InlayHintRefreshRequest.type).catch(() => undefined)
  }

  const watchAgain = async () => {
    watchers?.dispose()
    watchers = await watchFiles(ctx)
  }

  const takeSettings = (value: unknown) => {
    const before = ctx.settings
    ctx.settings = readSettings(value, before)
    const { models, exclude, headerDocuments, severity, checkpoints, inlayHints: wantsHints } = ctx.settings
    if (wantsHints !== before.inlayHints) refreshHints()
    if (JSON.stringify(severity) !== JSON.stringify(before.severity))
      session.configure({ policy: { editor: severity } })
    if (JSON.stringify(checkpoints) !== JSON.stringify(before.checkpoints)) session.configure({ checkpoints })
    const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((x, i) => x === b[i])
    if (!same(models, before.models) || !same(exclude, before.exclude)) {
      session.configure({ models, exclude })
      void guarded(ctx, 'watchers', undefined, watchAgain)
    } else if (headerDocuments !== before.headerDocuments) publisher.publish(session.latest)
  }

  connection.onInitialize((params: InitializeParams): InitializeResult => {
    ctx.capabilities = params.capabilities
    ctx.settings = readSettings(params.initializationOptions)
    folders = foldersOf(params)
    const isOurClient = ctx.settings.headerDocuments
    return {
      serverInfo: { name: 'Tensorlint', version: world.version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
        codeActionProvider: { codeActionKinds },
        codeLensProvider: {},
        hoverProvider: true,
        completionProvider: { triggerCharacters: completionTriggers },
        definitionProvider: true,
        referencesProvider: true,
        inlayHintProvider: true,
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        // Our own client has a command of this name already; other editors get the lens to work through the server.
        ...(isOurClient ? {} : { executeCommandProvider: { commands: [verifyCommand] } }),
      },
    }
  })

  connection.onInitialized(() =>
    guarded(ctx, 'initialized', undefined, async () => {
      const { models, exclude, severity, checkpoints } = ctx.settings
      session.configure({ folders, models, exclude, checkpoints, policy: { editor: severity } })
      if (ctx.capabilities.workspace?.didChangeConfiguration?.dynamicRegistration)
        await connection.client.register(DidChangeConfigurationNotification.type, { section: 'tensorlint' })
      await watchAgain()
    }),
  )

  connection.onDidChangeConfiguration(({ settings }) =>
    guarded(ctx, 'didChangeConfiguration', undefined, async () => {
      const given = settings as { tensorlint?: unknown } | null | undefined
      if (given !== null && given !== undefined) takeSettings(given.tensorlint ?? given)
      else if (ctx.capabilities.workspace?.configuration)
        takeSettings(await connection.workspace.getConfiguration('tensorlint'))
    }),
  )

  // The library handles the notification only where the client said it sends it.
  connection.onNotification('workspace/didChangeWorkspaceFolders', (params: { event: FolderChange }) =>
    guarded(ctx, 'didChangeWorkspaceFolders', undefined, () => {
      const removed = new Set(params.event.removed.map(({ uri }) => pathOf(uri)))
      const added = params.event.added.flatMap(({ uri }) => pathOf(uri) ?? [])
      folders = [...folders.filter(folder => !removed.has(folder) && !added.includes(folder)), ...added]
      session.configure({ folders })
    }),
  )

  connection.onDidChangeWatchedFiles(({ changes }) =>
    guarded(ctx, 'didChangeWatchedFiles', undefined, async () => {
      if (await matters(ctx, changes)) session.filesChanged()
    }),
  )

  documents.onDidChangeContent(({ document }) => {
    const path = pathOf(document.uri)
    if (path === undefined) return
    ctx.openUris.set(path, document.uri)
    session.setText(path, document.getText(), document.version)
  })
  documents.onDidClose(({ document }) => {
    const path = pathOf(document.uri)
    if (path === undefined) return
    ctx.openUris.delete(path)
    session.clearText(path)
  })
  // For clients that watch no files, a save is the sign that something on disk may be new.
  documents.onDidSave(() => {
    if (!watchers) session.filesChanged()
  })

  connection.onCodeAction(params => guarded(ctx, 'codeAction', [], () => codeActions(ctx, params)))
  connection.onCodeLens(({ textDocument }) => guarded(ctx, 'codeLens', [], () => codeLenses(ctx, textDocument.uri)))
  connection.languages.inlayHint.on(params => guarded(ctx, 'inlayHint', [], () => inlayHints(ctx, params)))
  connection.onDefinition(params => guarded(ctx, 'definition', [], () => definition(ctx, params)))
  connection.onReferences(params => guarded(ctx, 'references', [], () => references(ctx, params)))
  // An error reaches the caller: "nothing to fix" must be an answer.
  connection.onRequest(messages.fixAll, () => fixAll(ctx))
  connection.onRequest(messages.fileLoads, (params: { readonly uri: string }) =>
    guarded(ctx, 'fileLoads', null, () => fileLoads(ctx, params)),
  )
  connection.onRequest(messages.tensorAt, (params: TensorAtParams) =>
    guarded(ctx, 'tensorAt', null, () => tensorAt(ctx, params)),
  )
  // An error reaches the caller: "nobody loads it" must be an answer.
  connection.onRequest(messages.loaders, (params: LoadersParams) => loaders(ctx, params))
  connection.onCompletion(params => guarded(ctx, 'completion', null, () => completion(ctx, params)))
  connection.onHover(params => guarded(ctx, 'hover', null, () => hover(ctx, params)))
  connection.onRequest(messages.tree, (params: TreeParams | null) => guarded(ctx, 'tree', [], () => tree(ctx, params)))
  connection.onRequest(messages.rowsTo, (params: RowsToParams) => guarded(ctx, 'rowsTo', [], () => rowsTo(ctx, params)))
  connection.onRequest(messages.header, (params: HeaderParams) =>
    guarded<HeaderText>(ctx, 'header', { text: 'The header cannot be shown; the log says why.\n', line: 0 }, () =>
      header(ctx, params),
    ),
  )
  // An error reaches the caller here too: an empty document would look like an answer.
  connection.onRequest(messages.explain, (params: ExplainParams | null) => explain(ctx, params))
  connection.onRequest(messages.status, () => status(ctx))
  // An error reaches the caller: whoever asks to verify must not take silence for success.
  connection.onRequest(messages.verify, (params: VerifyRequest | null, token) => verify(ctx, params ?? {}, token))
  connection.onExecuteCommand(async ({ command, arguments: args, workDoneToken }, token) => {
    if (command !== verifyCommand) return null
    const params = (args?.[0] ?? {}) as VerifyRequest
    const report = await verify(ctx, { ...params, workDoneToken: workDoneToken ?? params.workDoneToken }, token)
    const failed = report.modules.filter(module => module.status === 'error')
    const text =
      failed.length > 0
        ? `${failed.length} of ${report.modules.length} fail: ${failed[0]?.error}`
        : `${report.modules.length} modules pass`
    connection.window.showInformationMessage(`Verify Dequantize: ${report.notice?.reason ?? text}`)
    return report
  })
  connection.onShutdown(() => session.dispose())

  const listening = documents.listen(connection)
  return {
    dispose: () => {
      listening.dispose()
      session.dispose()
    },
  }
}

interface FolderChange {
  readonly added: readonly { readonly uri: string }[]
  readonly removed: readonly { readonly uri: string }[]
}

function foldersOf(params: InitializeParams): readonly string[] {
  const uris = params.workspaceFolders?.map(({ uri }) => uri) ?? (params.rootUri ? [params.rootUri] : [])
  return uris.flatMap(uri => pathOf(uri) ?? [])
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))
