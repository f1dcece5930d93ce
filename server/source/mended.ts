// A text of which the lines that cannot be read are set aside. The same for every language.

import type { Span } from './ir'

/** A line that was set aside. */
export interface Hole {
  readonly span: Span
  /** Names of values that the line may change in ways that cannot be told. */
  readonly names: readonly string[]
}

export interface Mended {
  /** As long as the text that it was made from, and different in the lines that were set aside only. */
  readonly text: string
  /** By the offset of the name that stands for what is not known. */
  readonly holes: ReadonlyMap<number, Hole>
  /** The lines that were set aside. */
  readonly lines: readonly Span[]
}

/** Sets lines aside: those that a look at the text tells, and those in which the parser found errors; undefined for none. */
export type Mend = (text: string, errors?: readonly Span[]) => Mended | undefined
