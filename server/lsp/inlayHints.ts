// Answers inlay hints: shapes behind loads and quantized operations, where they are wanted.

import { type InlayHint, InlayHintKind, type InlayHintParams, type Position } from 'vscode-languageserver'
import { hintsIn } from '../insight/hints'
import type { ServerContext } from './context'
import { analysedPosition, presentRange, programOf } from './cursor'

export async function inlayHints(ctx: ServerContext, { textDocument, range }: InlayHintParams): Promise<InlayHint[]> {
  if (!ctx.settings.inlayHints) return []
  const found = await programOf(ctx, textDocument.uri)
  if (!found) return []
  const { state, program } = found
  const [start, end] = [range.start, range.end].map(at => analysedPosition(state, program.path, at)) as [
    Position,
    Position,
  ]
  return hintsIn(state.analysis, program, { start, end }).map(({ position, label }) => ({
    position: presentRange(state, program.path, { start: position, end: position }).end,
    label,
    kind: InlayHintKind.Type,
    paddingLeft: true,
  }))
}
