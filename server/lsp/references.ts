// Answers "who loads this tensor?": of a key in a program, of an entry of an index, of a row of the tree, of a line of a
// header's page.

import type { Location } from 'vscode-languageserver'
import { loadersOf, tensorsAt, type TensorRef, tensorsOf } from '../insight/navigation'
import type { Loaders, LoadersParams } from '../protocol'
import { foldNames, rangeOf } from '../rules/show'
import type { SessionState } from '../workspace/session'
import { pathOf, uriOf } from './convert'
import type { ServerContext } from './context'
import { analysedPosition, type DocumentPlace, presentRange } from './cursor'

export async function references(ctx: ServerContext, { textDocument, position }: DocumentPlace): Promise<Location[]> {
  const path = pathOf(textDocument.uri)
  if (path === undefined) return []
  const state = await ctx.session.current()
  const spoken = tensorsAt(state.snapshot, state.analysis, path, analysedPosition(state, path, position))
  return spoken
    ? placesOf(state, spoken.tensors).map(p => ({ uri: ctx.openUris.get(p.path) ?? uriOf(p.path), range: p.range }))
    : []
}

export async function loaders(ctx: ServerContext, params: LoadersParams): Promise<Loaders> {
  const state = await ctx.session.current()
  const tensors = tensorsOf(state.snapshot, params)
  const names = [...new Set(tensors.map(t => t.tensor))]
  return {
    subject: params.module ?? (names.length > 0 ? foldNames(names, 2) : (params.tensor ?? 'this line')),
    places: placesOf(state, tensors),
    unknown: state.analysis.unknown.length,
  }
}

const placesOf = (state: SessionState, tensors: readonly TensorRef[]) =>
  loadersOf(state.snapshot, state.analysis, tensors).map(place => {
    const { path } = place.program
    return { path, range: presentRange(state, path, rangeOf(place)) }
  })
