// How much work one run may be.

import type { Program } from '../../source/ir'

/** Work allowed to one run, in evaluated nodes: about half a second; what is left then is unknown. */
const workLimit = 800_000
/** The same for a library: so many programs that few of them are about one checkpoint, and all are run again for an edit. */
const libraryWorkLimit = 220_000
const programsOfLibrary = 64
/** The same for programs with lines that cannot be read: they are being typed, and soon read again. */
const typingWorkLimit = 300_000
/** The same for programs that are torn by syntax errors: what cannot be read often hides what ends a loop. */
const tornWorkLimit = 120_000

/** In evaluated nodes, for programs that belong together. */
export function workFor(programs: readonly Program[]): number {
  if (programs.some(p => p.isTorn)) return tornWorkLimit
  if (programs.length >= programsOfLibrary) return libraryWorkLimit
  return programs.some(p => p.syntaxErrors.length > 0) ? typingWorkLimit : workLimit
}
