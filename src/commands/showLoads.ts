// "Show Loads of This File": a list of what was not understood in a loader and why, then of what was and what it gave. It
// is called from the language status, from the lens above a loader, and from the palette.
import * as vscode from 'vscode'
import { messages, type FileLoads, type LoadEntry } from '../../server/protocol'
import type { Ctx } from '../context'

interface Item extends vscode.QuickPickItem {
  readonly entry?: LoadEntry
}

/** Takes a document's URI as text; with nothing, the active editor's. Returns what the list holds. */
export async function showLoads(ctx: Ctx, given?: unknown): Promise<FileLoads | undefined> {
  const uri = typeof given === 'string' ? vscode.Uri.parse(given) : vscode.window.activeTextEditor?.document.uri
  const loads =
    (uri && (await ctx.server.request<FileLoads | null>(messages.fileLoads, { uri: uri.toString() }))) || undefined
  if (!uri || !loads || loads.entries.length === 0) {
    void vscode.window.showInformationMessage('No load of a checkpoint was met in this file.')
    return loads
  }
  // The list stays up while the caller goes on.
  void pick(uri, loads)
  return loads
}

async function pick(uri: vscode.Uri, loads: FileLoads): Promise<void> {
  const choice = await vscode.window.showQuickPick(itemsOf(loads), {
    title: 'Loads of This File',
    placeHolder: 'Go to a load',
    matchOnDescription: true,
    matchOnDetail: true,
    onDidSelectItem: item => void reveal(uri, (item as Item).entry, true),
  })
  await reveal(uri, choice?.entry, false)
}

function itemsOf({ entries }: FileLoads): Item[] {
  const group = (label: string, understood: boolean): Item[] => {
    const own = entries.filter(entry => entry.understood === understood)
    if (own.length === 0) return []
    return [{ label, kind: vscode.QuickPickItemKind.Separator }, ...own.map(itemOf)]
  }
  return [...group('Not understood', false), ...group('Understood', true)]
}

const itemOf = (entry: LoadEntry): Item => ({
  label: `$(${entry.understood ? 'check' : 'question'}) ${entry.text}`,
  description: `line ${entry.range.start.line + 1}`,
  detail: entry.detail,
  entry,
})

async function reveal(uri: vscode.Uri, entry: LoadEntry | undefined, preserveFocus: boolean): Promise<void> {
  if (!entry) return
  const { start, end } = entry.range
  const selection = new vscode.Range(start.line, start.character, end.line, end.character)
  await vscode.window.showTextDocument(uri, { selection, preserveFocus })
}
