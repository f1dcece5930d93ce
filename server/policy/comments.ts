// Comments that suppress findings: `tensorlint:` and then `ignore[rule, rule] why`, at the end of a line or on a line of its
// own above it, and `ignore-file` for the whole file; without brackets every rule is meant. Python and JavaScript alike.

import type { Finding, Range } from '../protocol'
import { rangeIn } from '../rules/show'
import type { Program } from '../source/ir'
import { unusedSuppression } from './policyRules'

export interface Suppression {
  /** Of the comment. */
  readonly range: Range
  /** Names as written; undefined: every rule. */
  readonly rules: readonly string[] | undefined
  /** The zero-based line that is meant; undefined: the whole file. */
  readonly line: number | undefined
}

const pattern = /(?:^|[\s#/*])tensorlint:\s*ignore(-file)?(?![\w-])(?:\[([^\]]*)\])?/

const cache = new WeakMap<Program, readonly Suppression[]>()

/** The suppressions of a program, in its order. */
export function suppressionsOf(program: Program): readonly Suppression[] {
  let known = cache.get(program)
  if (!known) cache.set(program, (known = readSuppressions(program)))
  return known
}

/** Whether the comment means this finding of the same file: one that begins or ends on its line. */
export function suppresses({ rules, line }: Suppression, { rule, range }: Finding): boolean {
  // A comment that means every rule would else hide that it is of no use.
  if (rules ? !rules.includes(rule) : rule === unusedSuppression.id) return false
  return line === undefined || line === range.start.line || line === range.end.line
}

function readSuppressions(program: Program): Suppression[] {
  if (!program.text.includes('tensorlint:')) return []
  const lines = program.text.split(/\r\n|\r|\n/)
  return program.comments.flatMap(({ start, end }): Suppression[] => {
    const match = pattern.exec(program.text.slice(start, end))
    if (!match) return []
    const range = rangeIn(program, start, end)
    const rules = match[2]
      ?.split(',')
      .map(name => name.trim())
      .filter(Boolean)
    const standsAlone = (lines[range.start.line] ?? '').slice(0, range.start.character).trim() === ''
    const line = standsAlone ? lineBelow(lines, range.end.line) : range.start.line
    return [{ range, rules, line: match[1] === undefined ? line : undefined }]
  })
}

/** The next line that is no line comment: several comments may stand above one line. */
function lineBelow(lines: readonly string[], from: number): number {
  let line = from + 1
  while (/^\s*(#|\/\/)/.test(lines[line] ?? '')) line++
  return line
}
