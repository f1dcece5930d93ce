// Answers what was understood of one file: the language status shows it.

import { fileLoads as loadsOf } from '../insight/fileLoads'
import type { FileLoads } from '../protocol'
import type { ServerContext } from './context'
import { programOf } from './cursor'

export async function fileLoads(ctx: ServerContext, { uri }: { readonly uri: string }): Promise<FileLoads | null> {
  const found = await programOf(ctx, uri)
  return found ? loadsOf(found.state.analysis, found.program) : null
}
