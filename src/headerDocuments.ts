// Shards are binary, so places in them are shown as read-only text: `tensorlint-header:/path/model.safetensors`, with
// `?tensor=name` where one tensor is meant. The text and the line of the tensor come from the server.
import * as vscode from 'vscode'
import { headerScheme, messages, type HeaderParams, type HeaderText } from '../server/protocol'
import type { Server } from './client'

export class HeaderDocuments implements vscode.Disposable {
  /** The line of each open document's tensor. */
  private readonly lines = new Map<string, number>()
  private readonly changed = new vscode.EventEmitter<vscode.Uri>()
  private readonly subscriptions: vscode.Disposable

  constructor(private readonly server: Server) {
    this.subscriptions = vscode.Disposable.from(
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(headerScheme, {
        onDidChange: this.changed.event,
        provideTextDocumentContent: (uri, token) => this.text(uri, token),
      }),
      vscode.workspace.onDidCloseTextDocument(document => this.lines.delete(document.uri.toString())),
      vscode.window.onDidChangeActiveTextEditor(editor => editor && this.goToTensor(editor)),
      server.onDidChangeModels(() => this.refresh()),
    )
  }

  /** The header of a shard. Rejects when the server does not run. */
  read(params: HeaderParams, token?: vscode.CancellationToken): Promise<HeaderText> {
    return this.server.request<HeaderText>(messages.header, params, token)
  }

  /** Opens the document at its tensor's line. */
  async show(uri: vscode.Uri): Promise<vscode.TextEditor> {
    const document = await vscode.workspace.openTextDocument(uri)
    const editor = await vscode.window.showTextDocument(document)
    this.goToTensor(editor)
    return editor
  }

  dispose(): void {
    this.subscriptions.dispose()
  }

  private async text(uri: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const { text, line } = await this.read({ path: pathOf(uri), tensor: tensorOf(uri) }, token)
    this.lines.set(uri.toString(), line)
    return text
  }

  /** A click in the Problems panel arrives at the top of the document; its tensor may be far below. */
  private goToTensor(editor: vscode.TextEditor): void {
    const { uri, lineCount } = editor.document
    if (uri.scheme !== headerScheme || tensorOf(uri) === undefined) return
    const line = this.lines.get(uri.toString())
    if (line === undefined || line >= lineCount || editor.selection.active.line !== 0) return
    const { range } = editor.document.lineAt(line)
    editor.selection = new vscode.Selection(range.start, range.start)
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport)
  }

  private refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === headerScheme) this.changed.fire(uri)
  }
}

/** The document of a shard, or of a tensor in it: the same URI as the server makes, so that there is one document. */
export function headerUri(path: string, tensor?: string): vscode.Uri {
  const query = tensor === undefined ? '' : `tensor=${encodeURIComponent(tensor)}`
  return vscode.Uri.file(path).with({ scheme: headerScheme, query })
}

/** The shard's path on disk. */
export function pathOf(uri: vscode.Uri): string {
  return uri.fsPath
}

/** The tensor that the URI names; undefined when it means the whole file. */
export function tensorOf(uri: vscode.Uri): string | undefined {
  if (!uri.query.startsWith('tensor=')) return undefined
  const encoded = uri.query.slice('tensor='.length)
  try {
    return decodeURIComponent(encoded)
  } catch {
    // Written by hand, with a lone `%`.
    return encoded
  }
}
