// Python expressions and assignment targets, one small function per node type of tree-sitter-python.

import type { Arg, BinaryOp, Clause, CompareOp, DictEntry, Expr, LogicalOp } from '../ir'
import { joinTests, literal, nameExpr, spanOf, unknown, withSpan } from '../lowering'
import type { Lowering } from '../lowering'
import { field, fields, hasToken, named, operatorOf } from '../syntax'
import type { SyntaxNode } from '../syntax'
import { lowerLambda } from './functions'
import { lowerConcatenatedString, lowerString } from './strings'

type LowerExpr = (node: SyntaxNode, ctx: Lowering) => Expr

const items =
  (kind: 'list' | 'tuple' | 'set'): LowerExpr =>
  (node, ctx) => ({ kind, items: named(node).map(ctx.expression), span: spanOf(node) })

const targetItems =
  (kind: 'list' | 'tuple'): LowerExpr =>
  (node, ctx) => ({ kind, items: named(node).map(ctx.target), span: spanOf(node) })

const first = (node: SyntaxNode): SyntaxNode | undefined => named(node)[0]

/** Numbers: underscores, other bases; imaginary ones are unknown. */
function lowerNumber(node: SyntaxNode, ctx: Lowering): Expr {
  const text = ctx.textOf(node).replace(/_/g, '').toLowerCase()
  if (text.endsWith('j')) return unknown('imaginary number', node)
  const value = /^0\d+$/.test(text) ? parseInt(text, 10) : Number(text.replace(/l$/, ''))
  return Number.isNaN(value) ? unknown('number', node) : literal(value, node)
}

function lowerCall(node: SyntaxNode, ctx: Lowering): Expr {
  const list = field(node, 'arguments')
  const callee = ctx.expression(field(node, 'function'))
  const args = !list
    ? []
    : list.type === 'argument_list'
      ? named(list).map(arg => lowerArg(arg, ctx))
      : [{ value: ctx.expression(list) }]
  return { kind: 'call', callee, args, span: spanOf(node) }
}

function lowerArg(node: SyntaxNode, ctx: Lowering): Arg {
  if (node.type === 'keyword_argument') {
    const name = field(node, 'name')
    return { value: ctx.expression(field(node, 'value')), ...(name ? { name: ctx.textOf(name) } : {}) }
  }
  if (node.type === 'list_splat') return { value: ctx.expression(first(node)), spread: 'list' }
  if (node.type === 'dictionary_splat') return { value: ctx.expression(first(node)), spread: 'dict' }
  return { value: ctx.expression(node) }
}

function lowerSubscript(node: SyntaxNode, ctx: Lowering): Expr {
  const object = ctx.expression(field(node, 'value'))
  const subscripts = fields(node, 'subscript').map(ctx.expression)
  const [only, ...rest] = subscripts
  const last = subscripts.at(-1)
  if (!only || !last) return unknown('subscript', node, [object])
  const index: Expr =
    rest.length > 0 || hasToken(node, ',')
      ? { kind: 'tuple', items: subscripts, span: { start: only.span.start, end: last.span.end } }
      : only
  return { kind: 'index', object, index, span: spanOf(node) }
}

function lowerSlice(node: SyntaxNode, ctx: Lowering): Expr {
  const bounds: (Expr | undefined)[] = [undefined]
  for (const child of node.children) {
    if (child.type === ':') bounds.push(undefined)
    else if (child.named && child.type !== 'ERROR') bounds[bounds.length - 1] = ctx.expression(child)
  }
  const [from, to, step] = bounds
  return {
    kind: 'slice',
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    ...(step ? { step } : {}),
    span: spanOf(node),
  }
}

