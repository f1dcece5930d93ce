// Python's `match`, lowered to a chain of `if`s.
// Literals, dotted names, alternatives, captures and the wildcard become exact tests; a pattern that looks into its
// subject (sequence, mapping, class) becomes an unknown test whose names are bound to unknown values.
// Specification: https://docs.python.org/3/reference/compound_stmts.html#the-match-statement

import type { Expr, Stmt } from '../ir'
import { assign, joinTests, literal, maxBranches, nameExpr, spanOf, unknown } from '../lowering'
import type { Lowering } from '../lowering'
import { childOf, field, fields, hasToken, named } from '../syntax'
import type { SyntaxNode } from '../syntax'

/** A name that no program can write: the value that is matched. */
export const subjectName = '*subject*'

interface Pattern {
  /** Undefined where it always matches. */
  readonly test?: Expr
  readonly bindings: readonly Stmt[]
}

export function lowerMatch(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const subjects = fields(node, 'subject')
  const [only] = subjects
  if (!only) return []
  const whole = { start: only.start, end: subjects.at(-1)?.end ?? only.end }
  const value: Expr =
    subjects.length > 1 ? { kind: 'tuple', items: subjects.map(ctx.expression), span: whole } : ctx.expression(only)
  const subject = value.kind === 'name' ? value : nameExpr(subjectName, whole)
  const before: Stmt[] = value.kind === 'name' ? [] : [assign(subject, value, whole)]
  const body = field(node, 'body')
  const cases = (body ? body.children : []).filter(child => child.type === 'case_clause')
  let rest: Stmt[] = cases.length > maxBranches ? [tooMany(node)] : []
  for (const clause of cases.slice(0, maxBranches).reverse()) rest = lowerCase(clause, subject, rest, ctx)
  return [...before, ...rest]
}

function tooMany(node: SyntaxNode): Stmt {
  return { kind: 'unknown', what: 'too many branches', children: [], span: spanOf(node) }
}

function lowerCase(clause: SyntaxNode, subject: Expr, rest: Stmt[], ctx: Lowering): Stmt[] {
  const patterns = clause.children.filter(child => child.type === 'case_pattern')
  const [only] = patterns
  const pattern =
    only && patterns.length === 1 ? lowerPattern(only, subject, ctx) : looksInside(patterns, clause, subject, ctx)
  const guardNode = field(clause, 'guard')
  const guard = guardNode && ctx.expression(named(guardNode)[0])
  const body = ctx.block(field(clause, 'consequence'))
  const span = spanOf(clause)
  if (!guard) {
    const yes = [...pattern.bindings, ...body]
    return pattern.test ? [{ kind: 'if', test: pattern.test, yes, no: rest, span }] : yes
  }
  if (pattern.bindings.length === 0) {
    const test = pattern.test ? joinTests('and', [pattern.test, guard]) : guard
    return [{ kind: 'if', test: test ?? guard, yes: body, no: rest, span }]
  }
  // The guard reads what the pattern binds, so the names are bound first; Python leaves them bound on failure, too.
  const guarded: Stmt = { kind: 'if', test: guard, yes: body, no: rest, span }
  if (!pattern.test) return [...pattern.bindings, guarded]
  return [{ kind: 'if', test: pattern.test, yes: [...pattern.bindings, guarded], no: rest, span }]
}

function lowerPattern(node: SyntaxNode, subject: Expr, ctx: Lowering): Pattern {
  const inner = named(node)
  const [pattern] = inner
  if (node.type === 'case_pattern') {
    if (!pattern) return { bindings: [] }
    if (hasToken(node, '-')) return { test: equals(subject, negative(pattern, ctx), node), bindings: [] }
    return lowerPattern(pattern, subject, ctx)
  }
  switch (node.type) {
    case 'dotted_name':
      if (inner.length > 1) return { test: equals(subject, ctx.expression(node), node), bindings: [] }
      return { bindings: [assign(nameExpr(ctx.textOf(node), node), subject, node)] }
    case 'union_pattern': {
      const parts = alternatives(node, ctx).map(part => (part.value ? equals(subject, part.value, part.at) : undefined))
      // A wildcard among the alternatives always matches.
      if (parts.includes(undefined)) return { bindings: [] }
      const test = joinTests(
        'or',
        parts.filter(part => part !== undefined),
      )
      return { ...(test ? { test } : {}), bindings: [] }
    }
    case 'as_pattern': {
      const name = inner.at(-1)
      const matched = pattern ? lowerPattern(pattern, subject, ctx) : { bindings: [] }
      return name ? { ...matched, bindings: [...matched.bindings, assign(ctx.target(name), subject, name)] } : matched
    }
    case 'none':
    case 'true':
    case 'false':
    case 'integer':
    case 'float':
    case 'string':
    case 'concatenated_string':
      return { test: equals(subject, ctx.expression(node), node), bindings: [] }
    default:
      return looksInside([node], node, subject, ctx)
  }
}

function equals(subject: Expr, value: Expr, at: SyntaxNode): Expr {
  const op = value.kind === 'literal' && (value.value === null || typeof value.value === 'boolean') ? 'is' : '=='
  return { kind: 'compare', op, left: subject, right: value, span: spanOf(at) }
}

function negative(node: SyntaxNode, ctx: Lowering): Expr {
  const value = ctx.expression(node)
  return value.kind === 'literal' && typeof value.value === 'number' ? literal(-value.value, node) : value
}

/** The values of `a | b | c`; a value is undefined for the wildcard. */
function alternatives(node: SyntaxNode, ctx: Lowering): { value: Expr | undefined; at: SyntaxNode }[] {
  const all: { value: Expr | undefined; at: SyntaxNode }[] = []
  let minus = false
  for (const child of node.children) {
    if (child.type === '-') minus = true
    else if (child.type === '_') all.push({ value: undefined, at: node })
    else if (child.named) {
      const simple = /^(none|true|false|integer|float|string|concatenated_string|dotted_name)$/.test(child.type)
      const value = minus ? negative(child, ctx) : simple ? ctx.expression(child) : unknown('pattern', child)
      all.push({ value, at: child })
      minus = false
    }
  }
  return all
}

function looksInside(patterns: readonly SyntaxNode[], at: SyntaxNode, subject: Expr, ctx: Lowering): Pattern {
  const names: SyntaxNode[] = []
  patterns.forEach(pattern => collectCaptures(pattern, names, 0))
  return {
    test: unknown('pattern', at, [subject]),
    bindings: names.map(name => assign(nameExpr(ctx.textOf(name), name), unknown('pattern', name), name)),
  }
}

/** Names that a pattern captures; class names and keywords are not among them. */
function collectCaptures(node: SyntaxNode, into: SyntaxNode[], depth: number): void {
  if (depth > 50) return
  if (node.type === 'dotted_name') {
    if (named(node).length === 1) into.push(node)
    return
  }
  const skip = node.type === 'class_pattern' ? childOf(node, 'dotted_name') : undefined
  if (node.type === 'splat_pattern') into.push(...named(node).filter(child => child.type === 'identifier'))
  if (node.type === 'as_pattern') {
    const name = named(node).at(-1)
    if (name?.type === 'identifier') into.push(name)
  }
  for (const child of node.children) if (child !== skip) collectCaptures(child, into, depth + 1)
}
