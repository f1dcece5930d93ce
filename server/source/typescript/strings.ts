// JavaScript strings, template literals, numbers and regular expressions.
// Specification: https://tc39.es/ecma262/#sec-literals-string-literals

import type { Expr } from '../ir'
import { callOf, literal, unknown } from '../lowering'
import type { Lowering } from '../lowering'
import { field, named } from '../syntax'
import type { SyntaxNode } from '../syntax'

const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\n': '', '\r\n': '', '\u2028': '', '\u2029': '' },
}
const escape = /\\(\r\n|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,8}\}|0(?![0-9])|[\s\S])/g

/** Resolves the escapes of a string or template. */
export function unescapeJavaScript(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(escape, (whole: string, code: string) => {
    if (code === '0') return '\0'
    if (code.length > 1 && (code.startsWith('x') || code.startsWith('u'))) {
      const point = parseInt(code.replace(/[xu{}]/g, ''), 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole
    }
    return simpleEscapes[code] ?? code
  })
}

/** The value of a `string` node. */
export function stringValue(node: SyntaxNode, ctx: Lowering): string {
  const text = ctx.textOf(node)
  const closed = text.length > 1 && text.endsWith(text[0] ?? '')
  return unescapeJavaScript(text.slice(1, closed ? -1 : undefined))
}

export function lowerString(node: SyntaxNode, ctx: Lowering): Expr {
  return literal(stringValue(node, ctx), node)
}

/** The texts of a template literal, of which there is one more than of holes, and the expressions in the holes. */
export function templateParts(
  node: SyntaxNode,
  ctx: Lowering,
): { readonly cooked: readonly string[]; readonly raw: readonly string[]; readonly values: readonly Expr[] } {
  const raw: string[] = []
  const values: Expr[] = []
  let at = node.start + 1
  const pushText = (end: number): unknown => raw.push(ctx.text.slice(at, end).replace(/\r\n?/g, '\n'))
  for (const child of node.children) {
    if (child.type !== 'template_substitution') continue
    pushText(child.start)
    values.push(ctx.expression(named(child)[0]))
    at = child.end
  }
  pushText(ctx.text[node.end - 1] === '`' && node.end > at ? node.end - 1 : node.end)
  return { cooked: raw.map(unescapeJavaScript), raw, values }
}

/** `` `a${b}` ``; without substitutions a plain string. */
export function lowerTemplate(node: SyntaxNode, ctx: Lowering): Expr {
  const parts: (string | Expr)[] = []
  const pushText = (start: number, end: number): void => {
    if (end > start) parts.push(unescapeJavaScript(ctx.text.slice(start, end).replace(/\r\n?/g, '\n')))
  }
  let at = node.start + 1
  for (const child of node.children) {
    if (child.type !== 'template_substitution') continue
    pushText(at, child.start)
    parts.push(ctx.expression(named(child)[0]))
    at = child.end
  }
  pushText(at, ctx.text[node.end - 1] === '`' && node.end > at ? node.end - 1 : node.end)
  const [only] = parts
  if (only === undefined) return literal('', node)
  if (parts.length === 1 && typeof only === 'string') return literal(only, node)
  return { kind: 'template', parts, span: { start: node.start, end: node.end } }
}

export function lowerNumber(node: SyntaxNode, ctx: Lowering): Expr {
  const text = ctx.textOf(node).replace(/_/g, '').replace(/n$/, '')
  const value = /^0[0-7]+$/.test(text) ? parseInt(text, 8) : Number(text)
  return Number.isNaN(value) ? unknown('number', node) : literal(value, node)
}

/** `/a/g` is a call of `RegExp` with pattern and flags. */
export function lowerRegex(node: SyntaxNode, ctx: Lowering): Expr {
  const pattern = field(node, 'pattern')
  const flags = field(node, 'flags')
  const texts = [pattern, flags].map(part => literal(part ? ctx.textOf(part) : '', part ?? node))
  return callOf('RegExp', texts, node)
}
