// TypeScript and JavaScript as source languages: one lowering, in typescript/, one file per kind of construct.
// JavaScript is parsed as TSX, of which it is nearly a subset; a `.ts` file is not, since there `<T>x` is a cast.

import type { Language } from './ir'
import { lowerWith } from './program'
import { withoutMarks } from './typescript/assertions'
import { expressions } from './typescript/expressions'
import { targets } from './typescript/functions'
import { statements } from './typescript/statements'

const tables = {
  expressions,
  statements,
  targets,
  chains: new Set(['binary_expression']),
  blocks: new Set(['program', 'statement_block']),
}

export const typescript: Language = {
  id: 'typescript',
  extensions: ['.ts', '.mts', '.cts', '.tsx'],
  commentPrefix: '//',
  lower: (path, text) => {
    const grammar = path.toLowerCase().endsWith('x') ? 'tsx' : 'typescript'
    return lowerWith({ language: 'typescript', grammar, tables, path, text, plain: withoutMarks })
  },
}

export const javascript: Language = {
  id: 'javascript',
  extensions: ['.js', '.mjs', '.cjs', '.jsx'],
  commentPrefix: '//',
  lower: (path, text) => lowerWith({ language: 'javascript', grammar: 'tsx', tables, path, text }),
}
