// JavaScript classes: methods, static and instance fields, accessors and private names.
// `constructor` is called `__init__`, as in Python, so that whoever builds an instance need not ask for the language.

import type { ClassDef, Expr, FunctionDef } from '../ir'
import { classBody, spanOf } from '../lowering'
import type { Lowering } from '../lowering'
import { childOf, field, hasToken, named } from '../syntax'
import type { SyntaxNode } from '../syntax'
import { lowerFunction, memberName, nameOf } from './functions'

export function lowerClass(node: SyntaxNode, ctx: Lowering, decorators: readonly string[]): ClassDef {
  const methods: FunctionDef[] = []
  const attributes: { name: string; value: Expr }[] = []
  const instanceFields: { name: string; value?: Expr }[] = []
  const body = field(node, 'body')
  classBody(ctx, () => {
    let pending: string[] = []
    for (const member of body ? body.children : []) {
      if (member.type === 'decorator') {
        pending.push(decoratorText(member, ctx))
        continue
      }
      if (!member.named) continue
      const words = [...pending, ...decoratorsOf(member, ctx)]
      pending = []
      if (member.type === 'method_definition') methods.push(lowerMethod(member, ctx, words))
      else if (member.type === 'class_static_block') attributes.push({ name: '*static*', value: runNow(member, ctx) })
      else if (member.type === 'public_field_definition' || member.type === 'field_definition') {
        const nameNode = field(member, 'name') ?? field(member, 'property')
        const valueNode = field(member, 'value')
        const value = valueNode && ctx.expression(valueNode)
        if (!nameNode || hasToken(member, 'declare')) continue
        const name = memberName(nameNode, ctx)
        if (hasToken(member, 'static')) attributes.push({ name, value: value ?? nothing(member) })
        else instanceFields.push({ name, ...(value ? { value } : {}) })
      }
    }
  })
  return {
    name: nameOf(node, ctx),
    bases: heritage(node, ctx),
    methods,
    attributes,
    fields: instanceFields,
    decorators,
    span: spanOf(node),
  }
}

/** `@a.b()` without the `@`. */
export function decoratorText(node: SyntaxNode, ctx: Lowering): string {
  return ctx.textOf(node).slice(1).trim()
}

/** The decorators that stand directly in a node. */
export function decoratorsOf(node: SyntaxNode, ctx: Lowering): string[] {
  return node.children.filter(child => child.type === 'decorator').map(child => decoratorText(child, ctx))
}

/** A method of a class or an object literal; its modifiers stand among the decorators. */
export function lowerMethod(node: SyntaxNode, ctx: Lowering, decorators: readonly string[]): FunctionDef {
  const words = [...decorators, ...['static', 'get', 'set'].filter(word => hasToken(node, word))]
  const name = nameOf(node, ctx)
  const def = lowerFunction(node, ctx, name === 'constructor' && !words.includes('static') ? '__init__' : name, words)
  return hasToken(node, '*') ? { ...def, isGenerator: true } : def
}

function nothing(node: SyntaxNode): Expr {
  return { kind: 'literal', value: null, span: spanOf(node) }
}

/** A static block is a function that is called where it stands. */
function runNow(node: SyntaxNode, ctx: Lowering): Expr {
  const def = { ...lowerFunction(node, ctx, ''), isArrow: true }
  return { kind: 'call', callee: { kind: 'function', def, span: spanOf(node) }, args: [], span: spanOf(node) }
}

function heritage(node: SyntaxNode, ctx: Lowering): Expr[] {
  const clause = childOf(node, 'class_heritage')
  if (!clause) return []
  const extended = childOf(clause, 'extends_clause')
  const value = extended ? field(extended, 'value') : named(clause).find(child => child.type !== 'implements_clause')
  return value ? [ctx.expression(value)] : []
}
