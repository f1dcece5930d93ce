// Identities of tree rows: they say where a row stands, so that its children can be worked out without any memory.
// They are JSON lists, because paths and tensor names may hold any character.

export type RowPlace =
  | { readonly kind: 'model'; readonly model: string }
  /** A folder of shards inside a model. */
  | { readonly kind: 'rank'; readonly model: string; readonly folder: string }
  | { readonly kind: 'shard'; readonly model: string; readonly shard: string }
  /** A module or a folder of modules; `scope` is the rank's folder, the shard, or the model itself. */
  | { readonly kind: 'module'; readonly model: string; readonly scope: string; readonly module: string }
  | { readonly kind: 'tensor'; readonly model: string; readonly shard: string; readonly tensor: string }

/** A row's identity as a string. */
export function nodeId(place: RowPlace): string {
  switch (place.kind) {
    case 'model':
      return JSON.stringify(['model', place.model])
    case 'rank':
      return JSON.stringify(['rank', place.model, place.folder])
    case 'shard':
      return JSON.stringify(['shard', place.model, place.shard])
    case 'module':
      return JSON.stringify(['module', place.model, place.scope, place.module])
    case 'tensor':
      return JSON.stringify(['tensor', place.model, place.shard, place.tensor])
  }
}

/** The place that an identity names; undefined for anything that `nodeId` did not write. */
export function placeOf(id: string): RowPlace | undefined {
  let parts: unknown
  try {
    parts = JSON.parse(id)
  } catch {
    return undefined
  }
  if (!Array.isArray(parts) || !parts.every((part): part is string => typeof part === 'string')) return undefined
  const [kind, model, a, b] = parts
  if (model === undefined) return undefined
  if (kind === 'model') return { kind, model }
  if (a === undefined) return undefined
  if (kind === 'rank') return { kind, model, folder: a }
  if (kind === 'shard') return { kind, model, shard: a }
  if (b === undefined) return undefined
  if (kind === 'module') return { kind, model, scope: a, module: b }
  if (kind === 'tensor') return { kind, model, shard: a, tensor: b }
  return undefined
}
