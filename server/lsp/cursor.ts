// Where a request about a place in a text points: the program as the last analysis saw it, and the offset in it.

import type { Position, TextDocumentIdentifier } from 'vscode-languageserver'
import { offsetIn } from '../rules/show'
import type { SessionState } from '../workspace/session'
import { pathOf } from './convert'
import type { ServerContext } from './context'

export interface DocumentPlace {
  readonly textDocument: TextDocumentIdentifier
  readonly position: Position
}

export interface Cursor {
  readonly state: SessionState
  readonly program: SessionState['snapshot']['programs'][number]
  readonly offset: number
}

/** The program of a document with every change taken in; undefined for a document that is none. */
export async function programOf(ctx: ServerContext, uri: string): Promise<Omit<Cursor, 'offset'> | undefined> {
  const path = pathOf(uri)
  if (path === undefined) return undefined
  const state = await ctx.session.current()
  const program = state.snapshot.programs.find(candidate => candidate.path === path)
  return program && { state, program }
}

export async function cursorOf(ctx: ServerContext, params: DocumentPlace): Promise<Cursor | undefined> {
  const found = await programOf(ctx, params.textDocument.uri)
  return found && { ...found, offset: offsetIn(found.program, params.position) }
}
