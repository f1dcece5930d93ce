// Answers what was understood of one file: the language status shows it.

import { fileLoads as loadsOf } from '../insight/fileLoads'
import type { FileLoads } from '../protocol'
import type { ServerContext } from './context'
import { presentRange, programOf } from './cursor'

export async function fileLoads(ctx: ServerContext, { uri }: { readonly uri: string }): Promise<FileLoads | null> {
  const found = await programOf(ctx, uri)
  if (!found) return null
  const { state, program } = found
  const loads = loadsOf(state.analysis, program)
  const entries = loads.entries.map(entry => ({ ...entry, range: presentRange(state, program.path, entry.range) }))
  return { ...loads, entries }
}
