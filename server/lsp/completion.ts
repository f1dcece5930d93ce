// Completes names of tensors inside strings that are keys.

import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  InsertTextFormat,
  type Position,
  type TextEdit,
} from 'vscode-languageserver'
import { completeName, type NameCompletion } from '../insight/completion'
import { offsetIn } from '../rules/show'
import type { Program } from '../source/ir'
import type { SessionState } from '../workspace/session'
import type { ServerContext } from './context'
import { type DocumentPlace, programOf } from './cursor'

/** Where a string begins, where a part of a name ends, and where a hole does. */
export const completionTriggers = ['"', "'", '`', '.', '}']

const longList = 150

export async function completion(ctx: ServerContext, params: DocumentPlace): Promise<CompletionList> {
  const found = await programOf(ctx, params.textDocument.uri)
  const names = found && namesAt(found.state, found.program, params.position)
  const snippets = ctx.capabilities.textDocument?.completion?.completionItem?.snippetSupport === true
  const items = (names ?? []).map((name, i) => itemOf(ctx, name, i, snippets))
  // A long list was cut or folded: what is typed next brings other names.
  return { isIncomplete: items.length >= longList || (names ?? []).some(name => name.isFolder), items }
}

function namesAt(state: SessionState, program: Program, position: Position): ReturnType<typeof completeName> {
  const document = state.moved.get(program.path) ?? program
  return completeName(state.snapshot, state.analysis, program, { document, offset: offsetIn(document, position) })
}

function itemOf(ctx: ServerContext, name: NameCompletion, order: number, snippets: boolean): CompletionItem {
  const asSnippet = snippets && name.insert.some(part => typeof part !== 'string')
  const textEdit: TextEdit = {
    range: name.range,
    newText: asSnippet ? snippetOf(name) : name.insert.map(p => (typeof p === 'string' ? p : p.number)).join(''),
  }
  return {
    label: name.label,
    detail: name.detail,
    kind: name.isFolder ? CompletionItemKind.Module : CompletionItemKind.Value,
    filterText: name.filter,
    sortText: String(order).padStart(6, '0'),
    textEdit,
    insertTextFormat: asSnippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
    // Our own client asks again for what lies in a folder; the command is VS Code's.
    ...(name.isFolder && ctx.settings.headerDocuments
      ? { command: { title: 'Suggest', command: 'editor.action.triggerSuggest' } }
      : {}),
  }
}

function snippetOf({ insert }: NameCompletion): string {
  let stop = 0
  return insert.map(p => (typeof p === 'string' ? escape(p) : `\${${++stop}:${escape(p.number)}}`)).join('')
}

const escape = (text: string): string => text.replace(/[\\$}]/g, '\\$&')
