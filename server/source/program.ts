// From a text to a program: parse, copy, lower. The same for every language.

import type { LanguageId, Program, Span } from './ir'
import { parseSyntax } from './grammars'
import type { GrammarName } from './grammars'
import { lowering } from './lowering'
import type { LoweringTables } from './lowering'
import type { Mend, Mended } from './mended'
import type { Syntax } from './syntax'

interface Source {
  readonly language: LanguageId
  readonly grammar: GrammarName
  readonly tables: LoweringTables
  readonly path: string
  readonly text: string
  readonly mend?: Mend
}

/** Lowers a source. What cannot be parsed at all is one `unknown` statement. */
export function lowerWith({ language, grammar, tables, path, text, mend }: Source): Program {
  const { syntax, mended } = read(grammar, text, mend)
  const whole = { start: 0, end: text.length }
  if (!syntax) {
    const body = [{ kind: 'unknown', what: 'source too long', children: [], span: whole }] as const
    return { language, path, text, body, syntaxErrors: [], comments: [] }
  }
  const isTorn = syntax.errors.length > 0
  const body = lowering(mended?.text ?? text, tables, isTorn, mended?.holes).block(syntax.root)
  const { comments } = syntax
  return {
    language,
    path,
    text,
    body,
    syntaxErrors: mended?.lines ?? syntax.errors,
    comments,
    ...(isTorn ? { isTorn } : {}),
  }
}

interface Reading {
  readonly syntax: Syntax | undefined
  /** What was read in the place of the text. */
  readonly mended?: Mended
}

/** How often lines are set aside in which the parser finds errors. */
const mostRounds = 3

/** Parses a text; one with errors without the lines that have them, where that leaves none. */
function read(grammar: GrammarName, text: string, mend: Mend | undefined): Reading {
  // A parser takes long over a text with errors: what can be told without it is looked at first.
  let mended = mend?.(text)
  let syntax = parseSyntax(grammar, mended?.text ?? text)
  const errors: Span[] = []
  for (let round = 0; mend && syntax && syntax.errors.length > 0 && round < mostRounds; round++) {
    const before = errors.length
    errors.push(...syntax.errors.slice(0, 20))
    const next = mend(text, errors)
    if (!next || (mended && next.lines.length === mended.lines.length) || errors.length === before) break
    mended = next
    syntax = parseSyntax(grammar, mended.text)
  }
  if (!mended || syntax?.errors.length === 0) return { syntax, mended }
  return { syntax: parseSyntax(grammar, text) }
}
