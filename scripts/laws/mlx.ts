// Asks real MLX, in one process for all; where an operation ends the process, another goes on with the next.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The answer where MLX does not live to give one. */
export const died = 'ends the process'

/** What MLX makes of expressions of Python; see answers.py. */
export function mlxAnswers(python: string, expressions: readonly string[]): readonly string[] {
  const answers: string[] = []
  while (answers.length < expressions.length) {
    const { status, signal, stdout, stderr, error } = spawnSync(python, [join(__dirname, 'answers.py')], {
      input: JSON.stringify(expressions.slice(answers.length)),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    answers.push(
      ...stdout
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as string),
    )
    if (signal) answers.push(died)
    else if (status !== 0) throw new Error(`MLX gave no answers: ${stderr || error}`)
  }
  return answers
}
