// The settings as plain values, read once from whatever a client sends. A wrong type is as good as absent: an editor that
// sends nothing at all gets a server that works.

import { readSeverityTable } from '../policy/severity'
import type { CheckpointTable, Settings } from '../protocol'

export const defaultSettings: Settings = {
  python: '',
  models: [],
  exclude: [],
  // An editor without a notion of trust runs programs of the workspace anyway.
  trusted: true,
  headerDocuments: false,
  severity: {},
  checkpoints: {},
  inlayHints: true,
}

/** Reads settings over `base`; keys that are absent or of a wrong type keep its value. */
export function readSettings(value: unknown, base: Settings = defaultSettings): Settings {
  if (typeof value !== 'object' || value === null) return base
  const given = value as Readonly<Record<string, unknown>>
  return {
    python: typeof given.python === 'string' ? given.python : base.python,
    models: strings(given.models) ?? base.models,
    exclude: strings(given.exclude) ?? base.exclude,
    trusted: typeof given.trusted === 'boolean' ? given.trusted : base.trusted,
    headerDocuments: typeof given.headerDocuments === 'boolean' ? given.headerDocuments : base.headerDocuments,
    severity: readSeverityTable(given.severity) ?? base.severity,
    checkpoints: readCheckpoints(given.checkpoints) ?? base.checkpoints,
    inlayHints: typeof given.inlayHints === 'boolean' ? given.inlayHints : base.inlayHints,
  }
}

function strings(value: unknown): readonly string[] | undefined {
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string' && item !== '')
    : undefined
}

/** Entries that are no path are left out. */
function readCheckpoints(value: unknown): CheckpointTable | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([pattern, path]) => {
    const paths = strings(typeof path === 'string' ? [path] : path) ?? []
    return pattern === '' || paths.length === 0 ? [] : [[pattern, paths] as const]
  })
  return Object.fromEntries(entries)
}
