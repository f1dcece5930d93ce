// Snapshot in, findings out: the pure heart of Tensorlint. It reads no file, no clock, no setting, and knows no editor.
// Start reading here, then one rule in rules/, then its case in test/cases/.

import type { Model } from './checkpoint/facts'
import type { Finding, Range, VerifyItem } from './protocol'
import type { Program } from './source/ir'

/** Everything that an analysis may look at. Values are immutable: an unchanged file is the same object as before. */
export interface Snapshot {
  /** Absolute workspace folders; relative paths in programs are tried against these. */
  readonly folders: readonly string[]
  readonly models: readonly Model[]
  readonly programs: readonly Program[]
}

/** A place in a program where tensors arrive at a quantized operation or module: what a code lens sits on. */
export interface LoadSite {
  readonly path: string
  readonly range: Range
  /** Paths of the models whose tensors arrive here. */
  readonly models: readonly string[]
  /** Modules (without `.weight`) that arrive here. */
  readonly modules: readonly string[]
}

export interface Analysis {
  readonly findings: readonly Finding[]
  readonly sites: readonly LoadSite[]
  /** Loads that were followed to their tensors, and those that were not, with the reason. */
  readonly understood: number
  readonly unknown: readonly { readonly path: string; readonly range: Range; readonly reason: string }[]
  /** What "Verify Dequantize" runs for a model, worked out when asked. */
  verify(model: Model): readonly VerifyItem[]
}

export function analyse(_snapshot: Snapshot): Analysis {
  return { findings: [], sites: [], understood: 0, unknown: [], verify: () => [] }
}
