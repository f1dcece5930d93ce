// Python statements, one small function per node type of tree-sitter-python.

import type { BinaryOp, Expr, Handler, Stmt } from '../ir'
import { assign, callOf, maxBranches, spanOf } from '../lowering'
import type { Lowering } from '../lowering'
import { childOf, field, fields, named, operatorOf } from '../syntax'
import type { SyntaxNode } from '../syntax'
import { decoratorsOf, lowerBareAnnotation, lowerClass, lowerFunction } from './functions'
import { lowerMatch } from './match'

type LowerStmt = (node: SyntaxNode, ctx: Lowering) => readonly Stmt[]

/** An expression statement holds assignments, too, and several expressions where commas make a tuple. */
function lowerExpressionStatement(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const children = named(node)
  const [only] = children
  if (!only) return []
  if (only.type === 'assignment') return lowerAssignment(only, ctx)
  if (only.type === 'augmented_assignment') return lowerAugmented(only, ctx)
  if (only.type === 'ellipsis') return [{ kind: 'pass', span: spanOf(node) }]
  return children.map(child => {
    const value = ctx.expression(child)
    return { kind: 'expression', value, span: value.span }
  })
}

/** `a = b = v` assigns the innermost target first; the outer ones then read it where it can be read as it stands. */
function lowerAssignment(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const targets: SyntaxNode[] = []
  let value: SyntaxNode | undefined = node
  while (value?.type === 'assignment') {
    const left = field(value, 'left')
    if (left) targets.push(left)
    const right = field(value, 'right')
    if (!right) return targets.length === 1 ? lowerBareAnnotation(value, ctx) : []
    value = right
  }
  const statements: Stmt[] = []
  let source = ctx.expression(value)
  for (const target of targets.reverse()) {
    const lowered = ctx.target(target)
    const type = ctx.inClass ? childOf(node, 'type') : undefined
    statements.push({ ...assign(lowered, source, node), ...(type ? { annotation: ctx.textOf(type) } : {}) })
    const readable = lowered.kind === 'name' || (lowered.kind === 'attribute' && lowered.object.kind === 'name')
    if (readable) source = lowered
  }
  return statements
}

function lowerAugmented(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const op = operatorOf(node).slice(0, -1) as BinaryOp
  const target = ctx.target(field(node, 'left'))
  return [{ kind: 'assign', target, op, value: ctx.expression(field(node, 'right')), span: spanOf(node) }]
}

function lowerIf(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const clauses = fields(node, 'alternative')
  const elseClause = clauses.find(clause => clause.type === 'else_clause')
  let no = elseClause ? ctx.block(field(elseClause, 'body')) : []
  const elifs = clauses.filter(clause => clause.type === 'elif_clause')
  if (elifs.length > maxBranches) {
    no = [{ kind: 'unknown', what: 'too many branches', children: [], span: spanOf(node) }]
  }
  const branch = (at: SyntaxNode): Stmt => ({
    kind: 'if',
    test: ctx.expression(field(at, 'condition')),
    yes: ctx.block(field(at, 'consequence')),
    no,
    span: spanOf(at),
  })
  for (const clause of elifs.slice(0, maxBranches).reverse()) no = [branch(clause)]
  return [branch(node)]
}

function elseOf(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const clause = childOf(node, 'else_clause')
  return clause ? ctx.block(field(clause, 'body')) : []
}

function lowerFor(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const target = ctx.target(field(node, 'left'))
  const iterable = ctx.expression(field(node, 'right'))
  const body = ctx.block(field(node, 'body'))
  return [{ kind: 'for', target, iterable, over: 'values', body, orElse: elseOf(node, ctx), span: spanOf(node) }]
}

function lowerWhile(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const test = ctx.expression(field(node, 'condition'))
  const body = ctx.block(field(node, 'body'))
  const orElse = elseOf(node, ctx)
  const otherwise = orElse.length > 0 ? { orElse } : {}
  return [{ kind: 'while', init: [], test, update: [], body, ...otherwise, span: spanOf(node) }]
}

function lowerTry(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const finalClause = childOf(node, 'finally_clause')
  const handlers = node.children.filter(child => child.type.startsWith('except')).map(child => lowerHandler(child, ctx))
  return [
    {
      kind: 'try',
      body: ctx.block(field(node, 'body')),
      handlers: handlers.filter(handler => handler !== undefined),
      orElse: elseOf(node, ctx),
      finally: finalClause ? ctx.block(childOf(finalClause, 'block')) : [],
      span: spanOf(node),
    },
  ]
}

function lowerHandler(node: SyntaxNode, ctx: Lowering): Handler | undefined {
  if (!node.named) return undefined
  let value = field(node, 'value')
  let name: string | undefined
  if (value?.type === 'as_pattern') {
    const alias = field(value, 'alias')
    if (alias) name = ctx.textOf(alias)
    value = named(value)[0]
  }
  const types = !value ? [] : value.type === 'tuple' ? named(value).map(ctx.textOf) : [ctx.textOf(value)]
  return { types, ...(name ? { name } : {}), body: ctx.block(childOf(node, 'block')) }
}

