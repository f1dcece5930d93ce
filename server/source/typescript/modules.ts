// Imports, exports, enums and namespaces of JavaScript and TypeScript. What only concerns types is dropped.
// Names between asterisks cannot be written in a program: they stand for default exports and for re-exported names.

import type { DictEntry, Expr, FunctionDef, Stmt } from '../ir'
import { assign, boundNames, callOf, literal, nameExpr, spanOf, unknown } from '../lowering'
import type { Lowering } from '../lowering'
import { childOf, field, hasToken, named } from '../syntax'
import type { SyntaxNode } from '../syntax'
import { memberName } from './functions'
import { stringValue } from './strings'

/** The local name that `export default` assigns. */
export const defaultName = '*default*'

type Binding = { readonly imported: string | null; readonly local: string }

export function lowerImport(node: SyntaxNode, ctx: Lowering): Stmt[] {
  if (hasToken(node, 'type') || hasToken(node, 'typeof')) return []
  const required = childOf(node, 'import_require_clause')
  if (required) {
    const [name] = named(required)
    const source = field(required, 'source')
    if (!name || !source) return []
    return [assign(ctx.target(name), callOf('require', [ctx.expression(source)], required), node)]
  }
  const source = field(node, 'source')
  if (!source) return []
  const bindings: Binding[] = []
  const clause = childOf(node, 'import_clause')
  for (const child of clause ? named(clause) : []) {
    if (child.type === 'identifier') bindings.push({ imported: 'default', local: ctx.textOf(child) })
    else if (child.type === 'namespace_import') {
      const name = named(child)[0]
      if (name) bindings.push({ imported: null, local: ctx.textOf(name) })
    } else if (child.type === 'named_imports') {
      for (const { name, alias } of specifiers(child, ctx)) bindings.push({ imported: name, local: alias })
    }
  }
  return [{ kind: 'import', module: stringValue(source, ctx), level: 0, bindings, span: spanOf(node) }]
}

/** `a as b` in braces; those that only import a type are left out. */
function specifiers(node: SyntaxNode, ctx: Lowering): { name: string; alias: string }[] {
  return named(node).flatMap(child => {
    const nameNode = field(child, 'name')
    if (!nameNode || hasToken(child, 'type')) return []
    const name = memberName(nameNode, ctx)
    const alias = field(child, 'alias')
    return [{ name, alias: alias ? memberName(alias, ctx) : name }]
  })
}

/** `export` in all its forms; the declaration that it may carry is lowered by `ctx.block`. */
export function lowerExport(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const source = field(node, 'source')
  const clause = childOf(node, 'export_clause')
  const span = spanOf(node)
  if (hasToken(node, 'type')) return []
  if (source) return reExport(node, stringValue(source, ctx), clause, ctx)
  if (clause) {
    const names = specifiers(clause, ctx).map(({ name, alias }) => ({ local: name, exported: alias }))
    return [{ kind: 'export', names, span }]
  }
  const declaration = field(node, 'declaration')
  const value = field(node, 'value')
  const isDefault = hasToken(node, 'default')
  if (declaration) {
    const body = ctx.block(declaration)
    const names = declaredNames(body)
    const [name] = names
    if (!isDefault || !name) return names.length > 0 ? [...body, exportOf(names, node)] : body
    return [...body, assign(nameExpr(defaultName, declaration), nameExpr(name, declaration), node), exportDefault(node)]
  }
  if (value) return [assign(nameExpr(defaultName, value), ctx.expression(value), node), exportDefault(node)]
  const [whole] = named(node)
  if (!whole || !hasToken(node, '=')) return []
  const target: Expr = { kind: 'attribute', object: nameExpr('module', node), name: 'exports', span }
  return [assign(target, ctx.expression(whole), node)]
}

function exportDefault(node: SyntaxNode): Stmt {
  return { kind: 'export', names: [{ local: defaultName, exported: 'default' }], span: spanOf(node) }
}

function exportOf(names: readonly string[], node: SyntaxNode): Stmt {
  return { kind: 'export', names: names.map(name => ({ local: name, exported: name })), span: spanOf(node) }
}

