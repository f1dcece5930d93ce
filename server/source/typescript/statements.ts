// JavaScript and TypeScript statements, one small function per node type of tree-sitter-typescript.

import type { Handler, Stmt } from '../ir'
import { assign, literal, spanOf } from '../lowering'
import type { Lowering } from '../lowering'
import { field, hasToken, named, operatorOf } from '../syntax'
import type { SyntaxNode } from '../syntax'
import { decoratorsOf, lowerClass } from './classes'
import { assignmentParts, updateParts } from './expressions'
import { lowerFunction, nameOf } from './functions'
import { lowerEnum, lowerExport, lowerImport, lowerNamespace } from './modules'
import { lowerSwitch } from './switch'

type LowerStmt = (node: SyntaxNode, ctx: Lowering) => readonly Stmt[]

/** An expression where its value is not used. */
function lowerEffect(node: SyntaxNode | undefined, ctx: Lowering): Stmt[] {
  if (!node) return []
  switch (node.type) {
    case 'assignment_expression':
    case 'augmented_assignment_expression':
      return [{ kind: 'assign', ...assignmentParts(node, ctx), span: spanOf(node) }]
    case 'update_expression':
      return [{ kind: 'assign', ...updateParts(node, ctx), span: spanOf(node) }]
    case 'sequence_expression':
      return named(node).flatMap(child => lowerEffect(child, ctx))
    case 'parenthesized_expression':
      return lowerEffect(named(node)[0], ctx)
    case 'internal_module':
    case 'module':
      return lowerNamespace(node, ctx)
    case 'unary_expression':
      if (operatorOf(node) === 'delete') {
        return [{ kind: 'delete', targets: [ctx.expression(field(node, 'argument'))], span: spanOf(node) }]
      }
      if (operatorOf(node) === 'void') return lowerEffect(field(node, 'argument'), ctx)
      break
    default:
  }
  const value = ctx.expression(node)
  return [{ kind: 'expression', value, span: value.span }]
}

/** `const`, `let` and `var`; a declaration without a value assigns null, as reading it gives undefined. */
function lowerDeclaration(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const declares = node.type === 'variable_declaration' ? 'var' : 'let'
  return node.children
    .filter(child => child.type === 'variable_declarator')
    .map(child => {
      const value = field(child, 'value')
      const target = ctx.target(field(child, 'name'))
      const given = value ? ctx.expression(value) : literal(null, child)
      return { kind: 'assign', target, value: given, declares, span: spanOf(child) }
    })
}

/** `else if` nests in the syntax as well, so that the caps on nesting hold for it. */
function lowerIf(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const alternative = field(node, 'alternative')
  return [
    {
      kind: 'if',
      test: ctx.expression(field(node, 'condition')),
      yes: ctx.block(field(node, 'consequence')),
      no: alternative ? ctx.block(named(alternative)[0]) : [],
      span: spanOf(node),
    },
  ]
}

function lowerForIn(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const target = ctx.target(field(node, 'left'))
  const iterable = ctx.expression(field(node, 'right'))
  const over = hasToken(node, 'in') ? 'keys' : 'values'
  const body = ctx.block(field(node, 'body'))
  const declares = hasToken(node, 'var') ? 'var' : hasToken(node, 'const') || hasToken(node, 'let') ? 'let' : undefined
  return [
    {
      kind: 'for',
      target,
      iterable,
      over,
      body,
      orElse: [],
      ...(declares ? { declares } : {}),
      span: spanOf(node),
    },
  ]
}

function lowerFor(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const initializer = field(node, 'initializer')
  const condition = node.children.find(
    child => child.named && child.field === 'condition' && child.type !== 'empty_statement',
  )
  const isDeclaration = initializer?.type.endsWith('_declaration') || initializer?.type === 'empty_statement'
  return [
    {
      kind: 'while',
      init: isDeclaration ? ctx.block(initializer) : lowerEffect(initializer, ctx),
      test: condition ? ctx.expression(condition) : literal(true, node),
      update: lowerEffect(field(node, 'increment'), ctx),
      body: ctx.block(field(node, 'body')),
      span: spanOf(node),
    },
  ]
}

function lowerWhile(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const test = ctx.expression(field(node, 'condition'))
  const body = ctx.block(field(node, 'body'))
  const last = node.type === 'do_statement' ? { testLast: true } : {}
  return [{ kind: 'while', init: [], test, update: [], body, ...last, span: spanOf(node) }]
}

