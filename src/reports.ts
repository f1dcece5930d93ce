// Read-only documents that hold the last report of each subject: `tensorlint-report:/Verify model.md`.
// They live as long as the window; a new run of the same subject replaces the text.
import * as vscode from 'vscode'

const scheme = 'tensorlint-report'

export class Reports implements vscode.Disposable {
  private readonly texts = new Map<string, string>()
  private readonly changed = new vscode.EventEmitter<vscode.Uri>()
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: this.changed.event,
    provideTextDocumentContent: uri => this.texts.get(uri.path) ?? 'This report is gone. Run the verification again.\n',
  })

  /** Stores the text, shows it rendered beside the active editor and returns what brings it to the front again. */
  async publish(title: string, text: string): Promise<() => Promise<void>> {
    const uri = vscode.Uri.from({ scheme, path: `/${title}.md` })
    this.texts.set(uri.path, text)
    this.changed.fire(uri)
    const editor = vscode.window.activeTextEditor
    await show(uri)
    // Who clicked a code lens goes on editing there.
    if (editor) await vscode.window.showTextDocument(editor.document, editor.viewColumn)
    return () => show(uri)
  }

  dispose(): void {
    this.registration.dispose()
    this.changed.dispose()
  }
}

/** Rendered by VS Code's own Markdown preview, where wide tables read well; as text where that is switched off. */
async function show(uri: vscode.Uri): Promise<void> {
  await closePreviews(uri)
  const beside = vscode.window.tabGroups.activeTabGroup.tabs.length > 0
  try {
    await vscode.commands.executeCommand(beside ? 'markdown.showLockedPreviewToSide' : 'markdown.showPreview', uri)
  } catch {
    const viewColumn = beside ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active
    await vscode.window.showTextDocument(uri, { viewColumn, preserveFocus: true, preview: false })
  }
}

/** Beside an old preview that has the focus, the new one would get a third column. */
async function closePreviews(uri: vscode.Uri): Promise<void> {
  const name = uri.path.slice(1)
  const old = vscode.window.tabGroups.all
    .flatMap(group => group.tabs)
    .filter(({ input, label }) => input instanceof vscode.TabInputWebview && label.endsWith(name))
  if (old.length > 0) await vscode.window.tabGroups.close(old)
}
