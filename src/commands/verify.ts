// "Verify Dequantize": lets the server decode modules as they are delivered, with progress and cancel, and shows the
// report. It is called from the palette, from rows of the tree and from code lenses.
import * as vscode from 'vscode'
import { LSPErrorCodes, ResponseError, WorkDoneProgress } from 'vscode-languageclient/node'
import { messages, type TreeNode, type VerifyParams, type VerifyReport } from '../../server/protocol'
import type { Ctx } from '../context'
import { showNotice } from '../notice'
import { reportSummary, reportText } from '../reportText'
import { lastSegment } from '../words'
import { isRow } from './rows'

/** Returns the report once it is shown; undefined when there is no model, or the user cancelled. */
export async function verify(ctx: Ctx, given?: unknown): Promise<VerifyReport | undefined> {
  const params = isRow(given) ? paramsOfRow(given) : isParams(given) ? given : await pickModel(ctx)
  if (!params) return undefined
  // The server must know the interpreter before it starts the worker.
  await ctx.interpreter.refresh()
  const report = await runWithProgress(ctx, params)
  if (report) await show(ctx, params, report)
  return report
}

function isParams(value: unknown): value is VerifyParams {
  return typeof value === 'object' && value !== null
}

/** A row's name is what it covers: a rank's folder, a shard's path, a module's dotted path. */
function paramsOfRow(row: TreeNode): VerifyParams {
  if (row.kind === 'model') return { model: row.model ?? row.path }
  return { model: row.model, scope: row.name ?? row.path }
}

async function pickModel(ctx: Ctx): Promise<VerifyParams | undefined> {
  const rows = await ctx.server.request<TreeNode[]>(messages.tree, { grouping: 'shard', filter: '' })
  const models = rows.filter(row => row.kind === 'model')
  const [only] = models
  if (!only) {
    const add = 'Add a Model…'
    const choice = await vscode.window.showInformationMessage('There is no model to verify.', add)
    if (choice === add) await vscode.commands.executeCommand('tensorlint.addModel')
    return undefined
  }
  if (models.length === 1) return paramsOfRow(only)
  const choices = [
    { label: 'All models', params: {} },
    ...models.map(row => ({ label: row.label, description: row.model, params: paramsOfRow(row) })),
  ]
  const choice = await vscode.window.showQuickPick(choices, {
    title: 'Verify Dequantize',
    placeHolder: 'Which model?',
    matchOnDescription: true,
  })
  return choice?.params
}

async function runWithProgress(ctx: Ctx, params: VerifyParams): Promise<VerifyReport | undefined> {
  const client = await ctx.server.running()
  const workDoneToken = `tensorlint-verify-${++runs}`
  const options = { location: vscode.ProgressLocation.Notification, title: 'Verify Dequantize', cancellable: true }
  return vscode.window.withProgress(options, async (progress, token) => {
    let percentage = 0
    const listening = client.onProgress(WorkDoneProgress.type, workDoneToken, value => {
      if (value.kind === 'end') return
      const reached = value.percentage ?? percentage
      progress.report({ message: value.message, increment: reached - percentage })
      percentage = reached
    })
    try {
      return await client.sendRequest<VerifyReport>(messages.verify, { ...params, workDoneToken }, token)
    } catch (error) {
      if (token.isCancellationRequested || isCancellation(error)) return undefined
      throw error
    } finally {
      listening.dispose()
    }
  })
}

let runs = 0

function isCancellation(error: unknown): boolean {
  return (
    error instanceof vscode.CancellationError ||
    (error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled)
  )
}

async function show(ctx: Ctx, params: VerifyParams, report: VerifyReport): Promise<void> {
  const subject = params.model === undefined ? 'all models' : lastSegment(params.model)
  const text = reportText(report, {
    subject,
    scope: params.scope,
    showPath: path => vscode.workspace.asRelativePath(path),
  })
  const open = await ctx.reports.publish(`Verify ${subject}`, text)
  const { sentence, failing } = reportSummary(report)
  if (report.notice) return showNotice(report.notice, open, sentence)
  const tell = failing ? vscode.window.showWarningMessage : vscode.window.showInformationMessage
  void tell(sentence, 'Show Report').then(choice => choice && open())
}
