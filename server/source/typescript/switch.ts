// JavaScript's `switch`, lowered to a chain of `if`s.
// Cases that share a body are joined with `or`; a body that falls through is followed by a copy of the next one.

import { breaksOut } from '../breaks'
import type { Expr, Stmt } from '../ir'
import { joinTests, maxBranches, nameExpr, spanOf } from '../lowering'
import type { Lowering } from '../lowering'
import { field, named } from '../syntax'
import type { SyntaxNode } from '../syntax'

/** A name that no program can write: the value that is switched on. */
const subjectName = '*subject*'

/** Statements in all branches together, those that fall through counted as often as they are copied. */
const maxCopied = 10_000

interface Group {
  readonly tests: Expr[]
  isDefault: boolean
  readonly body: readonly Stmt[]
  readonly at: SyntaxNode
}

export function lowerSwitch(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const value = ctx.expression(field(node, 'value'))
  const span = spanOf(node)
  const body = field(node, 'body')
  const clauses = body ? named(body).filter(child => child.type.startsWith('switch_')) : []
  if (clauses.length > maxBranches) return [{ kind: 'unknown', what: 'too many branches', children: [value], span }]
  const isPlain = value.kind === 'name' || value.kind === 'literal'
  const subject = isPlain ? value : nameExpr(subjectName, value.span)
  // Declared anew: a switch that runs inside a function called from a case has a subject of its own.
  const before: Stmt[] = isPlain
    ? []
    : [{ kind: 'assign', target: subject, value, declares: 'let', span: spanOf(value.span) }]
  const groups = collectGroups(clauses, subject, ctx)

  let copied = 0
  let nested = false
  const bodies = groups.map((_, index) => {
    const { body: own, hasBreak } = fallThrough(groups, index)
    nested ||= hasBreak
    copied += own.length
    return own
  })
  if (copied > maxCopied) return [{ kind: 'unknown', what: 'too many branches', children: [value], span }]
  const fallback = groups.findIndex(group => group.isDefault)
  let rest: readonly Stmt[] = fallback < 0 ? [] : (bodies[fallback] ?? [])
  for (const [index, group] of [...groups.entries()].reverse()) {
    const test = joinTests('or', group.tests)
    // Cases that share the body of the default need no test: whatever matches nothing else goes there.
    if (!test || group.isDefault) continue
    rest = [{ kind: 'if', test, yes: bodies[index] ?? [], no: rest, span: spanOf(group.at) }]
  }
  if (!nested) return [...before, ...rest]
  // A `break` deeper inside leaves the switch: a loop that runs once catches it.
  const once: Expr = { kind: 'literal', value: false, span }
  return [
    ...before,
    { kind: 'while', init: [], test: once, update: [], body: rest, testLast: true, isSwitch: true, span },
  ]
}

function collectGroups(clauses: readonly SyntaxNode[], subject: Expr, ctx: Lowering): Group[] {
  const groups: Group[] = []
  let tests: Expr[] = []
  let isDefault = false
  for (const [index, clause] of clauses.entries()) {
    if (clause.type === 'switch_default') isDefault = true
    else tests.push(caseTest(clause, subject, ctx))
    const statements = clause.children.filter(child => child.field === 'body')
    if (statements.length === 0 && index + 1 < clauses.length) continue
    groups.push({ tests, isDefault, body: statements.flatMap(statement => ctx.block(statement)), at: clause })
    tests = []
    isDefault = false
  }
  return groups
}

/** `switch (true)` tests its cases themselves. */
function caseTest(clause: SyntaxNode, subject: Expr, ctx: Lowering): Expr {
  const value = ctx.expression(field(clause, 'value'))
  if (subject.kind === 'literal' && subject.value === true) return value
  return { kind: 'compare', op: '==', left: subject, right: value, span: value.span }
}

/** The statements that run from a group on, up to the `break` that ends them. */
function fallThrough(groups: readonly Group[], from: number): { body: Stmt[]; hasBreak: boolean } {
  const body: Stmt[] = []
  for (const group of groups.slice(from)) {
    const { statements, ended } = untilBreak(group.body)
    body.push(...statements)
    if (ended) break
  }
  return { body, hasBreak: body.some(breaksOut) }
}

function untilBreak(body: readonly Stmt[]): { statements: readonly Stmt[]; ended: boolean } {
  for (const [index, statement] of body.entries()) {
    if (statement.kind === 'break' && statement.label !== undefined) {
      return { statements: body.slice(0, index + 1), ended: true }
    }
    if (statement.kind === 'break') return { statements: body.slice(0, index), ended: true }
    if (statement.kind === 'return' || statement.kind === 'raise' || statement.kind === 'continue') {
      return { statements: body.slice(0, index + 1), ended: true }
    }
    if (statement.kind === 'block') {
      const inner = untilBreak(statement.body)
      if (inner.ended) {
        return { statements: [...body.slice(0, index), { ...statement, body: inner.statements }], ended: true }
      }
    }
  }
  return { statements: body, ended: false }
}
