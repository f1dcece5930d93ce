// Python as a source language. The lowering of its constructs is in python/, one file per kind of construct.

import type { Language, Program } from './ir'
import { lowerWith } from './program'
import { expressions, targets } from './python/expressions'
import { parts } from './python/parts'
import { mendPython } from './python/mend'
import { statements } from './python/statements'

const tables = {
  expressions,
  statements,
  targets,
  chains: new Set(['binary_operator', 'boolean_operator']),
  blocks: new Set(['block', 'module']),
}

export const python: Language = {
  id: 'python',
  extensions: ['.py', '.pyw'],
  commentPrefix: '#',
  lower: (path: string, text: string, before?: Program): Program =>
    lowerWith({ language: 'python', grammar: 'python', tables, path, text, mend: mendPython, before, parts }),
}
