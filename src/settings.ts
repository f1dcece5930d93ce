// Typed reads and writes of the settings, and the rule for when the server hears of them: at its start, and whenever
// one of them, the trust in the workspace or the Python extension's interpreter has changed.
import * as vscode from 'vscode'
import type { CheckpointTable, Settings, SeverityTable } from '../server/protocol'
import type { Ctx } from './context'
import { excludedGlobs } from './excludedGlobs'
import type { SettingId } from './settingIds'

/** What the server is told. `activeInterpreter` is the Python extension's; empty when there is none. */
export function readSettings(activeInterpreter: string): Settings {
  return {
    python: read('python', '') || activeInterpreter,
    models: read<string[]>('models', []),
    exclude: excludedGlobs(vscode.workspace.getConfiguration('files').get('exclude')),
    trusted: vscode.workspace.isTrusted,
    headerDocuments: true,
    severity: readObject('severity') as SeverityTable,
    checkpoints: readCheckpoints(),
    inlayHints:
      vscode.workspace.getConfiguration('tensorlint').get<unknown>('inlayHints' satisfies SettingId) !== false,
  }
}

/** A setting's value; paths in it may begin with `${workspaceFolder}`. */
export function read<Value extends string | string[]>(id: SettingId, fallback: Value): Value {
  const value = vscode.workspace.getConfiguration('tensorlint').get<unknown>(id)
  if (typeof fallback === 'string') return (typeof value === 'string' ? fillIn(value.trim()) : fallback) as Value
  if (!Array.isArray(value)) return fallback
  return value.filter((entry): entry is string => typeof entry === 'string').map(fillIn) as Value
}

/** A setting that is an object; the server leaves out what it cannot use. */
function readObject(id: SettingId): object {
  const value = vscode.workspace.getConfiguration('tensorlint').get<unknown>(id)
  return typeof value === 'object' && value !== null ? value : {}
}

/** Paths may begin with `${workspaceFolder}` here too. */
function readCheckpoints(): CheckpointTable {
  const entries = Object.entries(readObject('checkpoints') as Record<string, unknown>).map(([pattern, paths]) => {
    const list = (Array.isArray(paths) ? paths : [paths]) as unknown[]
    return [pattern, list.filter((path): path is string => typeof path === 'string').map(fillIn)] as const
  })
  return Object.fromEntries(entries)
}

/** Writes a setting where the user would look for it: in the workspace when there is one, else in the user's own. */
export async function write(id: SettingId, value: string | string[] | undefined): Promise<void> {
  const target = vscode.workspace.workspaceFolders?.length
    ? vscode.ConfigurationTarget.Workspace
    : vscode.ConfigurationTarget.Global
  await vscode.workspace.getConfiguration('tensorlint').update(id, value, target)
}

/** Feature: sends the settings again after each change that concerns the server. */
export function keepSettingsSent({ server, interpreter }: Ctx): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration(change => {
      if (change.affectsConfiguration('tensorlint') || change.affectsConfiguration('files.exclude')) {
        server.sendSettings()
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.sendSettings()),
    interpreter.onDidChange(() => server.sendSettings()),
  )
}

function fillIn(value: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]
  return folder ? value.replace('${workspaceFolder}', () => folder.uri.fsPath) : value
}
