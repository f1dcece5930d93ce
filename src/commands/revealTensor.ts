// "Show in Tree": unfolds the sidebar to a tensor. Hovers over keys call it with the tensor that they speak of; from the
// palette it takes the key under the cursor.
import * as vscode from 'vscode'
import { messages, type RevealParams, type TensorAtParams, type TreeNode } from '../../server/protocol'
import type { Ctx } from '../context'

/** Returns the row that is selected then; undefined where no tensor of the workspace is named. */
export async function revealTensor(ctx: Ctx, given?: unknown): Promise<TreeNode | undefined> {
  const target = isTarget(given) ? given : await underCursor(ctx)
  if (!target) {
    void vscode.window.showInformationMessage('No tensor is named at the cursor.')
    return undefined
  }
  const row = await ctx.tree.reveal(target)
  if (!row) void vscode.window.showInformationMessage(`${target.tensor} is in no model of this workspace any more.`)
  return row
}

async function underCursor(ctx: Ctx): Promise<RevealParams | undefined> {
  const editor = vscode.window.activeTextEditor
  if (!editor) return undefined
  const { document, selection } = editor
  const params: TensorAtParams = { uri: document.uri.toString(), position: selection.active }
  return (await ctx.server.request<RevealParams | null>(messages.tensorAt, params)) ?? undefined
}

function isTarget(value: unknown): value is RevealParams {
  if (typeof value !== 'object' || value === null) return false
  const { model, path, tensor } = value as Record<string, unknown>
  return typeof model === 'string' && typeof path === 'string' && typeof tensor === 'string'
}
