// Where a request about a place in a text points: the program as the last analysis saw it, and the offset in it; and where a
// place of the analysis is in the text as it is now. A text that is being typed has moved on since (workspace/standing.ts).

import type { Position, TextDocumentIdentifier } from 'vscode-languageserver'
import type { Edit, Finding, Fix, Range } from '../protocol'
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
  if (!found) return undefined
  const { state, program } = found
  return { ...found, offset: offsetIn(program, analysedPosition(state, program.path, params.position)) }
}

type Moves = Pick<SessionState, 'moved'>

/** Where a position of a document was in the text that was analysed. */
export const analysedPosition = ({ moved }: Moves, path: string, position: Position): Position =>
  moved.get(path)?.analysed(position) ?? position

/** Where a range of the text that was analysed is in the document. */
export const presentRange = ({ moved }: Moves, path: string, range: Range): Range =>
  moved.get(path)?.range(range) ?? range

/** A finding with its places in the documents as they are now, and with those of the fixes that still fit. */
export function presentFinding(state: Moves, finding: Finding, fixes = finding.fixes): Finding {
  if (state.moved.size === 0 && fixes === finding.fixes) return finding
  const { rule, severity, path, message } = finding
  return {
    rule,
    severity,
    path,
    message,
    // Names are made when they are asked for: a finding may be of as many tensors as there are.
    get tensors() {
      return finding.tensors
    },
    range: presentRange(state, path, finding.range),
    because: finding.because.map(one => ({ ...one, range: presentRange(state, one.path, one.range) })),
    fixes: fixes.flatMap(fix => presentFix(state, fix)),
  }
}

function presentFix({ moved }: Moves, fix: Fix): readonly Fix[] {
  const edits = fix.edits.map(edit => (moved.has(edit.path) ? moved.get(edit.path)?.edit(edit) : edit))
  return edits.every((edit): edit is Edit => edit !== undefined) ? [{ ...fix, edits }] : []
}