function lowerWith(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const clause = childOf(node, 'with_clause')
  const items = (clause ? named(clause) : [])
    .filter(child => child.type === 'with_item')
    .map(item => {
      const written = field(item, 'value')
      // `with (f() as a):` is read as one item in parentheses.
      const inside = written?.type === 'parenthesized_expression' ? named(written)[0] : undefined
      const value = inside?.type === 'as_pattern' ? inside : written
      const alias = value?.type === 'as_pattern' ? field(value, 'alias') : undefined
      const inner = value?.type === 'as_pattern' ? named(value)[0] : value
      return { value: ctx.expression(inner), ...(alias ? { target: ctx.target(alias) } : {}) }
    })
  return [{ kind: 'with', items, body: ctx.block(field(node, 'body')), span: spanOf(node) }]
}

/** `import a.b` binds `a`; `import a.b as c` binds the module `a.b`. */
function lowerImport(node: SyntaxNode, ctx: Lowering): Stmt[] {
  return fields(node, 'name').map(name => {
    const alias = field(name, 'alias')
    const dotted = ctx.textOf(field(name, 'name') ?? name).replace(/\s/g, '')
    const head = dotted.split('.')[0] ?? dotted
    const module = alias ? dotted : head
    const local = alias ? ctx.textOf(alias) : head
    return { kind: 'import', module, level: 0, bindings: [{ imported: null, local }], span: spanOf(node) }
  })
}

function lowerImportFrom(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const from = field(node, 'module_name')
  if (!from) return []
  const written = ctx.textOf(from).replace(/\s/g, '')
  const module = written.replace(/^\.+/, '')
  const bindings = fields(node, 'name').map(name => {
    const imported = ctx.textOf(field(name, 'name') ?? name)
    const alias = field(name, 'alias')
    return { imported, local: alias ? ctx.textOf(alias) : imported }
  })
  if (childOf(node, 'wildcard_import')) bindings.push({ imported: '*', local: '*' })
  return [{ kind: 'import', module, level: written.length - module.length, bindings, span: spanOf(node) }]
}

function lowerDecorated(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const definition = field(node, 'definition')
  if (!definition) return []
  const wrappers = node.children
    .filter(child => child.type === 'decorator')
    .flatMap(child =>
      named(child)
        .slice(0, 1)
        .map(inner => ctx.expression(inner)),
    )
  return lowerDefinition(definition, ctx, decoratorsOf(node, ctx)).map(statement =>
    statement.kind === 'function' || statement.kind === 'class' ? { ...statement, wrappers } : statement,
  )
}

function lowerDefinition(node: SyntaxNode, ctx: Lowering, decorators: readonly string[]): Stmt[] {
  if (node.type === 'function_definition') {
    return [{ kind: 'function', def: lowerFunction(node, ctx, decorators), span: spanOf(node) }]
  }
  if (node.type === 'class_definition') {
    return [{ kind: 'class', def: lowerClass(node, ctx, decorators), span: spanOf(node) }]
  }
  return ctx.block(node)
}

function lowerReturn(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const value = named(node)[0]
  return [{ kind: 'return', ...(value ? { value: ctx.expression(value) } : {}), span: spanOf(node) }]
}

function lowerRaise(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const value = named(node).find(child => child.field !== 'cause')
  return [{ kind: 'raise', ...(value ? { value: ctx.expression(value) } : {}), span: spanOf(node) }]
}

function lowerDelete(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const flatten = (child: SyntaxNode): Expr[] =>
    child.type === 'expression_list' || child.type === 'tuple' ? named(child).flatMap(flatten) : [ctx.expression(child)]
  return [{ kind: 'delete', targets: named(node).flatMap(flatten), span: spanOf(node) }]
}

function lowerAssert(node: SyntaxNode, ctx: Lowering): Stmt[] {
  return [{ kind: 'assert', test: ctx.expression(named(node)[0]), span: spanOf(node) }]
}

function lowerPrint(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const value = callOf('print', fields(node, 'argument').map(ctx.expression), node)
  return [{ kind: 'expression', value, span: value.span }]
}

const lowerGlobal: LowerStmt = (node, ctx) => [
  { kind: 'global', names: named(node).map(ctx.textOf), span: spanOf(node) },
]

const simple =
  (kind: 'break' | 'continue' | 'pass'): LowerStmt =>
  node => [{ kind, span: spanOf(node) }]

const nothing: LowerStmt = () => []

export const statements: ReadonlyMap<string, LowerStmt> = new Map<string, LowerStmt>([
  ['expression_statement', lowerExpressionStatement],
  ['assignment', lowerAssignment],
  ['augmented_assignment', lowerAugmented],
  ['if_statement', lowerIf],
  ['for_statement', lowerFor],
  ['while_statement', lowerWhile],
  ['try_statement', lowerTry],
  ['with_statement', lowerWith],
  ['match_statement', lowerMatch],
  ['function_definition', (node, ctx) => lowerDefinition(node, ctx, [])],
  ['class_definition', (node, ctx) => lowerDefinition(node, ctx, [])],
  ['decorated_definition', lowerDecorated],
  ['import_statement', lowerImport],
  ['import_from_statement', lowerImportFrom],
  ['future_import_statement', nothing],
  ['return_statement', lowerReturn],
  ['raise_statement', lowerRaise],
  ['delete_statement', lowerDelete],
  ['assert_statement', lowerAssert],
  ['print_statement', lowerPrint],
  ['global_statement', lowerGlobal],
  ['nonlocal_statement', lowerGlobal],
  ['break_statement', simple('break')],
  ['continue_statement', simple('continue')],
  ['pass_statement', simple('pass')],
  ['type_alias_statement', nothing],
])
