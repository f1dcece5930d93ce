// Snapshot in, findings out: the pure heart of Tensorlint. It reads no file, no clock, no setting, and knows no editor.
// Start reading here, then one rule in rules/, then its case in test/cases/.

import { follow, freshly } from './follow'
import { type Analysis, judge, type Snapshot } from './judge'

export type { Analysis, BrokenRule, LoadSite, Snapshot } from './judge'

/** Analyses a snapshot. Runs of programs that did not change, against checkpoints that did not change, are kept. */
export const analyse = (snapshot: Snapshot): Analysis => judge(snapshot, follow(snapshot))

/** More files that belong together are a library, and would keep an edit waiting. */
const mostRehearsed = 16

/** Analyses once more what belongs to the programs at these paths, and keeps nothing of it: after a few times it is faster. */
export function rehearse(snapshot: Snapshot, paths: ReadonlySet<string>): void {
  const programs = freshly(snapshot, paths)
  if (programs.length > 0 && programs.length <= mostRehearsed) analyse({ ...snapshot, programs })
}
