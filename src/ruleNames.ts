// Names of rules in the paths of their pages, and what a page says of itself. No `vscode` here.

/** The rule of `/transposed-triple.md` or `transposed-triple.md`; undefined for anything else, such as a way out of the folder. */
export function ruleOf(path: string): string | undefined {
  return /^\/?([a-z0-9]+(?:-[a-z0-9]+)*)\.md$/.exec(path)?.[1]
}

/** A name as it may be typed or handed over; undefined where it is none. */
export function ruleName(value: unknown): string | undefined {
  return typeof value === 'string' ? ruleOf(`${value}.md`) : undefined
}

/** The first sentence below the heading. */
export function titleOf(page: string): string {
  const [, sentence = ''] = /^# .*\n+([^\n]*?)(?:\. Severity:.*|\.?)$/m.exec(page) ?? []
  return sentence
}
