// "Show in Tree": unfolds the sidebar to a tensor. Hovers over keys call it with the tensor that they speak of.
import * as vscode from 'vscode'
import type { RevealParams, TreeNode } from '../../server/protocol'
import type { Ctx } from '../context'

/** Returns the row that is selected then; undefined for an argument that names no tensor of the workspace. */
export async function revealTensor(ctx: Ctx, given?: unknown): Promise<TreeNode | undefined> {
  if (!isTarget(given)) return undefined
  const row = await ctx.tree.reveal(given)
  if (!row) void vscode.window.showInformationMessage(`${given.tensor} is in no model of this workspace any more.`)
  return row
}

function isTarget(value: unknown): value is RevealParams {
  if (typeof value !== 'object' || value === null) return false
  const { model, path, tensor } = value as Record<string, unknown>
  return typeof model === 'string' && typeof path === 'string' && typeof tensor === 'string'
}
