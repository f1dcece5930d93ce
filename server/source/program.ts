// From a text to a program: parse, copy, lower. The same for every language.

import { edited, type Parts } from './edited'
import type { LanguageId, Program, Span } from './ir'
import { parseSyntax } from './grammars'
import type { GrammarName } from './grammars'
import { lowering } from './lowering'
import type { LoweringTables } from './lowering'
import type { Mend, Mended } from './mended'
import { shifted } from './shift'
import type { Syntax } from './syntax'

interface Source {
  readonly language: LanguageId
  readonly grammar: GrammarName
  readonly tables: LoweringTables
  readonly path: string
  readonly text: string
  readonly mend?: Mend
  /** A text of the same length that the parser reads as it is meant; undefined where it has. */
  readonly plain?: (text: string, syntax: Syntax) => string | undefined
  /** What was read of the file before, and how the language's texts fall into parts. */
  readonly before?: Program | undefined
  readonly parts?: Parts
}

/** Lowers a source. What cannot be parsed at all is one `unknown` statement. */
export function lowerWith(source: Source): Program {
  const { language, grammar, tables, path, text, mend } = source
  // A parser takes long over a text with errors: what can be told without it is looked at first.
  const told = mend?.(text)
  const quick = lowerEdited(source, told)
  if (quick) return quick
  const { syntax: first, mended } = read(grammar, text, mend, told)
  const plain = first && source.plain?.(text, first)
  const syntax = plain === undefined ? first : parseSyntax(grammar, plain)
  const whole = { start: 0, end: text.length }
  if (!syntax) {
    const body = [{ kind: 'unknown', what: 'source too long', children: [], span: whole }] as const
    return { language, path, text, body, syntaxErrors: [], comments: [] }
  }
  const isTorn = syntax.errors.length > 0
  const body = lowering(mended?.text ?? text, tables, isTorn, mended?.holes).block(syntax.root)
  const { comments } = syntax
  const syntaxErrors = mended?.lines ?? syntax.errors
  return { language, path, text, body, syntaxErrors, comments, ...(isTorn ? { isTorn } : {}) }
}

/** Lowers what is new in a text; undefined where that does not do, because the parser finds errors in it. */
function lowerEdited(source: Source, mended: Mended | undefined): Program | undefined {
  const { language, grammar, tables, path, text, before, parts } = source
  const readable = mended?.text ?? text
  const edit = before && parts && edited(before, readable, parts)
  if (!edit) return undefined
  const { start, end } = edit
  const part = readable.slice(start, end)
  const syntax = parseSyntax(grammar, part)
  if (!syntax || syntax.errors.length > 0) return undefined
  const move = ({ start: from, end: to }: Span, by: number): Span => ({ start: from + by, end: to + by })
  const holes = new Map(
    [...(mended?.holes ?? [])].map(([at, hole]) => [at - start, { ...hole, span: move(hole.span, -start) }] as const),
  )
  const made = lowering(part, tables, false, holes).block(syntax.root)
  return {
    language,
    path,
    text,
    body: [...edit.before.body, ...shifted(made, start), ...edit.after.body],
    syntaxErrors: mended?.lines ?? [],
    comments: [...edit.before.comments, ...syntax.comments.map(c => move(c, start)), ...edit.after.comments],
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
function read(grammar: GrammarName, text: string, mend: Mend | undefined, told: Mended | undefined): Reading {
  let mended = told
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
