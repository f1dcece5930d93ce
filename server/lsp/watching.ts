// Asks the client to watch files, where it can, and decides which of its events matter.
// Editors report a folder that appears or goes as one event, without its files; so all names are watched for that, and
// only files that matter for changes of their contents.

import { stat } from 'node:fs/promises'
import {
  DidChangeWatchedFilesNotification,
  FileChangeType,
  WatchKind,
  type Disposable,
  type FileEvent,
  type FileSystemWatcher,
} from 'vscode-languageserver'
import { isInteresting } from '../workspace/discover'
import { isPolicyFile } from '../workspace/policyFiles'
import { pathOf, uriOf } from './convert'
import type { ServerContext } from './context'

const changing = '**/{*.safetensors,*.json,*.py,*.pyi,*.ts,*.tsx,*.mts,*.cts,*.js,*.jsx,*.mjs,*.cjs}'

/** Registers the watchers, those of models outside the workspace included; undefined where the client cannot. */
export async function watchFiles(ctx: ServerContext): Promise<Disposable | undefined> {
  const support = ctx.capabilities.workspace?.didChangeWatchedFiles
  if (!support?.dynamicRegistration) return undefined
  const watchers: FileSystemWatcher[] = [
    { globPattern: changing, kind: WatchKind.Change },
    { globPattern: '**/*', kind: WatchKind.Create | WatchKind.Delete },
  ]
  if (support.relativePatternSupport)
    for (const path of ctx.session.modelPaths) watchers.push({ globPattern: { baseUri: uriOf(path), pattern: '**/*' } })
  return ctx.connection.client.register(DidChangeWatchedFilesNotification.type, { watchers })
}

/** Whether any of the events can change what is known. */
export async function matters(ctx: ServerContext, events: readonly FileEvent[]): Promise<boolean> {
  for (const { uri, type } of events) {
    const path = pathOf(uri)
    if (path === undefined) continue
    if (isInteresting(path) || isPolicyFile(path)) return true
    if (type === FileChangeType.Deleted && ctx.session.knows(path)) return true
    if (type === FileChangeType.Created && (await isFolder(path))) return true
  }
  return false
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    stats => stats.isDirectory(),
    () => false,
  )
}
