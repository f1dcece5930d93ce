// JavaScript functions, their parameters, and assignment targets with destructuring.

import type { DictEntry, Expr, FunctionDef, Param, Stmt } from '../ir'
import { assign, functionBody, literal, nameExpr, spanOf, unknown } from '../lowering'
import type { Lowering } from '../lowering'
import { childOf, field, named } from '../syntax'
import type { SyntaxNode } from '../syntax'
import { stringValue } from './strings'

type LowerExpr = (node: SyntaxNode, ctx: Lowering) => Expr

/** Any node with parameters and a body: declaration, expression, arrow or method. */
export function lowerFunction(
  node: SyntaxNode,
  ctx: Lowering,
  name: string,
  decorators: readonly string[] = [],
): FunctionDef {
  const isArrow = node.type === 'arrow_function'
  const single = field(node, 'parameter')
  const list = field(node, 'parameters')
  const params = single ? [{ target: ctx.target(single) }] : lowerParams(list, ctx)
  const bodyNode = field(node, 'body')
  const lowered = functionBody(ctx, () => {
    if (!bodyNode || bodyNode.type === 'statement_block') return ctx.block(bodyNode)
    const value = ctx.expression(bodyNode)
    return [{ kind: 'return', value, span: value.span }]
  })
  const isGenerator = lowered.isGenerator || node.type.startsWith('generator_function')
  return {
    name,
    params,
    body: list ? withParameterProperties(lowered.body, list, ctx) : lowered.body,
    decorators,
    ...(isArrow ? { isArrow } : {}),
    ...(isGenerator ? { isGenerator } : {}),
    span: spanOf(node),
  }
}

/** The name of a declaration or method, or empty. */
export function nameOf(node: SyntaxNode, ctx: Lowering): string {
  const name = field(node, 'name')
  return name ? memberName(name, ctx) : ''
}

/** The text of a property name; a quoted one without its quotes, a computed one with its brackets. */
export function memberName(node: SyntaxNode, ctx: Lowering): string {
  return node.type === 'string' ? stringValue(node, ctx) : ctx.textOf(node)
}

function lowerParams(list: SyntaxNode | undefined, ctx: Lowering): Param[] {
  const params: Param[] = []
  for (const child of list ? named(list) : []) {
    const pattern = child.field === 'pattern' ? child : (field(child, 'pattern') ?? field(child, 'name'))
    // `this` as a parameter only types the receiver.
    if (!pattern || pattern.type === 'this') continue
    const value = field(child, 'value')
    if (pattern.type === 'rest_pattern') params.push({ target: ctx.target(named(pattern)[0]), rest: 'list' })
    else params.push({ target: ctx.target(pattern), ...(value ? { default: ctx.expression(value) } : {}) })
  }
  return params
}

/** `constructor(private w: X)` assigns `this.w = w`, after the call of `super` where there is one. */
function withParameterProperties(body: Stmt[], list: SyntaxNode, ctx: Lowering): Stmt[] {
  const properties = named(list).filter(
    param =>
      childOf(param, 'accessibility_modifier') ?? childOf(param, 'readonly') ?? childOf(param, 'override_modifier'),
  )
  if (properties.length === 0) return body
  const assigns = properties.flatMap(param => {
    const pattern = field(param, 'pattern')
    if (pattern?.type !== 'identifier') return []
    const name = ctx.textOf(pattern)
    const self: Expr = { kind: 'this', span: spanOf(pattern) }
    const target: Expr = { kind: 'attribute', object: self, name, span: spanOf(pattern) }
    return [assign(target, nameExpr(name, pattern), param)]
  })
  const superAt = body.findIndex(
    statement =>
      statement.kind === 'expression' && statement.value.kind === 'call' && statement.value.callee.kind === 'super',
  )
  return [...body.slice(0, superAt + 1), ...assigns, ...body.slice(superAt + 1)]
}

/** Items of an array or array pattern: a hole between two commas is `unknown`. */
export function arrayItems(node: SyntaxNode, lower: (child: SyntaxNode) => Expr): Expr[] {
  const items: Expr[] = []
  let filled = false
  for (const child of node.children) {
    if (child.type === ',') {
      if (!filled) items.push(unknown('hole', node))
      filled = false
    } else if (child.named && child.type !== 'ERROR') {
      items.push(lower(child))
      filled = true
    }
  }
  return items
}

/** Key of a pair: a string literal, or the expression of a computed key. */
export function propertyKey(node: SyntaxNode, ctx: Lowering): Expr {
  if (node.type === 'computed_property_name') return ctx.expression(named(node)[0])
  if (node.type === 'number') return literal(String(Number(ctx.textOf(node).replace(/_/g, ''))), node)
  return literal(memberName(node, ctx), node)
}

const withDefault: LowerExpr = (node, ctx) => ({
  kind: 'default',
  target: ctx.target(field(node, 'left')),
  value: ctx.expression(field(node, 'right')),
  span: spanOf(node),
})

const rest: LowerExpr = (node, ctx) => ({ kind: 'spread', value: ctx.target(named(node)[0]), span: spanOf(node) })

const objectTarget: LowerExpr = (node, ctx) => ({
  kind: 'dict',
  entries: named(node).map(child => targetEntry(child, ctx)),
  span: spanOf(node),
})

function targetEntry(node: SyntaxNode, ctx: Lowering): DictEntry {
  switch (node.type) {
    case 'pair_pattern':
    case 'pair': {
      const key = field(node, 'key')
      return { key: key ? propertyKey(key, ctx) : unknown('key', node), value: ctx.target(field(node, 'value')) }
    }
    case 'object_assignment_pattern': {
      const left = field(node, 'left')
      return { key: literal(left ? ctx.textOf(left) : '', left ?? node), value: ctx.target(node) }
    }
    case 'rest_pattern':
    case 'spread_element':
      return { spread: ctx.target(named(node)[0]) }
    default:
      return { key: literal(ctx.textOf(node), node), value: nameExpr(ctx.textOf(node), node) }
  }
}

const arrayTarget: LowerExpr = (node, ctx) => ({
  kind: 'list',
  items: arrayItems(node, ctx.target),
  span: spanOf(node),
})

const name: LowerExpr = (node, ctx) => nameExpr(ctx.textOf(node), node)

const inner: LowerExpr = (node, ctx) => ctx.target(named(node)[0])

export const targets: ReadonlyMap<string, LowerExpr> = new Map<string, LowerExpr>([
  ['object_pattern', objectTarget],
  ['object', objectTarget],
  ['array_pattern', arrayTarget],
  ['array', arrayTarget],
  ['assignment_pattern', withDefault],
  ['object_assignment_pattern', withDefault],
  ['rest_pattern', rest],
  ['spread_element', rest],
  ['shorthand_property_identifier_pattern', name],
  ['undefined', name],
  ['parenthesized_expression', inner],
  ['non_null_expression', inner],
  ['as_expression', inner],
])