const compareOps: Readonly<Record<string, CompareOp>> = {
  ...{ '==': '==', '!=': '!=', '<>': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' },
  ...{ in: 'in', 'not in': 'not in', is: 'is', 'is not': 'is not' },
}

function lowerComparison(node: SyntaxNode, ctx: Lowering): Expr {
  // `not in` and `is not` are named nodes in some versions of the grammar.
  const isOperator = (child: SyntaxNode): boolean => compareOps[child.type] !== undefined
  const values = named(node)
    .filter(child => !isOperator(child))
    .map(ctx.expression)
  const operators = node.children.filter(isOperator).map(child => compareOps[child.type])
  const compares: Expr[] = []
  for (let i = 0; i + 1 < values.length; i++) {
    const [left, right, op] = [values[i], values[i + 1], operators[i]]
    if (!left || !right || !op) return unknown('comparison', node, values)
    compares.push({ kind: 'compare', op, left, right, span: { start: left.span.start, end: right.span.end } })
  }
  const joined = joinTests('and', compares)
  return joined ? withSpan(joined, node) : unknown('comparison', node, values)
}

const lowerBinary: LowerExpr = (node, ctx) => ({
  kind: 'binary',
  op: operatorOf(node) as BinaryOp,
  left: ctx.expression(field(node, 'left')),
  right: ctx.expression(field(node, 'right')),
  span: spanOf(node),
})

const lowerBoolean: LowerExpr = (node, ctx) => ({
  kind: 'logical',
  op: operatorOf(node) as LogicalOp,
  left: ctx.expression(field(node, 'left')),
  right: ctx.expression(field(node, 'right')),
  span: spanOf(node),
})

function lowerConditional(node: SyntaxNode, ctx: Lowering): Expr {
  const [yes, test, no] = named(node)
  return {
    kind: 'conditional',
    test: ctx.expression(test),
    yes: ctx.expression(yes),
    no: ctx.expression(no),
    span: spanOf(node),
  }
}

function lowerDictionary(node: SyntaxNode, ctx: Lowering): Expr {
  const entries: DictEntry[] = []
  for (const child of named(node)) {
    if (child.type === 'pair') {
      entries.push({ key: ctx.expression(field(child, 'key')), value: ctx.expression(field(child, 'value')) })
    } else if (child.type === 'dictionary_splat') {
      entries.push({ spread: ctx.expression(first(child)) })
    }
  }
  return { kind: 'dict', entries, span: spanOf(node) }
}

const comprehension =
  (result: 'list' | 'set' | 'dict' | 'generator'): LowerExpr =>
  (node, ctx) => {
    const body = field(node, 'body')
    const key = body?.type === 'pair' ? ctx.expression(field(body, 'key')) : undefined
    const element = ctx.expression(body?.type === 'pair' ? field(body, 'value') : body)
    const clauses: (Clause & { conditions: Expr[] })[] = []
    for (const child of node.children) {
      if (child.type === 'for_in_clause') {
        const sources = fields(child, 'right')
        const iterable: Expr =
          sources.length > 1
            ? { kind: 'tuple', items: sources.map(ctx.expression), span: spanOf(child) }
            : ctx.expression(sources[0])
        clauses.push({ target: ctx.target(field(child, 'left')), iterable, conditions: [] })
      } else if (child.type === 'if_clause') {
        clauses.at(-1)?.conditions.push(ctx.expression(first(child)))
      }
    }
    return { kind: 'comprehension', result, ...(key ? { key } : {}), element, clauses, span: spanOf(node) }
  }

function lowerYield(node: SyntaxNode, ctx: Lowering): Expr {
  ctx.sawYield = true
  const value = first(node)
  return {
    kind: 'yield',
    ...(value ? { value: ctx.expression(value) } : {}),
    ...(hasToken(node, 'from') ? { from: true } : {}),
    span: spanOf(node),
  }
}

/** An awaited call is its value already; anything else may be a task that holds one. */
function lowerAwait(node: SyntaxNode, ctx: Lowering): Expr {
  const value = withSpan(ctx.expression(first(node)), node)
  if (value.kind === 'call') return value
  const { span } = value
  return { kind: 'call', callee: { kind: 'name', name: 'await', span }, args: [{ value }], span }
}

function lowerAttribute(node: SyntaxNode, ctx: Lowering): Expr {
  const name = field(node, 'attribute')
  const object = ctx.expression(field(node, 'object'))
  return name && name.type !== 'MISSING'
    ? { kind: 'attribute', object, name: ctx.textOf(name), span: spanOf(node) }
    : unknown('attribute', node, [object])
}

const spread: LowerExpr = (node, ctx) => ({ kind: 'spread', value: ctx.expression(first(node)), span: spanOf(node) })

export const expressions: ReadonlyMap<string, LowerExpr> = new Map<string, LowerExpr>([
  ['identifier', (node, ctx) => nameExpr(ctx.textOf(node), node)],
  ['dotted_name', lowerDottedName],
  ['none', node => literal(null, node)],
  ['true', node => literal(true, node)],
  ['false', node => literal(false, node)],
  ['ellipsis', node => nameExpr('Ellipsis', node)],
  ['integer', lowerNumber],
  ['float', lowerNumber],
  ['string', lowerString],
  ['concatenated_string', lowerConcatenatedString],
  ['list', items('list')],
  ['tuple', items('tuple')],
  ['set', items('set')],
  ['expression_list', items('tuple')],
  ['dictionary', lowerDictionary],
  ['list_comprehension', comprehension('list')],
  ['set_comprehension', comprehension('set')],
  ['dictionary_comprehension', comprehension('dict')],
  ['generator_expression', comprehension('generator')],
  ['attribute', lowerAttribute],
  ['subscript', lowerSubscript],
  ['slice', lowerSlice],
  ['call', lowerCall],
  ['binary_operator', lowerBinary],
  ['boolean_operator', lowerBoolean],
  [
    'not_operator',
    (node, ctx) => ({ kind: 'unary', op: 'not', operand: ctx.expression(field(node, 'argument')), span: spanOf(node) }),
  ],
  [
    'unary_operator',
    (node, ctx) => ({
      kind: 'unary',
      op: operatorOf(node) as '-' | '+' | '~',
      operand: ctx.expression(field(node, 'argument')),
      span: spanOf(node),
    }),
  ],
  ['comparison_operator', lowerComparison],
  ['conditional_expression', lowerConditional],
  [
    'named_expression',
    (node, ctx) => ({
      kind: 'assignment',
      target: ctx.target(field(node, 'name')),
      value: ctx.expression(field(node, 'value')),
      span: spanOf(node),
    }),
  ],
  ['lambda', lowerLambda],
  ['await', lowerAwait],
  ['yield', lowerYield],
  ['parenthesized_expression', (node, ctx) => withSpan(ctx.expression(first(node)), node)],
  ['list_splat', spread],
  ['parenthesized_list_splat', spread],
])

function lowerDottedName(node: SyntaxNode, ctx: Lowering): Expr {
  let value: Expr | undefined
  for (const part of named(node)) {
    const name = ctx.textOf(part)
    value = value
      ? { kind: 'attribute', object: value, name, span: { start: node.start, end: part.end } }
      : nameExpr(name, part)
  }
  return value ?? unknown('name', node)
}

export const targets: ReadonlyMap<string, LowerExpr> = new Map<string, LowerExpr>([
  ['pattern_list', targetItems('tuple')],
  ['tuple_pattern', targetItems('tuple')],
  ['list_pattern', targetItems('list')],
  ['tuple', targetItems('tuple')],
  ['list', targetItems('list')],
  ['expression_list', targetItems('tuple')],
  ['list_splat_pattern', (node, ctx) => ({ kind: 'spread', value: ctx.target(first(node)), span: spanOf(node) })],
  ['as_pattern_target', (node, ctx) => ctx.target(first(node))],
  ['parenthesized_expression', (node, ctx) => ctx.target(first(node))],
])
