// Entry point of the VS Code client. `activate` builds the context, walks the table of features and lets the server
// start in the background; it reads no file and waits for nothing. What it returns is for other extensions and tests.
import * as vscode from 'vscode'
import { messages, type ServerStatus, type TreeNode, type TreeParams } from '../server/protocol'
import { Server } from './client'
import { registerCommands } from './commands'
import { registerHeaderReferences } from './commands/whoLoads'
import type { Ctx } from './context'
import { HeaderDocuments } from './headerDocuments'
import { registerHeaderEditor } from './headerEditor'
import { registerLoadStatus } from './loadStatus'
import { PythonInterpreter } from './pythonInterpreter'
import { Reports } from './reports'
import { registerRuleDocuments } from './ruleDocuments'
import { keepSettingsSent } from './settings'
import { StatusItem } from './statusItem'
import { ModelTree } from './views/modelTree'
import { registerTerminalLinks } from './terminalLinks'
import { registerRowDecorations } from './views/rowDecorations'

/** What `extension.exports` offers: the server's answers as plain data. */
export interface Api {
  status(): Promise<ServerStatus>
  tree(params: TreeParams): Promise<TreeNode[]>
}

/** What is set up, in this order. Each feature returns what has to be undone when the extension goes. */
const features: readonly ((ctx: Ctx) => vscode.Disposable)[] = [
  ctx => ctx.tree,
  ctx => ctx.headers,
  ctx => ctx.reports,
  ctx => ctx.status,
  ctx => ctx.interpreter,
  ctx => ctx.status.onDidChange(status => ctx.tree.showBadge(status)),
  registerRowDecorations,
  registerHeaderEditor,
  registerHeaderReferences,
  registerLoadStatus,
  registerRuleDocuments,
  registerCommands,
  registerTerminalLinks,
  keepSettingsSent,
  ctx => ctx.server,
]

export function activate(extension: vscode.ExtensionContext): Api {
  const output = vscode.window.createOutputChannel('Tensorlint', { log: true })
  const interpreter = new PythonInterpreter(output)
  const server = new Server(extension, output, interpreter)
  const tree = new ModelTree(server, output, extension.workspaceState)
  const ctx: Ctx = {
    extension,
    output,
    interpreter,
    server,
    tree,
    headers: new HeaderDocuments(server),
    reports: new Reports(),
    status: new StatusItem(server, output),
  }
  extension.subscriptions.push(output, ...features.map(feature => feature(ctx)))
  // A failure is logged and shown by the server object itself.
  server.start().catch(() => undefined)
  return {
    status: () => server.request<ServerStatus>(messages.status, undefined),
    tree: params => server.request<TreeNode[]>(messages.tree, params),
  }
}

export function deactivate(): void {
  // Everything is in `subscriptions`.
}
