// Answers "go to definition" of a key: to its tensors' lines in the headers' pages, which our own client can open, else to
// their entries in the index.

import type { DefinitionLink, Location } from 'vscode-languageserver'
import { readShardIndex } from '../checkpoint/shardIndex'
import type { Model } from '../checkpoint/facts'
import { tensorsAt, type TensorRef } from '../insight/navigation'
import type { RevealParams, TensorAtParams } from '../protocol'
import { rangeIn } from '../rules/show'
import { headerLine } from '../tree/headerText'
import { headerUriOf, pathOf, uriOf } from './convert'
import type { ServerContext } from './context'
import { analysedPosition, type DocumentPlace, presentRange } from './cursor'

/** More places than anyone walks through: a key in a loop may mean thousands. */
const mostTargets = 100

export async function definition(
  ctx: ServerContext,
  { textDocument, position }: DocumentPlace,
): Promise<DefinitionLink[] | Location[]> {
  const path = pathOf(textDocument.uri)
  if (path === undefined) return []
  const state = await ctx.session.current()
  const spoken = tensorsAt(state.snapshot, state.analysis, path, analysedPosition(state, path, position))
  const targets = (spoken?.tensors ?? []).slice(0, mostTargets).flatMap(t => placeOf(ctx, t, path) ?? [])
  if (!spoken || !ctx.capabilities.textDocument?.definition?.linkSupport) return targets
  const originSelectionRange = presentRange(state, path, spoken.range)
  return targets.map(({ uri, range }) => ({
    originSelectionRange,
    targetUri: uri,
    targetRange: range,
    targetSelectionRange: range,
  }))
}

function placeOf(ctx: ServerContext, { model, shard, tensor }: TensorRef, from: string): Location | undefined {
  if (!ctx.settings.headerDocuments) return model.index?.path === from ? undefined : indexPlace(model, tensor)
  const line = headerLine(shard, tensor)
  // One page for all tensors of a shard: a peek opens every page that it is given.
  return {
    uri: headerUriOf(shard.path),
    range: { start: { line, character: 0 }, end: { line, character: tensor.length } },
  }
}

function indexPlace({ index }: Model, tensor: string): Location | undefined {
  const entry = index && readShardIndex(index).find(tensor)
  if (!index || !entry) return undefined
  return { uri: uriOf(index.path), range: rangeIn(index, entry.nameOffset, entry.nameOffset + entry.nameLength) }
}

/** The first tensor that a place in a document speaks of. */
export async function tensorAt(ctx: ServerContext, { uri, position }: TensorAtParams): Promise<RevealParams | null> {
  const path = pathOf(uri)
  if (path === undefined) return null
  const state = await ctx.session.current()
  const at = analysedPosition(state, path, position)
  const first = tensorsAt(state.snapshot, state.analysis, path, at)?.tensors[0]
  return first ? { model: first.model.path, path: first.shard.path, tensor: first.tensor } : null
}
