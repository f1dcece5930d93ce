// Why findings on mutants that run to the same numbers are right all the same: one line for a cause, by operator and rule.

interface Explanation {
  readonly operators: RegExp
  readonly rules: RegExp
  readonly why: string
}

export const explanations: readonly Explanation[] = []

/** What is said of a rule's finding on an operator's mutants. */
export function explain(operator: string, rules: readonly string[]): string | undefined {
  const found = rules.map(rule => explanations.find(one => one.operators.test(operator) && one.rules.test(rule))?.why)
  return found.length > 0 && found.every(why => why !== undefined) ? [...new Set(found)].join('; ') : undefined
}
