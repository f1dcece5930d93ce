// Operations that are written down one by one, for models that random operations do not reach.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Spelled {
  readonly name: string
  /** The language that the interpreter reads them as. */
  readonly language: 'py' | 'mjs'
  /** Who knows the truth: Python with MLX, Node, or Node with MLX. */
  readonly truth: 'python' | 'node' | 'frost'
}

export const spelled: readonly Spelled[] = [
  { name: 'python', language: 'py', truth: 'python' },
  { name: 'numpy', language: 'py', truth: 'python' },
  { name: 'mlx', language: 'py', truth: 'python' },
  { name: 'javascript', language: 'mjs', truth: 'node' },
  { name: 'frost', language: 'mjs', truth: 'frost' },
]

/** The expressions of one list. */
export const expressionsOf = ({ name }: Spelled): readonly string[] =>
  readFileSync(join(__dirname, 'spelled', `${name}.txt`), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
