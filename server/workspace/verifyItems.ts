// Which modules a request to verify means: of one model or all, of one module, shard or folder, or everything.

import type { Analysis, Snapshot } from '../engine'
import type { VerifyItem, VerifyParams } from '../protocol'

/** The items of an analysis that fall under the parameters, in the order of the models. */
export function verifyItems(snapshot: Snapshot, analysis: Analysis, params: VerifyParams): readonly VerifyItem[] {
  const models = snapshot.models.filter(({ path }) => params.model === undefined || path === params.model)
  const items = models.flatMap(model => analysis.verify(model))
  const { scope } = params
  return scope === undefined || scope === '' ? items : items.filter(item => isWithin(item, scope))
}

/** `model.layers.1` covers `model.layers.1.mlp` but not `model.layers.10`; a path covers itself and what lies in it. */
function isWithin({ module, path }: VerifyItem, scope: string): boolean {
  const bare = scope.replace(/\.$/, '')
  if (module === bare || module.startsWith(`${bare}.`)) return true
  return path === scope || path.startsWith(`${scope}/`) || path.startsWith(`${scope}\\`)
}
