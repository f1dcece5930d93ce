// The badge and colour of rows with a finding. VS Code takes them from a URI, so such a row gets one that says its
// severity and nothing else; no file has this scheme.
import * as vscode from 'vscode'
import type { TreeNode } from '../../server/protocol'

const scheme = 'tensorlint-row'

const decorations: Readonly<Record<string, vscode.FileDecoration>> = {
  error: new vscode.FileDecoration('!', 'An error is reported here', new vscode.ThemeColor('list.errorForeground')),
  warning: new vscode.FileDecoration(
    '!',
    'A warning is reported here',
    new vscode.ThemeColor('list.warningForeground'),
  ),
}

/** The URI that decorates a row; undefined for a row without error or warning. */
export function rowUri({ id, severity }: TreeNode): vscode.Uri | undefined {
  if (severity !== 'error' && severity !== 'warning') return undefined
  return vscode.Uri.from({ scheme, authority: severity, path: `/${id}` })
}

/** Feature: registers the decorations. */
export function registerRowDecorations(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration: uri => (uri.scheme === scheme ? decorations[uri.authority] : undefined),
  })
}
