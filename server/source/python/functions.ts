// Python functions, lambdas and classes.
// A class keeps its attributes in order, because a dataclass takes its arguments in that order.

import type { Arg, Attribute, ClassDef, Expr, FunctionDef, Param, Stmt } from '../ir'
import { assign, boundNames, classBody, functionBody, nameExpr, spanOf, unknown } from '../lowering'
import type { Lowering } from '../lowering'
import { childOf, field, named } from '../syntax'
import type { SyntaxNode } from '../syntax'

/** `def` and `async def`; decorators by their text without the `@`. */
export function lowerFunction(node: SyntaxNode, ctx: Lowering, decorators: readonly string[]): FunctionDef {
  const name = field(node, 'name')
  const params = lowerParams(field(node, 'parameters'), ctx)
  const [first, ...others] = params
  const type = first && decorators.some(d => /\.register$/.test(d)) ? firstType(node) : undefined
  if (first && type) params.splice(0, params.length, { ...first, annotation: namedType(type, ctx) }, ...others)
  const body = functionBody(ctx, () => ctx.block(field(node, 'body')))
  return { name: name ? ctx.textOf(name) : '', params, ...body, decorators, span: spanOf(node) }
}

/** What is written behind the first parameter's colon. */
function firstType(node: SyntaxNode): SyntaxNode | undefined {
  const parameters = field(node, 'parameters')
  const [first] = parameters ? named(parameters) : []
  return first && childOf(first, 'type')
}

/** The class that a type names, without what stands in its brackets; any other type is not followed. */
function namedType(type: SyntaxNode, ctx: Lowering): Expr {
  const name = /^(\w+(?:\.\w+)*)(?:\[.*\])?$/s.exec(ctx.textOf(type))?.[1]
  const [first, ...rest] = name?.split('.') ?? []
  if (first === undefined) return unknown('annotation', type)
  return rest.reduce<Expr>(
    (object, part) => ({ kind: 'attribute', object, name: part, span: spanOf(type) }),
    nameExpr(first, type),
  )
}

export function lowerLambda(node: SyntaxNode, ctx: Lowering): Expr {
  const params = lowerParams(field(node, 'parameters'), ctx)
  const body = functionBody(ctx, () => {
    const value = ctx.expression(field(node, 'body'))
    return [{ kind: 'return', value, span: value.span }]
  })
  return {
    kind: 'function',
    def: { name: '', params, ...body, decorators: [], span: spanOf(node) },
    span: spanOf(node),
  }
}

function lowerParams(node: SyntaxNode | undefined, ctx: Lowering): Param[] {
  const params: Param[] = []
  let keywordOnly = false
  for (const child of node ? named(node) : []) {
    if (child.type === 'keyword_separator') keywordOnly = true
    const param = lowerParam(child, ctx)
    if (!param) continue
    params.push(keywordOnly && !param.rest ? { ...param, keywordOnly } : param)
    if (param.rest === 'list') keywordOnly = true
  }
  return params
}

function lowerParam(node: SyntaxNode, ctx: Lowering): Param | undefined {
  switch (node.type) {
    case 'default_parameter':
    case 'typed_default_parameter':
      return { target: ctx.target(field(node, 'name')), default: ctx.expression(field(node, 'value')) }
    case 'typed_parameter': {
      const inner = named(node)[0]
      return inner && lowerParam(inner, ctx)
    }
    case 'list_splat_pattern':
      return { target: ctx.target(named(node)[0]), rest: 'list' }
    case 'dictionary_splat_pattern':
      return { target: ctx.target(named(node)[0]), rest: 'dict' }
    case 'identifier':
    case 'tuple_pattern':
      return { target: ctx.target(node) }
    default:
      return undefined
  }
}

/** The decorators of a `decorated_definition`, by their text without the `@`. */
export function decoratorsOf(node: SyntaxNode, ctx: Lowering): string[] {
  return node.children.filter(child => child.type === 'decorator').map(child => ctx.textOf(child).slice(1).trim())
}

export function lowerClass(node: SyntaxNode, ctx: Lowering, decorators: readonly string[]): ClassDef {
  const name = field(node, 'name')
  const superclasses = field(node, 'superclasses')
  const listed = superclasses ? named(superclasses) : []
  const bases = listed.filter(base => base.type !== 'keyword_argument')
  const keywords = listed.flatMap((base): Arg[] => {
    const keyword = base.type === 'keyword_argument' ? field(base, 'name') : undefined
    return keyword ? [{ name: ctx.textOf(keyword), value: ctx.expression(field(base, 'value')) }] : []
  })
  const methods: FunctionDef[] = []
  const attributes: Attribute[] = []
  const body = classBody(ctx, () => ctx.block(field(node, 'body')))
  collectMembers(body, methods, attributes)
  return {
    name: name ? ctx.textOf(name) : '',
    bases: bases.map(base => ctx.expression(base)),
    ...(keywords.length > 0 ? { keywords } : {}),
    methods,
    attributes,
    fields: [],
    decorators,
    span: spanOf(node),
  }
}

/** Sorts a class body into methods and attributes. What stands under an `if` or `try` counts as if it always ran. */
function collectMembers(body: readonly Stmt[], methods: FunctionDef[], attributes: Attribute[]): void {
  for (const statement of body) {
    switch (statement.kind) {
      case 'function':
        methods.push(statement.def)
        break
      case 'class':
        attributes.push({
          name: statement.def.name,
          value: { kind: 'class', def: statement.def, span: statement.span },
        })
        break
      case 'assign':
        if (!statement.op) attributes.push(...attributesOf(statement))
        break
      case 'if':
        collectMembers(statement.yes, methods, attributes)
        collectMembers(statement.no, methods, attributes)
        break
      case 'try':
        collectMembers(statement.body, methods, attributes)
        collectMembers(statement.orElse, methods, attributes)
        break
      case 'with':
      case 'block':
        collectMembers(statement.body, methods, attributes)
        break
      default:
    }
  }
}

function attributesOf({
  target,
  value,
  annotation,
}: Pick<Stmt & { kind: 'assign' }, 'target' | 'value' | 'annotation'>): Attribute[] {
  if (target.kind === 'name') return [{ name: target.name, value, ...(annotation === undefined ? {} : { annotation }) }]
  if (target.kind === 'tuple' && value.kind === 'tuple' && target.items.length === value.items.length) {
    return target.items.flatMap((item, index) => {
      const one = value.items[index]
      return one ? attributesOf({ target: item, value: one }) : []
    })
  }
  return boundNames(target).map(name => ({ name, value: unknown('unpacking', value.span, [value]) }))
}

/** An annotated attribute without a value: kept, as `unknown`, only in a class body, where a dataclass needs its order. */
export function lowerBareAnnotation(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const target = field(node, 'left')
  const type = childOf(node, 'type')
  if (!ctx.inClass || target?.type !== 'identifier' || !type) return []
  return [{ ...assign(ctx.target(target), unknown('annotation', node), node), annotation: ctx.textOf(type) }]
}
