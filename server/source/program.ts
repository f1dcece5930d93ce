// From a text to a program: parse, copy, lower. The same for every language.

import type { LanguageId, Program } from './ir'
import { parseSyntax } from './grammars'
import type { GrammarName } from './grammars'
import { lowering } from './lowering'
import type { LoweringTables } from './lowering'

interface Source {
  readonly language: LanguageId
  readonly grammar: GrammarName
  readonly tables: LoweringTables
  readonly path: string
  readonly text: string
}

/** Lowers a source. What cannot be parsed at all is one `unknown` statement. */
export function lowerWith({ language, grammar, tables, path, text }: Source): Program {
  const syntax = parseSyntax(grammar, text)
  const whole = { start: 0, end: text.length }
  if (!syntax) {
    const body = [{ kind: 'unknown', what: 'source too long', children: [], span: whole }] as const
    return { language, path, text, body, syntaxErrors: [], comments: [] }
  }
  const body = lowering(text, tables, syntax.errors.length > 0).block(syntax.root)
  return { language, path, text, body, syntaxErrors: syntax.errors, comments: syntax.comments }
}
