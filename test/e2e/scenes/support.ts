// What the scenes ask VS Code for. Everything goes through the extension host's public API, as another extension would.
import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import type { VerifyReport } from '../../../server/protocol'

/** The workspace's file of that name. */
export function fileUri(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0]
  assert(folder, 'no folder is open')
  return vscode.Uri.joinPath(folder.uri, name)
}

/** Our diagnostics of a file, of warning severity or worse. */
export function findings(uri: vscode.Uri): vscode.Diagnostic[] {
  const serious = (severity: vscode.DiagnosticSeverity) => severity <= vscode.DiagnosticSeverity.Warning
  return vscode.languages
    .getDiagnostics(uri)
    .filter(({ source, severity }) => source === 'tensorlint' && serious(severity))
}

/** Waits until `read` gives a value that is not undefined. */
export async function eventually<T>(what: string, read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const value = await read()
    if (value !== undefined) return value
    if (Date.now() > deadline) throw new Error(`Waited 30 s in vain: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

export async function findingsAppear(uri: vscode.Uri): Promise<vscode.Diagnostic[]> {
  return eventually(`findings in ${uri.path}`, () => {
    const found = findings(uri)
    return found.length > 0 ? found : undefined
  })
}

export async function findingsGo(uri: vscode.Uri): Promise<void> {
  await eventually(`no findings in ${uri.path}`, () => (findings(uri).length === 0 ? true : undefined))
}

const isCanceled = (error: unknown): boolean => error instanceof Error && error.name === 'Canceled'

/** The quick fixes that the light bulb offers at a diagnostic; those that VS Code adds beside ours have no edit. */
export async function quickFixes(uri: vscode.Uri, at: vscode.Diagnostic): Promise<vscode.CodeAction[]> {
  await vscode.workspace.openTextDocument(uri)
  const command = 'vscode.executeCodeActionProvider'
  const kind = vscode.CodeActionKind.QuickFix.value
  // VS Code gives a request up where another extension comes with fixes of its own meanwhile, and its light bulb asks again.
  const ask = (left: number): Thenable<vscode.CodeAction[]> =>
    vscode.commands
      .executeCommand<vscode.CodeAction[]>(command, uri, at.range, kind)
      .then(undefined, error => (isCanceled(error) && left > 0 ? ask(left - 1) : Promise.reject(error as Error)))
  const actions = await ask(3)
  return actions.filter(({ edit }) => edit !== undefined && edit.size > 0)
}

export async function apply(action: vscode.CodeAction): Promise<void> {
  assert(action.edit, `${action.title} has an edit`)
  assert(await vscode.workspace.applyEdit(action.edit), `${action.title} was refused`)
}

/** Runs "Verify Dequantize" on every model, as the palette does with one. */
export async function verify(engine: 'auto' | 'builtin' | 'mlx' = 'auto'): Promise<VerifyReport> {
  const report = await vscode.commands.executeCommand<VerifyReport | undefined>('tensorlint.verify', { engine })
  assert(report, 'the command returns its report')
  return report
}

export const modulesThat = (report: VerifyReport, status: string) =>
  report.modules.filter(module => module.status === status).map(({ module }) => module)
