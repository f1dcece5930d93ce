// A hypothesis is one of the explanations that people try when weights do not load: a value with a name, and a judgement
// over a dossier that names its evidence. Where evidence is missing it says so instead of guessing.

import type { Dossier } from '../dossier'

export type Answer = 'confirmed' | 'refuted' | 'undecided'

export interface Judged {
  readonly answer: Answer
  /** One sentence of Markdown. */
  readonly summary: string
  /** Names, shapes, values and places that decide it: Markdown, one line each. */
  readonly evidence: readonly string[]
}

export interface Hypothesis {
  /** Kebab case. */
  readonly id: string
  readonly title: string
  judge(dossier: Dossier): Judged
}
