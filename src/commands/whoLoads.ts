// "Who Loads This?": the places in the workspace's programs that load a tensor, or anything of a module. From rows of the
// tree; on a header's page and in a program "Go to References" does the same.
import * as vscode from 'vscode'
import { headerScheme, messages, type Loaders, type LoadersParams, type TreeNode } from '../../server/protocol'
import type { Ctx } from '../context'
import { pathOf } from '../headerDocuments'
import { counted } from '../words'
import { isRow } from './rows'

/** Shows the places beside the first of them; returns them. */
export async function whoLoads(ctx: Ctx, given?: unknown): Promise<readonly vscode.Location[]> {
  const row = isRow(given) ? given : ctx.tree.view.selection[0]
  const params = row && paramsOfRow(row)
  if (!params) return []
  const { subject, places, unknown } = await ctx.server.request<Loaders>(messages.loaders, params)
  const locations = places.map(locationOf)
  const [first] = locations
  if (!first) {
    const but = unknown > 0 ? ` ${counted(unknown, 'load')} could not be followed and may do it.` : ''
    void vscode.window.showInformationMessage(`No program of this workspace is seen to load ${subject}.${but}`)
    return []
  }
  const editor = await vscode.window.showTextDocument(first.uri, { selection: first.range })
  if (locations.length > 1)
    await vscode.commands.executeCommand(
      'editor.action.showReferences',
      editor.document.uri,
      first.range.start,
      locations,
    )
  return locations
}

function paramsOfRow({ kind, model, name, path }: TreeNode): LoadersParams | undefined {
  if (name === undefined) return undefined
  if (kind === 'tensor') return { model, path, tensor: name }
  return kind === 'module' || kind === 'folder' ? { model, module: name } : undefined
}

/** Feature: a line of a header's page knows who loads its tensor. */
export function registerHeaderReferences({ server }: Ctx): vscode.Disposable {
  return vscode.languages.registerReferenceProvider(
    { scheme: headerScheme },
    {
      provideReferences: async ({ uri }, { line }, _context, token) => {
        const params: LoadersParams = { path: pathOf(uri), line }
        return (await server.request<Loaders>(messages.loaders, params, token)).places.map(locationOf)
      },
    },
  )
}

function locationOf({ path, range: { start, end } }: Loaders['places'][number]): vscode.Location {
  const range = new vscode.Range(start.line, start.character, end.line, end.character)
  return new vscode.Location(vscode.Uri.file(path), range)
}
