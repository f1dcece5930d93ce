// Commands on rows of the tree that need nothing from the server.
import * as vscode from 'vscode'
import type { TreeNode } from '../../server/protocol'
import type { Ctx } from '../context'

/** Copies the names of the selected rows, one a line. */
export async function copyName(ctx: Ctx, row?: unknown, selected?: unknown): Promise<void> {
  const names = rowsOf(ctx, row, selected).flatMap(node => (node.name === undefined ? [] : [node.name]))
  if (names.length > 0) await vscode.env.clipboard.writeText(names.join('\n'))
}

/** Shows the row's file: in the Explorer where the workspace holds it, else in the system's file manager. */
export async function revealFile(ctx: Ctx, row?: unknown): Promise<void> {
  const path = rowsOf(ctx, row, undefined)[0]?.path
  if (path === undefined) return
  const uri = vscode.Uri.file(path)
  if (vscode.workspace.getWorkspaceFolder(uri)) {
    await vscode.commands.executeCommand('revealInExplorer', uri)
  } else if (vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined) {
    await vscode.commands.executeCommand('revealFileInOS', uri)
  } else {
    // A browser or another machine has no file manager to offer: the path is the next best thing.
    await vscode.env.clipboard.writeText(path)
    void vscode.window.showInformationMessage(`Copied the path, which is outside the workspace: ${path}`)
  }
}

/** The rows that a command is about: those selected if the clicked one is among them, else it, else the selection. */
function rowsOf(ctx: Ctx, row: unknown, selected: unknown): readonly TreeNode[] {
  if (Array.isArray(selected) && selected.length > 0) return selected.filter(isRow)
  return isRow(row) ? [row] : ctx.tree.view.selection
}

/** Whether a command's argument is a row of the tree. */
export function isRow(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && 'id' in value && 'kind' in value && 'label' in value
}
