// JavaScript and TypeScript expressions, one small function per node type of tree-sitter-typescript.
// Types are invisible here: casts, assertions and type arguments leave the expression inside them.

import type { Arg, BinaryOp, CompareOp, DictEntry, Expr, LogicalOp } from '../ir'
import { callOf, literal, nameExpr, spanOf, unknown, withSpan } from '../lowering'
import type { Lowering } from '../lowering'
import { childOf, field, hasToken, named, operatorOf } from '../syntax'
import type { SyntaxNode } from '../syntax'
import { decoratorsOf, lowerClass, lowerMethod } from './classes'
import { arrayItems, lowerFunction, nameOf, propertyKey } from './functions'
import { lowerNumber, lowerRegex, lowerString, lowerTemplate, templateParts } from './strings'

type LowerExpr = (node: SyntaxNode, ctx: Lowering) => Expr

const first = (node: SyntaxNode): SyntaxNode | undefined => named(node)[0]

const compareOps: Readonly<Record<string, CompareOp>> = {
  ...{ '==': '==', '===': '==', '!=': '!=', '!==': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' },
  ...{ in: 'in', instanceof: 'instanceof' },
}
const logicalOps: Readonly<Record<string, LogicalOp>> = { '&&': 'and', '||': 'or', '??': 'nullish' }

function lowerBinary(node: SyntaxNode, ctx: Lowering): Expr {
  const operator = operatorOf(node)
  const left = ctx.expression(field(node, 'left'))
  const right = ctx.expression(field(node, 'right'))
  const [compare, logical] = [compareOps[operator], logicalOps[operator]]
  if (compare) return { kind: 'compare', op: compare, left, right, span: spanOf(node) }
  if (logical) return { kind: 'logical', op: logical, left, right, span: spanOf(node) }
  return { kind: 'binary', op: operator as BinaryOp, left, right, span: spanOf(node) }
}

function lowerUnary(node: SyntaxNode, ctx: Lowering): Expr {
  const operator = operatorOf(node)
  const operand = ctx.expression(field(node, 'argument'))
  switch (operator) {
    case '!':
      return { kind: 'unary', op: 'not', operand, span: spanOf(node) }
    case '-':
    case '+':
    case '~':
      return { kind: 'unary', op: operator, operand, span: spanOf(node) }
    case 'typeof':
      return callOf('typeof', [operand], node)
    case 'void':
      return operand.kind === 'literal' ? literal(null, node) : sequence([operand, literal(null, node)], node)
    default:
      return unknown(operator, node, [operand])
  }
}

/** The model that makes the list of a tagged template's texts; no program can write its name. */
export const textsOfTemplate = '*texts*'

/** `` tag`a${b}` `` is a call: of the texts around the holes, as they mean and as they are written, and of what fills the holes. */
function lowerTagged(node: SyntaxNode, callee: Expr, template: SyntaxNode, ctx: Lowering): Expr {
  const { cooked, raw, values } = templateParts(template, ctx)
  const texts = (parts: readonly string[]): Expr => ({
    kind: 'list',
    items: parts.map(part => literal(part, template)),
    span: spanOf(template),
  })
  const first = callOf(textsOfTemplate, [texts(cooked), texts(raw)], template)
  return { kind: 'call', callee, args: [first, ...values].map(value => ({ value })), span: spanOf(node) }
}

/** A call, of a tag as well. */
function lowerCall(node: SyntaxNode, ctx: Lowering): Expr {
  const callee = ctx.expression(field(node, 'function') ?? field(node, 'constructor'))
  const list = field(node, 'arguments')
  if (list?.type === 'template_string') return lowerTagged(node, callee, list, ctx)
  const args = list ? named(list).map(arg => lowerArg(arg, ctx)) : []
  // `new F!(…)` is read as the call of `new F`.
  if (callee.kind === 'call' && callee.isNew && field(node, 'function')?.type === 'non_null_expression')
    return { ...callee, args, span: spanOf(node) }
  return {
    kind: 'call',
    callee,
    args,
    ...(node.type === 'new_expression' ? { isNew: true } : {}),
    ...(hasToken(node, '?.') || childOf(node, 'optional_chain') ? { optional: true } : {}),
    span: spanOf(node),
  }
}

function lowerArg(node: SyntaxNode, ctx: Lowering): Arg {
  return node.type === 'spread_element'
    ? { value: ctx.expression(first(node)), spread: 'list' }
    : { value: ctx.expression(node) }
}

function lowerMember(node: SyntaxNode, ctx: Lowering): Expr {
  const object = ctx.expression(field(node, 'object'))
  const property = field(node, 'property')
  if (!property || property.type === 'MISSING') return unknown('property', node, [object])
  const optional = childOf(node, 'optional_chain') !== undefined
  return {
    kind: 'attribute',
    object,
    name: ctx.textOf(property),
    ...(optional ? { optional } : {}),
    span: spanOf(node),
  }
}

function lowerSubscript(node: SyntaxNode, ctx: Lowering): Expr {
  const object = ctx.expression(field(node, 'object'))
  const index = ctx.expression(field(node, 'index'))
  const optional = childOf(node, 'optional_chain') !== undefined
  return { kind: 'index', object, index, ...(optional ? { optional } : {}), span: spanOf(node) }
}

function lowerObject(node: SyntaxNode, ctx: Lowering): Expr {
  const entries: DictEntry[] = []
  for (const child of named(node)) {
    const key = field(child, 'key') ?? field(child, 'name')
    if (child.type === 'pair' && key) {
      entries.push({ key: propertyKey(key, ctx), value: ctx.expression(field(child, 'value')) })
    } else if (child.type === 'shorthand_property_identifier') {
      entries.push({ key: literal(ctx.textOf(child), child), value: nameExpr(ctx.textOf(child), child) })
    } else if (child.type === 'spread_element') {
      entries.push({ spread: ctx.expression(first(child)) })
    } else if (child.type === 'method_definition' && key) {
      const value: Expr = { kind: 'function', def: lowerMethod(child, ctx, []), span: spanOf(child) }
      const isSetter = hasToken(child, 'set')
      entries.push({ key: propertyKey(key, ctx), value, ...(isSetter ? { isSetter } : {}) })
    }
  }
  return { kind: 'dict', entries, span: spanOf(node) }
}

/** The target, operator and value of an assignment node, for expressions and statements alike. */
export function assignmentParts(node: SyntaxNode, ctx: Lowering): { target: Expr; op?: BinaryOp; value: Expr } {
  const target = ctx.target(field(node, 'left'))
  const value = ctx.expression(field(node, 'right'))
  if (node.type !== 'augmented_assignment_expression') return { target, value }
  const operator = operatorOf(node).slice(0, -1)
  const logical = logicalOps[operator]
  if (!logical) return { target, op: operator as BinaryOp, value }
  return { target, value: { kind: 'logical', op: logical, left: target, right: value, span: spanOf(node) } }
}

/** `x++` as the assignment `x += 1`. */
export function updateParts(node: SyntaxNode, ctx: Lowering): { target: Expr; op: BinaryOp; value: Expr } {
  const op = operatorOf(node) === '--' ? '-' : '+'
  return { target: ctx.target(field(node, 'argument')), op, value: literal(1, node) }
}

/** `x++` as a value is what x was before: the assignment with its step taken back. */
function lowerUpdate(node: SyntaxNode, ctx: Lowering): Expr {
  const parts = updateParts(node, ctx)
  const assignment: Expr = { kind: 'assignment', ...parts, span: spanOf(node) }
  if (!node.children[0]?.named) return assignment
  const back = parts.op === '+' ? '-' : '+'
  return { kind: 'binary', op: back, left: assignment, right: literal(1, node), span: spanOf(node) }
}

/** `(a, b)` evaluates all and yields the last: the last item of a list. */
function sequence(items: readonly Expr[], node: SyntaxNode): Expr {
  const all: Expr = { kind: 'list', items, span: spanOf(node) }
  return { kind: 'index', object: all, index: literal(items.length - 1, node), span: spanOf(node) }
}

function lowerYield(node: SyntaxNode, ctx: Lowering): Expr {
  ctx.sawYield = true
  const value = first(node)
  return {
    kind: 'yield',
    ...(value ? { value: ctx.expression(value) } : {}),
    ...(hasToken(node, '*') ? { from: true } : {}),
    span: spanOf(node),
  }
}

const lowerFunctionExpression: LowerExpr = (node, ctx) => ({
  kind: 'function',
  def: lowerFunction(node, ctx, nameOf(node, ctx)),
  ...(nameOf(node, ctx) ? { isNamed: true } : {}),
  span: spanOf(node),
})

const lowerClassExpression: LowerExpr = (node, ctx) => ({
  kind: 'class',
  def: lowerClass(node, ctx, decoratorsOf(node, ctx)),
  span: spanOf(node),
})

function lowerTernary(node: SyntaxNode, ctx: Lowering): Expr {
  const [test, yes, no] = ['condition', 'consequence', 'alternative'].map(name => ctx.expression(field(node, name)))
  return test && yes && no ? { kind: 'conditional', test, yes, no, span: spanOf(node) } : unknown('conditional', node)
}

/** A cast: the expression that it is applied to, which stands last in `<T>x` and first elsewhere. */
const lowerCast: LowerExpr = (node, ctx) =>
  ctx.expression(node.type === 'type_assertion' ? named(node).at(-1) : first(node))

/** The element with the expressions in it; what it renders is nobody's concern here. */
function lowerJsx(node: SyntaxNode, ctx: Lowering): Expr {
  const children: Expr[] = []
  const walk = (at: SyntaxNode, depth: number): void => {
    for (const child of at.children) {
      if (child.type === 'jsx_expression') children.push(...named(child).map(ctx.expression))
      else if (child.type.startsWith('jsx_') && depth < 50) walk(child, depth + 1)
    }
  }
  walk(node, 0)
  return unknown('jsx', node, children)
}

const textName: LowerExpr = (node, ctx) => nameExpr(ctx.textOf(node), node)
const spread: LowerExpr = (node, ctx) => ({ kind: 'spread', value: ctx.expression(first(node)), span: spanOf(node) })
const parenthesized: LowerExpr = (node, ctx) => withSpan(ctx.expression(first(node)), node)

export const expressions: ReadonlyMap<string, LowerExpr> = new Map<string, LowerExpr>([
  ['identifier', textName],
  ['nested_identifier', lowerMember],
  ['import', node => nameExpr('import', node)],
  ['meta_property', textName],
  ['this', node => ({ kind: 'this', span: spanOf(node) })],
  ['super', node => ({ kind: 'super', span: spanOf(node) })],
  ['null', node => literal(null, node)],
  ['undefined', node => literal(null, node)],
  ['true', node => literal(true, node)],
  ['false', node => literal(false, node)],
  ['number', lowerNumber],
  ['string', lowerString],
  ['template_string', lowerTemplate],
  ['regex', lowerRegex],
  ['array', (node, ctx) => ({ kind: 'list', items: arrayItems(node, ctx.expression), span: spanOf(node) })],
  ['object', lowerObject],
  ['member_expression', lowerMember],
  ['subscript_expression', lowerSubscript],
  ['call_expression', lowerCall],
  ['new_expression', lowerCall],
  ['binary_expression', lowerBinary],
  ['unary_expression', lowerUnary],
  ['update_expression', lowerUpdate],
  ['ternary_expression', lowerTernary],
  ['assignment_expression', (node, ctx) => ({ kind: 'assignment', ...assignmentParts(node, ctx), span: spanOf(node) })],
  [
    'augmented_assignment_expression',
    (node, ctx) => ({ kind: 'assignment', ...assignmentParts(node, ctx), span: spanOf(node) }),
  ],
  ['sequence_expression', (node, ctx) => sequence(named(node).map(ctx.expression), node)],
  ['function_expression', lowerFunctionExpression],
  ['generator_function', lowerFunctionExpression],
  ['arrow_function', lowerFunctionExpression],
  ['class', lowerClassExpression],
  ['yield_expression', lowerYield],
  ['await_expression', parenthesized],
  ['parenthesized_expression', parenthesized],
  ['non_null_expression', parenthesized],
  ['as_expression', lowerCast],
  ['satisfies_expression', lowerCast],
  ['type_assertion', lowerCast],
  ['instantiation_expression', lowerCast],
  ['spread_element', spread],
  ['jsx_element', lowerJsx],
  ['jsx_self_closing_element', lowerJsx],
])