/** Imports under hidden local names and exports those. `export * from` is exported `*`. */
function reExport(node: SyntaxNode, module: string, clause: SyntaxNode | undefined, ctx: Lowering): Stmt[] {
  const span = spanOf(node)
  const namespace = childOf(node, 'namespace_export')
  const bindings: Binding[] = []
  const names: { local: string; exported: string }[] = []
  if (clause) {
    for (const { name, alias } of specifiers(clause, ctx)) {
      const local = `*${module}#${name}*`
      bindings.push({ imported: name, local })
      names.push({ local, exported: alias })
    }
  } else if (namespace) {
    const nameNode = named(namespace)[0]
    const local = `*${module}*`
    bindings.push({ imported: null, local })
    if (nameNode) names.push({ local, exported: memberName(nameNode, ctx) })
  } else {
    bindings.push({ imported: '*', local: '*' })
    names.push({ local: '*', exported: '*' })
  }
  return [
    { kind: 'import', module, level: 0, bindings, span },
    { kind: 'export', names, span },
  ]
}

/** Names that a list of declarations binds, in order and once each. */
function declaredNames(body: readonly Stmt[]): string[] {
  const names = body.flatMap(statement => {
    if (statement.kind === 'assign') return boundNames(statement.target)
    if (statement.kind === 'function' || statement.kind === 'class') return [statement.def.name]
    return []
  })
  return [...new Set(names)]
}

/**
 * An enum is a dict; a member without a value counts on from the one before. Numbers lead back to the names of their
 * members, and stand first, as all such keys do.
 */
export function lowerEnum(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const name = field(node, 'name')
  const body = field(node, 'body')
  if (!name || !body) return []
  const entries: DictEntry[] = []
  const back: DictEntry[] = []
  let next: number | undefined = 0
  for (const child of named(body)) {
    const nameNode = child.type === 'enum_assignment' ? field(child, 'name') : child
    const valueNode = field(child, 'value')
    if (!nameNode) continue
    const value: Expr = valueNode
      ? ctx.expression(valueNode)
      : next === undefined
        ? unknown('enum member', child)
        : literal(next, child)
    const member = literal(memberName(nameNode, ctx), nameNode)
    next = value.kind === 'literal' && typeof value.value === 'number' ? value.value + 1 : undefined
    entries.push({ key: member, value })
    if (next !== undefined) back.push({ key: literal(String(next - 1), nameNode), value: member })
    else if (value.kind !== 'literal' && value.kind !== 'template') back.push({ spread: unknown('enum member', child) })
  }
  return [declare(ctx.target(name), { kind: 'dict', entries: [...back, ...entries], span: spanOf(body) }, node)]
}

const declare = (target: Expr, value: Expr, at: SyntaxNode): Stmt => ({
  kind: 'assign',
  target,
  value,
  declares: 'let',
  span: spanOf(at),
})

/** A namespace is a function that runs where it stands and gives its exported names as a dict of the namespace's own name. */
export function lowerNamespace(node: SyntaxNode, ctx: Lowering): Stmt[] {
  const name = field(node, 'name')
  const body = field(node, 'body')
  if (!name || !body) return []
  const exported: string[] = []
  const inner = ctx.block(body).filter(statement => {
    if (statement.kind !== 'export') return true
    exported.push(...statement.names.map(({ local }) => local))
    return false
  })
  const span = spanOf(node)
  if (name.type !== 'identifier') return [{ kind: 'block', body: inner, span }]
  const entries = exported.map(local => ({ key: literal(local, name), value: nameExpr(local, name) }))
  const made: Expr = { kind: 'dict', entries, span: spanOf(name) }
  const def: FunctionDef = {
    name: '',
    params: [],
    body: [...inner, { kind: 'return', value: made, span: spanOf(name) }],
    decorators: [],
    isArrow: true,
    span,
  }
  const value: Expr = { kind: 'call', callee: { kind: 'function', def, span }, args: [], span }
  return [declare(ctx.target(name), value, node)]
}
