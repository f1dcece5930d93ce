// Answers inlay hints: shapes behind loads and quantized operations, where they are wanted.

import { type InlayHint, InlayHintKind, type InlayHintParams } from 'vscode-languageserver'
import { hintsIn } from '../insight/hints'
import type { ServerContext } from './context'
import { programOf } from './cursor'

export async function inlayHints(ctx: ServerContext, { textDocument, range }: InlayHintParams): Promise<InlayHint[]> {
  if (!ctx.settings.inlayHints) return []
  const found = await programOf(ctx, textDocument.uri)
  if (!found) return []
  return hintsIn(found.state.analysis, found.program, range).map(({ position, label }) => ({
    position,
    label,
    kind: InlayHintKind.Type,
    paddingLeft: true,
  }))
}
