// "Add a Model…": remembers a folder outside the workspace in the setting `tensorlint.models`.
import * as vscode from 'vscode'
import type { Ctx } from '../context'
import { write } from '../settings'

/** Adds the given path, else the folders that the user picks. Returns the paths added. */
export async function addModel(_ctx: Ctx, given?: unknown): Promise<string[]> {
  const chosen = typeof given === 'string' ? [given] : await pickFolders()
  // Read as written, so that `~` and `${workspaceFolder}` survive the round trip.
  const present = vscode.workspace.getConfiguration('tensorlint').get<string[]>('models') ?? []
  const added = chosen.filter(path => !present.includes(path))
  if (added.length > 0) await write('models', [...present, ...added])
  return added
}

async function pickFolders(): Promise<string[]> {
  const picked = await vscode.window.showOpenDialog({
    title: 'Add a Model to Tensorlint',
    openLabel: 'Add Model',
    canSelectFolders: true,
    canSelectFiles: false,
    canSelectMany: true,
  })
  return (picked ?? []).map(uri => uri.fsPath)
}
