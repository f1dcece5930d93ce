// "Open Header": shows a shard's header as a read-only text document, at a tensor's line when one is named.
import * as vscode from 'vscode'
import { headerScheme } from '../../server/protocol'
import type { Ctx } from '../context'
import { headerUri, pathOf, tensorOf } from '../headerDocuments'

/** Takes a row of the tree, a URI from the Explorer or `{ path, tensor? }`; with nothing, the file of the active tab. */
export async function openHeader(ctx: Ctx, given?: unknown): Promise<vscode.TextEditor | undefined> {
  const target = targetOf(given) ?? activeTarget()
  if (!target) {
    void vscode.window.showInformationMessage('Open a .safetensors file first, or pick one in the Tensorlint view.')
    return undefined
  }
  return ctx.headers.show(headerUri(target.path, target.tensor))
}

interface Target {
  readonly path: string
  readonly tensor?: string
}

function targetOf(given: unknown): Target | undefined {
  if (given instanceof vscode.Uri) return { path: given.fsPath }
  if (typeof given !== 'object' || given === null) return undefined
  const { path, tensor, name, kind } = given as Record<string, unknown>
  if (typeof path !== 'string') return undefined
  if (typeof tensor === 'string') return { path, tensor }
  return typeof name === 'string' && (kind === 'tensor' || kind === 'module') ? { path, tensor: name } : { path }
}

function activeTarget(): Target | undefined {
  const input: unknown = vscode.window.tabGroups.activeTabGroup.activeTab?.input
  if (input instanceof vscode.TabInputCustom) return { path: input.uri.fsPath }
  if (input instanceof vscode.TabInputText && input.uri.scheme === headerScheme) {
    return { path: pathOf(input.uri), tensor: tensorOf(input.uri) }
  }
  return undefined
}
