// The files that a run may look at.

import type { JsonFile, Model } from '../../checkpoint/facts'

/** What programs can open. */
export interface Files {
  readonly models: readonly Model[]
  /** Absolute; relative paths are tried against them. */
  readonly folders: readonly string[]
  /** JSON files that belong to no model. */
  readonly data: readonly JsonFile[]
}
