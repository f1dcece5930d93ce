// "Write Analysis": opens the analysis of a finding, a row of the tree or a whole model as an untitled Markdown document,
// which can be edited and pasted into an issue. It is called from the palette, the tree and the light bulb.
import * as vscode from 'vscode'
import { messages, type ExplainParams, type Explanation, type TreeNode } from '../../server/protocol'
import type { Ctx } from '../context'
import { isRow } from './rows'

/** Returns the editor with the text; undefined when the user chose nothing. */
export async function writeAnalysis(ctx: Ctx, given?: unknown): Promise<vscode.TextEditor | undefined> {
  const params = isRow(given) ? paramsOfRow(given) : isParams(given) ? given : await pickSubject(ctx)
  if (!params) return undefined
  const { markdown } = await ctx.server.request<Explanation>(messages.explain, params)
  return openMarkdown(markdown)
}

/** An untitled document beside what is open. */
export async function openMarkdown(content: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content })
  return vscode.window.showTextDocument(document, { preview: false })
}

function isParams(value: unknown): value is ExplainParams {
  return typeof value === 'object' && value !== null && !(value instanceof vscode.Uri)
}

function paramsOfRow(row: TreeNode): ExplainParams {
  if (row.kind === 'model') return { model: row.model ?? row.path }
  return { model: row.model, scope: row.name ?? row.path }
}

async function pickSubject(ctx: Ctx): Promise<ExplainParams | undefined> {
  const rows = await ctx.server.request<TreeNode[]>(messages.tree, { grouping: 'shard', filter: '' })
  const models = rows.filter(row => row.kind === 'model')
  if (models.length < 2) return models[0] ? paramsOfRow(models[0]) : {}
  const choices = [
    { label: 'All models', params: {} as ExplainParams },
    ...models.map(row => ({ label: row.label, description: row.model, params: paramsOfRow(row) })),
  ]
  const choice = await vscode.window.showQuickPick(choices, {
    title: 'Write Analysis',
    placeHolder: 'Of which model?',
    matchOnDescription: true,
  })
  return choice?.params
}
