// Python's `match`, lowered to a chain of `if`s.
// Patterns become exact tests on the subject and on its parts. What such a test cannot say (alternatives that bind names,
// positional parts of a class of the program) becomes an unknown test whose names are bound to unknown values.
// Specification: https://docs.python.org/3/reference/compound_stmts.html#the-match-statement

import type { Expr, Stmt } from '../ir'
import { assign, callOf, joinTests, literal, maxBranches, nameExpr, spanOf, unknown } from '../lowering'
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
  const isOne = only !== undefined && patterns.length === 1 && only.children.every(c => c.type !== 'splat_pattern')
  const pattern = isOne ? lowerPattern(only, subject, ctx) : sequence(patterns, clause, subject, ctx)
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
    case 'list_pattern':
    case 'tuple_pattern': {
      const parts = node.children.filter(child => child.type === 'case_pattern' || child.type === 'splat_pattern')
      const [only] = parts
      const isGroup = node.type === 'tuple_pattern' && parts.length === 1 && !hasToken(node, ',')
      return isGroup && only && !isSplat(only) ? lowerPattern(only, subject, ctx) : sequence(parts, node, subject, ctx)
    }
    case 'dict_pattern':
      return mapping(node, subject, ctx)
    case 'class_pattern':
      return ofClass(node, subject, ctx)
    case 'union_pattern': {
      if (inner.some(part => !isSimple(part))) return anyOf(inner, node, subject, ctx)
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
      const value = minus ? negative(child, ctx) : ctx.expression(child)
      all.push({ value, at: child })
      minus = false
    }
  }
  return all
}

const isSimple = (node: SyntaxNode): boolean =>
  /^(none|true|false|integer|float|string|concatenated_string|dotted_name)$/.test(node.type)

const isSplat = (node: SyntaxNode): boolean =>
  node.type === 'splat_pattern' || node.children.some(child => child.type === 'splat_pattern')

/** Alternatives that look into their subject; where one of them binds a name, which it is decides what that means. */
function anyOf(parts: readonly SyntaxNode[], at: SyntaxNode, subject: Expr, ctx: Lowering): Pattern {
  const patterns = parts.map(part => lowerPattern(part, subject, ctx))
  if (patterns.some(({ bindings }) => bindings.length > 0)) return looksInside(parts, at, subject, ctx)
  const tests = patterns.flatMap(({ test }) => test ?? [])
  return tests.length < patterns.length ? { bindings: [] } : all(tests, [], 'or')
}

const all = (tests: readonly Expr[], bindings: readonly Stmt[], op: 'and' | 'or' = 'and'): Pattern => {
  const test = joinTests(op, tests)
  return { ...(test ? { test } : {}), bindings }
}

/** Whether the subject is of one of some built-in classes. */
const isOf = (subject: Expr, names: readonly string[], at: SyntaxNode): Expr => {
  const classes = names.map(name => nameExpr(name, at))
  const [only] = classes
  const tuple: Expr = only && classes.length === 1 ? only : { kind: 'tuple', items: classes, span: spanOf(at) }
  return callOf('isinstance', [subject, tuple], at)
}

const partAt = (subject: Expr, index: Expr, at: SyntaxNode): Expr => ({
  kind: 'index',
  object: subject,
  index,
  span: spanOf(at),
})

