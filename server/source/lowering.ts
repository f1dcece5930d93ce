// What the lowerings of all languages share: the context they carry, its caps on nesting, and short makers of IR nodes.
// It knows no language. The caps exist because sources are strangers: everything after this recurses over the IR.

import type { Expr, Span, Stmt } from './ir'
import type { Hole } from './mended'
import type { SyntaxNode } from './syntax'

/** Deeper expressions become `unknown`: enough for any written program, few enough for every stack. */
const maxExpressionDepth = 200
/** Expressions inside functions inside expressions, counted together. */
const maxTotalDepth = 500
/** Nested blocks, functions and classes. */
const maxStatementDepth = 100
/** Branches of one `elif` chain, `switch` or `match`; the rest becomes `unknown`. */
export const maxBranches = 400

/** What a lowering function gets along. `expression`, `target` and `block` are the ways back into the language's tables. */
export interface Lowering {
  readonly text: string
  /** Source text of a node. */
  textOf(node: Span): string
  expression(node: SyntaxNode | undefined): Expr
  /** A node on the left of an assignment. */
  target(node: SyntaxNode | undefined): Expr
  /** The statements inside a block, or the one statement that stands for a block. */
  block(node: SyntaxNode | undefined): Stmt[]
  /** Set by `yield`; saved and restored around functions. */
  sawYield: boolean
  /** Whether the statements being lowered are those of a class body, not of a function inside it. */
  inClass: boolean
}

/** The tables of a language. A missing entry means that the construct is not known. */
export interface LoweringTables {
  readonly expressions: ReadonlyMap<string, (node: SyntaxNode, ctx: Lowering) => Expr>
  readonly statements: ReadonlyMap<string, (node: SyntaxNode, ctx: Lowering) => readonly Stmt[]>
  readonly targets: ReadonlyMap<string, (node: SyntaxNode, ctx: Lowering) => Expr>
  /** Types of the left-nested binary expressions, which alone grow deep in written programs. */
  readonly chains: ReadonlySet<string>
  /** Types that hold a list of statements. */
  readonly blocks: ReadonlySet<string>
}

/**
 * Makes the context of one program. Where it is `broken`, an expression or simple statement with an unreadable part
 * becomes `unknown`: without that part it would say something that nobody wrote. `holes` are lines that were set aside.
 */
export function lowering(
  text: string,
  tables: LoweringTables,
  broken: boolean,
  holes?: ReadonlyMap<number, Hole>,
): Lowering {
  let expressionDepth = 0
  /** Where the expressions of the innermost block began to count. */
  let baseDepth = 0
  let statementDepth = 0

  const expression = (node: SyntaxNode | undefined): Expr => {
    if (!node) return unknown('missing', { start: 0, end: 0 })
    const hole = node.type === 'identifier' ? holes?.get(node.start) : undefined
    if (hole) return unreadable(hole)
    if (isTooDeep()) return unknown('nesting too deep', node)
    if (tables.chains.has(node.type) && isLongChain(node)) {
      return unknown('chain too long', node, chainOperands(node).map(expression))
    }
    const lower = broken && hasError(node, 1) ? undefined : tables.expressions.get(node.type)
    expressionDepth++
    try {
      return lower ? lower(node, ctx) : unknownNode(node)
    } finally {
      expressionDepth--
    }
  }
  const isTooDeep = (): boolean => expressionDepth - baseDepth >= maxExpressionDepth || expressionDepth >= maxTotalDepth
  const unknownNode = (node: SyntaxNode): Expr =>
    unknown(node.type, node, node.children.filter(child => tables.expressions.has(child.type)).map(expression))
  /** Whether something unreadable stands in a node, not counting the blocks inside it. */
  const hasError = (node: SyntaxNode, depth: number): boolean =>
    node.children.some(
      child =>
        child.type === 'ERROR' ||
        child.type === 'MISSING' ||
        (depth > 1 && !tables.blocks.has(child.type) && child.type !== 'class_body' && hasError(child, depth - 1)),
    )
  const isBroken = (node: SyntaxNode): boolean =>
    broken && !node.children.some(child => tables.blocks.has(child.type)) && hasError(node, 4)
  const isLongChain = (node: SyntaxNode): boolean => {
    let length = 0
    let at: SyntaxNode | undefined = node
    while (at && tables.chains.has(at.type) && length <= maxExpressionDepth - 20) {
      length++
      at = at.children[0]
    }
    return length > maxExpressionDepth - 20
  }
  const chainOperands = (node: SyntaxNode): SyntaxNode[] => {
    const operands: SyntaxNode[] = []
    let at: SyntaxNode | undefined = node
    while (at && tables.chains.has(at.type)) {
      const right = at.children.at(-1)
      if (right) operands.push(right)
      at = at.children[0]
    }
    if (at) operands.push(at)
    return operands.reverse()
  }
  const target = (node: SyntaxNode | undefined): Expr => {
    const lower = node && tables.targets.get(node.type)
    if (!node || !lower) return expression(node)
    if (isTooDeep()) return unknown('nesting too deep', node)
    expressionDepth++
    try {
      return lower(node, ctx)
    } finally {
      expressionDepth--
    }
  }
  const statements = (nodes: readonly SyntaxNode[], into: Stmt[]): void => {
    for (const node of nodes) {
      const lower = tables.statements.get(node.type)
      if (lower && isBroken(node)) {
        const children = node.children.filter(child => tables.expressions.has(child.type)).map(expression)
        into.push({ kind: 'unknown', what: 'syntax error', span: spanOf(node), children })
      } else if (lower) {
        // The tables' functions may return many statements, so no spread: a bundle may hold more than a call may pass.
        for (const statement of lower(node, ctx)) into.push(statement)
      } else if (node.type === 'ERROR' || tables.blocks.has(node.type)) {
        if (statementDepth >= maxStatementDepth) continue
        statementDepth++
        statements(node.children, into)
        statementDepth--
      } else if (node.named && tables.expressions.has(node.type)) {
        // An expression among statements is what is left of a line that could not be parsed.
        const value = expression(node)
        if (value.kind === 'literal' || value.kind === 'name') continue
        into.push({ kind: 'unknown', what: 'syntax error', span: spanOf(node), children: [value] })
      } else if (node.named && node.type.endsWith('_statement')) {
        const children = node.children.filter(child => tables.expressions.has(child.type)).map(expression)
        into.push({ kind: 'unknown', what: node.type, span: spanOf(node), children })
      }
    }
  }
  const block = (node: SyntaxNode | undefined): Stmt[] => {
    if (!node) return []
    if (statementDepth >= maxStatementDepth) {
      return [{ kind: 'unknown', what: 'nesting too deep', span: spanOf(node), children: [] }]
    }
    statementDepth++
    const savedBase = baseDepth
    baseDepth = expressionDepth
    const into: Stmt[] = []
    try {
      statements(tables.blocks.has(node.type) ? node.children : [node], into)
    } finally {
      statementDepth--
      baseDepth = savedBase
    }
    return into
  }
  const ctx: Lowering = {
    text,
    textOf: node => text.slice(node.start, node.end),
    expression,
    target,
    block,
    sawYield: false,
    inClass: false,
  }
  return ctx
}

