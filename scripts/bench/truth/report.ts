// docs/accuracy.md, from the scored mutants.

import type { Operator } from './mutant'
import type { Mark, Scored } from './score'
import type { Specimen } from './specimen'

/** The page as text. */
export function accuracyPage(
  scored: readonly Scored[],
  marks: readonly Mark[],
  corpus: readonly Specimen[],
  operators: readonly Operator[],
): string {
  return [scored.length, marks.length, corpus.length, operators.length].join('\n')
}
