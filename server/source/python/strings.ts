// Python string literals: prefixes, escapes, f-strings and adjacent literals.
// Specification: https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals

import type { Expr } from '../ir'
import { callOf, literal, unknown } from '../lowering'
import type { Lowering } from '../lowering'
import { childOf, field, hasToken, named } from '../syntax'
import type { SyntaxNode } from '../syntax'

const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ '\\': '\\', "'": "'", '"': '"', '\n': '', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
}
const escape = /\\(\r\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[\s\S])/g

/** Resolves the escapes of a string that is not raw. An unknown escape stays as written, as Python does. */
export function unescapePython(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(escape, (whole: string, code: string) => {
    const first = code[0] ?? ''
    if (code === '\r\n') return ''
    if (/^[0-7]/.test(code)) return String.fromCharCode(parseInt(code, 8))
    if (code.length > 1 && 'xuU'.includes(first)) {
      const point = parseInt(code.slice(1), 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole
    }
    return simpleEscapes[code] ?? whole
  })
}

/** A format specification that only pads an integer: `02d`, `5`, `d`, or nothing. */
const integerPad = /^0?\d*d?$/

type Parts = (string | Expr)[]

/** A `string` node: a literal, a template, or unknown for bytes. */
export function lowerString(node: SyntaxNode, ctx: Lowering): Expr {
  const parts = stringParts(node, ctx)
  return parts ? fromParts(parts, node) : unknown('bytes', node)
}

/** Adjacent literals, joined. */
export function lowerConcatenatedString(node: SyntaxNode, ctx: Lowering): Expr {
  const all: Parts = []
  for (const child of named(node)) {
    const parts = child.type === 'string' ? stringParts(child, ctx) : [ctx.expression(child)]
    if (!parts) return unknown('bytes', node)
    all.push(...parts)
  }
  return fromParts(all, node)
}

/** Text and expressions of one literal; undefined for bytes. */
function stringParts(node: SyntaxNode, ctx: Lowering): Parts | undefined {
  const opening = childOf(node, 'string_start')
  const closing = childOf(node, 'string_end')
  if (!opening) return []
  const prefix = ctx
    .textOf(opening)
    .replace(/["'`]+$/, '')
    .toLowerCase()
  if (prefix.includes('b')) return undefined
  const isFormat = prefix.includes('f') || prefix.includes('t')
  const isRaw = prefix.includes('r')
  const parts: Parts = []
  const pushText = (start: number, end: number): void => {
    if (end <= start) return
    let text = ctx.text.slice(start, end)
    if (isFormat) text = text.replace(/\{\{/g, '{').replace(/\}\}/g, '}')
    parts.push(isRaw ? text : unescapePython(text))
  }
  let at = opening.end
  for (const child of node.children) {
    if (child.type !== 'interpolation') continue
    pushText(at, child.start)
    pushInterpolation(child, ctx, parts)
    at = child.end
  }
  pushText(at, closing ? closing.start : node.end)
  return parts
}

function pushInterpolation(node: SyntaxNode, ctx: Lowering, parts: Parts): void {
  const inner = field(node, 'expression')
  const value = ctx.expression(inner)
  const conversion = childOf(node, 'type_conversion')
  const specification = childOf(node, 'format_specifier')
  const isDebug = hasToken(node, '=')
  if (isDebug && inner) parts.push(`${ctx.text.slice(node.start + 1, inner.end)}=`)
  let converted = value
  const letter = conversion ? ctx.textOf(conversion).slice(1) : isDebug && !specification ? 'r' : ''
  if (letter === 'r' || letter === 'a') converted = callOf('repr', [value], node)
  else if (letter === 's') converted = callOf('str', [value], node)
  if (!specification) {
    parts.push(converted)
    return
  }
  const dynamic = named(specification).map(child => ctx.expression(field(child, 'expression') ?? named(child)[0]))
  const text = ctx.textOf(specification).slice(1)
  if (dynamic.length === 0 && integerPad.test(text)) {
    parts.push(
      text === '' || text === 'd' ? converted : callOf('format', [converted, literal(text, specification)], node),
    )
  } else {
    parts.push(unknown('format specification', node, [converted, ...dynamic]))
  }
}

function fromParts(parts: Parts, node: SyntaxNode): Expr {
  const merged: Parts = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part
    else if (part !== '') merged.push(part)
  }
  const only = merged[0]
  if (merged.length === 0) return literal('', node)
  if (merged.length === 1 && typeof only === 'string') return literal(only, node)
  return { kind: 'template', parts: merged, span: { start: node.start, end: node.end } }
}