export function spanOf(node: Span): Span {
  return { start: node.start, end: node.end }
}

export function unknown(what: string, at: Span, children: readonly Expr[] = []): Expr {
  return { kind: 'unknown', what, children, span: spanOf(at) }
}

/** A line that was set aside: it may do anything with what it names, like a call of something that is not known. */
function unreadable({ span, names }: Hole): Expr {
  const what = 'syntax error'
  const args = names.map(name => ({ value: nameExpr(name, span) }))
  return unknown(what, span, [{ kind: 'call', callee: unknown(what, span), args, span: spanOf(span) }])
}

export function literal(value: string | number | boolean | null, at: Span): Expr {
  return { kind: 'literal', value, span: spanOf(at) }
}

export function nameExpr(name: string, at: Span): Expr {
  return { kind: 'name', name, span: spanOf(at) }
}

/** A call with positional arguments. */
export function callOf(name: string, args: readonly Expr[], at: Span): Expr {
  return { kind: 'call', callee: nameExpr(name, at), args: args.map(value => ({ value })), span: spanOf(at) }
}

export function assign(target: Expr, value: Expr, at: Span): Stmt & { kind: 'assign' } {
  return { kind: 'assign', target, value, span: spanOf(at) }
}

/** The same expression with another span: that of the parentheses around it, so that text can be appended after it. */
export function withSpan(value: Expr, at: Span): Expr {
  return { ...value, span: spanOf(at) }
}

/** Joins tests with `or` or `and`, left to right; undefined for none. */
export function joinTests(op: 'and' | 'or', tests: readonly Expr[]): Expr | undefined {
  let joined: Expr | undefined
  for (const test of tests) {
    joined = joined
      ? { kind: 'logical', op, left: joined, right: test, span: { start: joined.span.start, end: test.span.end } }
      : test
  }
  return joined
}

/** Names that a target binds, in order. */
export function boundNames(target: Expr): string[] {
  switch (target.kind) {
    case 'name':
      return [target.name]
    case 'list':
    case 'tuple':
      return target.items.flatMap(boundNames)
    case 'dict':
      return target.entries.flatMap(entry => boundNames('spread' in entry ? entry.spread : entry.value))
    case 'spread':
      return boundNames(target.value)
    case 'default':
      return boundNames(target.target)
    default:
      return []
  }
}

/** Runs `lower` for a function body; the result is spread into the definition. */
export function functionBody(
  ctx: Lowering,
  lower: () => Stmt[],
): { readonly body: Stmt[]; readonly isGenerator?: true } {
  const { sawYield, inClass } = ctx
  ctx.sawYield = false
  ctx.inClass = false
  const body = lower()
  const isGenerator = ctx.sawYield
  ctx.sawYield = sawYield
  ctx.inClass = inClass
  return isGenerator ? { body, isGenerator } : { body }
}

/** Runs `lower` for a class body. */
export function classBody<T>(ctx: Lowering, lower: () => T): T {
  const { inClass } = ctx
  ctx.inClass = true
  const result = lower()
  ctx.inClass = inClass
  return result
}
