// Between the engine's words and the protocol's: paths and URIs, severities, edits. Ranges are the same in both.

import {
  DiagnosticSeverity,
  type OptionalVersionedTextDocumentIdentifier,
  type TextDocumentEdit,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver'
import { URI } from 'vscode-uri'
import { headerScheme, ruleScheme, type Edit, type Severity } from '../protocol'

/** The absolute path of a file URI; undefined for documents that are not files (untitled, git, …). */
export function pathOf(uri: string): string | undefined {
  const parsed = URI.parse(uri)
  return parsed.scheme === 'file' ? parsed.fsPath : undefined
}

export const uriOf = (path: string): string => URI.file(path).toString()

/** The read-only page of a shard's header, opened at a tensor. */
export function headerUriOf(path: string, tensor?: string): string {
  const query = tensor === undefined ? '' : `tensor=${tensor}`
  return URI.file(path).with({ scheme: headerScheme, query }).toString()
}

/** The page of a rule as our own client opens it. */
export const ruleUriOf = (rule: string): string => URI.from({ scheme: ruleScheme, path: `/${rule}.md` }).toString()

export const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
}

export interface EditSupport {
  /** The client takes edits that name the version of the document they were made for. */
  readonly documentChanges: boolean
  /** Version by path of the open documents that the edits were made for; a path that is absent is on disk. */
  readonly versions: Readonly<Record<string, number>>
}

/** Edits as one workspace edit; a client that knows versions refuses it where a document has moved on. */
export function workspaceEdit(edits: readonly Edit[], support: EditSupport): WorkspaceEdit {
  const byPath = new Map<string, TextEdit[]>()
  for (const { path, range, newText } of edits) {
    const list = byPath.get(path)
    if (list) list.push({ range, newText })
    else byPath.set(path, [{ range, newText }])
  }
  if (!support.documentChanges) {
    const changes: Record<string, TextEdit[]> = {}
    for (const [path, list] of byPath) changes[uriOf(path)] = list
    return { changes }
  }
  const documentChanges = [...byPath].map(([path, list]): TextDocumentEdit => {
    const textDocument: OptionalVersionedTextDocumentIdentifier = {
      uri: uriOf(path),
      version: support.versions[path] ?? null,
    }
    return { textDocument, edits: list }
  })
  return { documentChanges }
}
