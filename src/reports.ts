// Read-only documents that hold the last report of each subject: `tensorlint-report:/Verify model.md`.
// They live as long as the window; a new run of the same subject replaces the text in the open tab.
import * as vscode from 'vscode'

const scheme = 'tensorlint-report'

export class Reports implements vscode.Disposable {
  private readonly texts = new Map<string, string>()
  private readonly changed = new vscode.EventEmitter<vscode.Uri>()
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: this.changed.event,
    provideTextDocumentContent: uri => this.texts.get(uri.path) ?? 'This report is gone. Run the verification again.\n',
  })

  /** Stores the text, shows it beside the active editor and returns what brings it to the front again. */
  async publish(title: string, text: string): Promise<() => Thenable<unknown>> {
    const uri = vscode.Uri.from({ scheme, path: `/${title}.md` })
    this.texts.set(uri.path, text)
    this.changed.fire(uri)
    const document = await vscode.workspace.openTextDocument(uri)
    const open = (preserveFocus: boolean) =>
      vscode.window.showTextDocument(document, { viewColumn: columnFor(uri), preserveFocus, preview: false })
    await open(true)
    return () => open(false)
  }

  dispose(): void {
    this.registration.dispose()
    this.changed.dispose()
  }
}

/** Where the report already is; else beside an open editor; else where there is room. */
function columnFor(uri: vscode.Uri): vscode.ViewColumn {
  const tabs = vscode.window.tabGroups.all.flatMap(group => group.tabs)
  const tab = tabs.find(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString())
  if (tab) return tab.group.viewColumn
  return vscode.window.activeTextEditor ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active
}
