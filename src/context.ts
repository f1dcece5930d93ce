// What every feature and command of the client is given: the few long-lived objects that `activate` builds, and
// nothing global. The server behind `server` computes everything; the rest draws and forwards.
import type * as vscode from 'vscode'
import type { Server } from './client'
import type { HeaderDocuments } from './headerDocuments'
import type { PythonInterpreter } from './pythonInterpreter'
import type { Reports } from './reports'
import type { StatusItem } from './statusItem'
import type { ModelTree } from './views/modelTree'

export interface Ctx {
  readonly extension: vscode.ExtensionContext
  readonly output: vscode.LogOutputChannel
  readonly interpreter: PythonInterpreter
  readonly server: Server
  readonly tree: ModelTree
  readonly headers: HeaderDocuments
  readonly reports: Reports
  readonly status: StatusItem
}
