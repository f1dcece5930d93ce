// Answers a hover over a key or a quantized operation. Our own client gets links into the tree and the header pages.

import { MarkupKind, type Hover } from 'vscode-languageserver'
import { hoverAt, type HoverText } from '../insight/hover'
import type { RevealParams } from '../protocol'
import type { ServerContext } from './context'
import { cursorOf, type DocumentPlace, presentRange } from './cursor'

/** Commands of our client; the argument is a RevealParams, which the second takes for `{ path, tensor }`. */
const revealCommand = 'tensorlint.revealTensor'
const headerCommand = 'tensorlint.openHeader'

export async function hover(ctx: ServerContext, params: DocumentPlace): Promise<Hover | null> {
  const cursor = await cursorOf(ctx, params)
  const text = cursor && hoverAt(cursor.state.analysis, cursor.program, cursor.offset)
  if (!cursor || !text) return null
  const value = ctx.settings.headerDocuments ? [text.markdown, ...links(text)].join('\n\n') : text.markdown
  return {
    contents: { kind: MarkupKind.Markdown, value },
    range: presentRange(cursor.state, cursor.program.path, text.range),
  }
}

/** One line that leads to the first tensor; a checkpoint's words stand in the arguments only, where they are encoded. */
function links({ tensors }: HoverText): readonly string[] {
  const first = tensors[0]?.stored
  if (!first) return []
  const argument: RevealParams = { model: first.model.path, path: first.shard.path, tensor: first.tensor.name }
  const link = (title: string, command: string) =>
    `[${title}](command:${command}?${encodeURIComponent(JSON.stringify([argument])).replace(/[()]/g, escape)})`
  return [`${link('Show in Tree', revealCommand)} · ${link('Open Header', headerCommand)}`]
}

const escape = (sign: string) => `%${sign.charCodeAt(0).toString(16)}`
