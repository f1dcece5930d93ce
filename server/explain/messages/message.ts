// What a message of MLX is to an analysis: its texts, when in a program's life it is raised, and what it means with its
// own numbers. Which tensors it speaks of is worked out from the holes with these names: `w`, `s`, `b` (shapes of weight,
// scales, biases), `g`, `bits`, `mode`, `key` (a parameter), `file`, `dtype`, `x` (any other shape).

import type { Reading } from './template'

export type When = 'open' | 'load' | 'construction' | 'first use' | 'evaluation'

export interface Message {
  /** Kebab case. */
  readonly id: string
  /** As MLX prints it, newest first. */
  readonly texts: readonly string[]
  readonly when: When
  /** What it says, in one or two sentences of Markdown. */
  meaning(reading: Reading): string
  /** A list of names follows. */
  readonly hasNames?: boolean
}

export const showShape = (shape: readonly number[] | undefined): string => `[${(shape ?? []).join(', ')}]`