/** `[a, "b", *rest]`: a list or tuple of so many items, each of which has to match. */
function sequence(parts: readonly SyntaxNode[], at: SyntaxNode, subject: Expr, ctx: Lowering): Pattern {
  const starred = parts.findIndex(isSplat)
  const count = parts.length - (starred < 0 ? 0 : 1)
  const length = callOf('len', [subject], at)
  const tests: Expr[] = [
    isOf(subject, ['list', 'tuple'], at),
    { kind: 'compare', op: starred < 0 ? '==' : '>=', left: length, right: literal(count, at), span: spanOf(at) },
  ]
  const bindings: Stmt[] = []
  parts.forEach((part, i) => {
    const fromEnd = starred >= 0 && i > starred
    if (i !== starred) {
      const item = partAt(subject, literal(fromEnd ? i - parts.length : i, part), part)
      const inner = lowerPattern(part, item, ctx)
      if (inner.test) tests.push(inner.test)
      bindings.push(...inner.bindings)
      return
    }
    const splat = part.type === 'splat_pattern' ? part : childOf(part, 'splat_pattern')
    const name = splat && named(splat).find(child => child.type === 'identifier')
    if (!name) return
    const behind = parts.length - i - 1
    const slice: Expr = {
      kind: 'slice',
      from: literal(i, part),
      ...(behind > 0 ? { to: literal(-behind, part) } : {}),
      span: spanOf(part),
    }
    const rest = callOf('list', [partAt(subject, slice, part)], part)
    bindings.push(assign(nameExpr(ctx.textOf(name), name), rest, name))
  })
  return all(tests, bindings)
}

/** `{"key": pattern, **rest}`: a dict that has the keys, whatever else it has. */
function mapping(node: SyntaxNode, subject: Expr, ctx: Lowering): Pattern {
  const [keys, values] = [fields(node, 'key'), fields(node, 'value')]
  const tests: Expr[] = [isOf(subject, ['dict'], node)]
  const bindings: Stmt[] = []
  keys.forEach((keyNode, i) => {
    const [key, value] = [ctx.expression(keyNode), values[i]]
    tests.push({ kind: 'compare', op: 'in', left: key, right: subject, span: spanOf(keyNode) })
    const inner = value && lowerPattern(value, partAt(subject, key, value), ctx)
    if (inner?.test) tests.push(inner.test)
    bindings.push(...(inner?.bindings ?? []))
  })
  const rest = childOf(node, 'splat_pattern')
  const name = rest && named(rest).find(child => child.type === 'identifier')
  if (name) bindings.push(assign(nameExpr(ctx.textOf(name), name), others(keys, subject, name, ctx), name))
  return all(tests, bindings)
}

/** What a dict holds besides some keys: `{k: v for k, v in subject.items() if k not in keys}`. */
function others(keys: readonly SyntaxNode[], subject: Expr, at: SyntaxNode, ctx: Lowering): Expr {
  const span = spanOf(at)
  const [key, value] = [nameExpr('#key', at), nameExpr('#value', at)]
  const items: Expr = { kind: 'attribute', object: subject, name: 'items', span }
  const named: Expr = { kind: 'tuple', items: keys.map(one => ctx.expression(one)), span }
  return {
    kind: 'comprehension',
    result: 'dict',
    key,
    element: value,
    clauses: [
      {
        target: { kind: 'tuple', items: [key, value], span },
        iterable: { kind: 'call', callee: items, args: [], span },
        conditions: [{ kind: 'compare', op: 'not in', left: key, right: named, span }],
      },
    ],
    span,
  }
}

/** Built-in classes whose one positional part is the subject itself. */
const ownPart = /^(str|int|float|bool|bytes|list|tuple|dict|set|frozenset)$/

/** `Class(name=pattern)`: an object of the class whose attributes match. */
function ofClass(node: SyntaxNode, subject: Expr, ctx: Lowering): Pattern {
  const of = childOf(node, 'dotted_name')
  if (!of) return looksInside([node], node, subject, ctx)
  const tests: Expr[] = [callOf('isinstance', [subject, ctx.expression(of)], node)]
  const bindings: Stmt[] = []
  for (const part of node.children.filter(child => child.type === 'case_pattern')) {
    const keyword = childOf(part, 'keyword_pattern')
    const [name, value] = keyword ? named(keyword) : []
    if (keyword && !value) continue
    const inner =
      name && value
        ? lowerPattern(value, { kind: 'attribute', object: subject, name: ctx.textOf(name), span: spanOf(value) }, ctx)
        : ownPart.test(ctx.textOf(of))
          ? lowerPattern(part, subject, ctx)
          : looksInside([part], part, subject, ctx)
    if (inner.test) tests.push(inner.test)
    bindings.push(...inner.bindings)
  }
  return all(tests, bindings)
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
