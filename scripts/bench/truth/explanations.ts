// Why findings on mutants that run to the same numbers are right all the same: one line for a cause, by operator and rule.

interface Explanation {
  readonly operators: RegExp
  readonly rules: RegExp
  readonly why: string
}

export const explanations: readonly Explanation[] = [
  {
    operators: /^config-/,
    rules: /^(contradictory|incomplete|missing|leftover)-quantization-config$|^unmatched-override$/,
    why: 'The program does not read that part of the config; mlx-lm, mlx-vlm and MLX Swift do, and stop or decode wrongly.',
  },
  {
    operators: /^config-/,
    rules: /^(architecture|vocabulary)-mismatch$|^missing-expert$/,
    why: 'The program does not read that number of the config; mlx-lm builds the model from it, which the tensors do not fit.',
  },
  {
    operators: /^drop-transpose$/,
    rules: /^mixed-heads$/,
    why: 'The numbers are others, by half a percent; the program prints their sum in bfloat16, where that is rounded away.',
  },
  {
    operators: /^cut-rows$/,
    rules: /^mismatched-triple$/,
    why: 'The rows that are missing are of tokens that the program does not look up; others would be read past the end.',
  },
  {
    operators: /^cut-rows$/,
    rules: /^vocabulary-mismatch$/,
    why: 'The rows that are missing are of tokens that the program does not look up; mlx-lm builds the table that the config promises, and stops.',
  },
  {
    operators: /^stored-dtype$/,
    rules: /^integer-tensor$/,
    why: 'The program leaves the tensor out, which lies in the file wrongly all the same.',
  },
]

/** What is said of these rules' findings on an operator's mutants; undefined where one of them has no explanation. */
export function explain(operator: string, rules: readonly string[]): string | undefined {
  const found = rules.map(rule => explanations.find(one => one.operators.test(operator) && one.rules.test(rule))?.why)
  return found.length > 0 && found.every(why => why !== undefined) ? [...new Set(found)].join(' ') : undefined
}