function lowerTry(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const handler = field(node, 'handler')
  const finalizer = field(node, 'finalizer')
  const parameter = handler && field(handler, 'parameter')
  const handlers: Handler[] = handler
    ? [
        {
          types: [],
          ...(parameter?.type === 'identifier' ? { name: ctx.textOf(parameter) } : {}),
          body: ctx.block(field(handler, 'body')),
        },
      ]
    : []
  return [
    {
      kind: 'try',
      body: ctx.block(field(node, 'body')),
      handlers,
      orElse: [],
      finally: finalizer ? ctx.block(field(finalizer, 'body')) : [],
      span: spanOf(node),
    },
  ]
}

const lowerFunctionDeclaration: LowerStmt = (node, ctx) => [
  { kind: 'function', def: lowerFunction(node, ctx, nameOf(node, ctx)), span: spanOf(node) },
]

const lowerClassDeclaration: LowerStmt = (node, ctx) => [
  { kind: 'class', def: lowerClass(node, ctx, decoratorsOf(node, ctx)), span: spanOf(node) },
]

const lowerReturn: LowerStmt = (node, ctx) => {
  const value = named(node)[0]
  return [{ kind: 'return', ...(value ? { value: ctx.expression(value) } : {}), span: spanOf(node) }]
}

const lowerThrow: LowerStmt = (node, ctx) => {
  const value = named(node)[0]
  return [{ kind: 'raise', ...(value ? { value: ctx.expression(value) } : {}), span: spanOf(node) }]
}

/** `import q = a.b`. */
const lowerImportAlias: LowerStmt = (node, ctx) => {
  const [name, value] = named(node)
  return name && value && !hasToken(node, 'type') ? [assign(ctx.target(name), ctx.expression(value), node)] : []
}

const lowerBlock: LowerStmt = (node, ctx) => [{ kind: 'block', body: ctx.block(node), span: spanOf(node) }]

/** `break` and `continue`, which the tree keeps whole, label and all. */
const jump =
  (kind: 'break' | 'continue'): LowerStmt =>
  (node, ctx) => {
    const label = /\s([\w$]+)/.exec(ctx.textOf(node))?.[1]
    return [{ kind, ...(label === undefined ? {} : { label }), span: spanOf(node) }]
  }

/** `outer: for (…)`; a label of anything but a loop is one of a block. */
const lowerLabeled: LowerStmt = (node, ctx) => {
  const body = ctx.block(field(node, 'body'))
  const name = field(node, 'label')
  const label = name ? ctx.textOf(name) : ''
  const [only] = body
  if (body.length === 1 && (only?.kind === 'for' || only?.kind === 'while')) return [{ ...only, label }]
  return [{ kind: 'block', body, label, span: spanOf(node) }]
}

const nothing: LowerStmt = () => []

export const statements: ReadonlyMap<string, LowerStmt> = new Map<string, LowerStmt>([
  ['expression_statement', (node: SyntaxNode, ctx: Lowering) => lowerEffect(named(node)[0], ctx)],
  ['lexical_declaration', lowerDeclaration],
  ['variable_declaration', lowerDeclaration],
  ['statement_block', lowerBlock],
  ['if_statement', lowerIf],
  ['for_in_statement', lowerForIn],
  ['for_statement', lowerFor],
  ['while_statement', lowerWhile],
  ['do_statement', lowerWhile],
  ['switch_statement', lowerSwitch],
  ['try_statement', lowerTry],
  ['labeled_statement', lowerLabeled],
  ['function_declaration', lowerFunctionDeclaration],
  ['generator_function_declaration', lowerFunctionDeclaration],
  ['class_declaration', lowerClassDeclaration],
  ['abstract_class_declaration', lowerClassDeclaration],
  ['import_statement', lowerImport],
  ['export_statement', lowerExport],
  ['import_alias', lowerImportAlias],
  ['enum_declaration', lowerEnum],
  ['internal_module', lowerNamespace],
  ['module', lowerNamespace],
  ['return_statement', lowerReturn],
  ['throw_statement', lowerThrow],
  ['break_statement', jump('break')],
  ['continue_statement', jump('continue')],
  ['empty_statement', nothing],
  ['debugger_statement', nothing],
  ['ambient_declaration', nothing],
  ['function_signature', nothing],
  ['interface_declaration', nothing],
  ['type_alias_declaration', nothing],
])
