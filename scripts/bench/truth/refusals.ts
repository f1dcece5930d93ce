// Refusals that only MLX's CPU backend knows: a user's GPU would have gone on, so that they say nothing about the fault.

interface Refusal {
  /** A part of the exception's text. */
  readonly text: string
  readonly why: string
}

export const refusals: readonly Refusal[] = [
  { text: 'eval_cpu', why: 'an operation that the CPU backend does not have' },
  { text: 'no CPU implementation', why: 'an operation that the CPU backend does not have' },
]

/** Why an exception says nothing; undefined where it counts. */
export const refusalOf = (text: string): string | undefined =>
  refusals.find(refusal => text.includes(refusal.text))?.why
