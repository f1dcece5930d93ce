// Asks Python, Node and real MLX, in one process for all; where an operation ends the process, another goes on with the
// next.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The answer where the process does not live to give one. */
export const died = 'ends the process'

function answers(command: string, args: readonly string[], expressions: readonly string[]): readonly string[] {
  const given: string[] = []
  while (given.length < expressions.length) {
    const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
      input: JSON.stringify(expressions.slice(given.length)),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    given.push(
      ...stdout
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as string),
    )
    if (signal) given.push(died)
    else if (status !== 0) throw new Error(`no answers: ${stderr || error}`)
  }
  return given
}

/** What Python and MLX make of expressions; see answers.py. */
export const mlxAnswers = (python: string, expressions: readonly string[]): readonly string[] =>
  answers(python, [join(__dirname, 'answers.py')], expressions)

/** What Node makes of expressions, with MLX for Node where its folder is named; see answers.mjs. */
export const nodeAnswers = (expressions: readonly string[], folder?: string): readonly string[] =>
  answers(process.execPath, [join(__dirname, 'answers.mjs'), ...(folder ? [folder] : [])], expressions)
