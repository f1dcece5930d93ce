// A program's syntax as the operators want it: calls with their arguments, strings with their pieces, numbers, the same
// for Python and for JavaScript.

import { parseSyntax, type GrammarName } from '../../../server/source/grammars'
import { field, named, type SyntaxNode } from '../../../server/source/syntax'
import type { Specimen, TextFile } from './specimen'

export interface Argument {
  /** Keyword of a Python argument, or the key where the only argument is an object. */
  readonly keyword?: string
  /** With the keyword. */
  readonly whole: SyntaxNode
  readonly value: SyntaxNode
}

export interface Call {
  readonly node: SyntaxNode
  /** Last name of what is called: `dequantize` of `mx.dequantize`. */
  readonly name: string
  /** What stands before the last name. */
  readonly receiver: SyntaxNode | undefined
  readonly args: readonly Argument[]
}

/** A stretch of literal text in a string; a template has several. */
export interface Piece {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly string: SyntaxNode
}

export interface Source {
  readonly path: string
  readonly text: string
  readonly isPython: boolean
  readonly root: SyntaxNode
  /** Outermost first. */
  readonly nodes: readonly SyntaxNode[]
  parentOf(node: SyntaxNode): SyntaxNode | undefined
  readonly calls: readonly Call[]
  readonly pieces: readonly Piece[]
  textOf(node: SyntaxNode): string
}

const grammarOf = (path: string): GrammarName | undefined =>
  path.endsWith('.py') ? 'python' : /\.[cm]?[tj]s$/.test(path) ? 'typescript' : undefined

const known = new WeakMap<TextFile, Source>()

/** Every program of a specimen; the grammars must have been loaded. */
export function sourcesOf({ files }: Pick<Specimen, 'files'>): Source[] {
  return [...files].flatMap(([path, file]) => {
    const source = file.kind === 'text' ? sourceOf(path, file) : undefined
    return source ? [source] : []
  })
}

/** A file as a program; undefined for what is none. */
export function sourceOf(path: string, file: TextFile): Source | undefined {
  const grammar = grammarOf(path)
  if (!grammar) return undefined
  let source = known.get(file)
  if (!source) {
    const root = parseSyntax(grammar, file.text)?.root
    if (!root) return undefined
    known.set(file, (source = readSource(path, file.text, root)))
  }
  return source
}

function readSource(path: string, text: string, root: SyntaxNode): Source {
  const parents = new Map<SyntaxNode, SyntaxNode>()
  const nodes: SyntaxNode[] = []
  const visit = (node: SyntaxNode): void => {
    nodes.push(node)
    for (const child of node.children)
      if (child.named) {
        parents.set(child, node)
        visit(child)
      }
  }
  visit(root)
  const textOf = ({ start, end }: SyntaxNode): string => text.slice(start, end)
  const isDocstring = (node: SyntaxNode): boolean => parents.get(node)?.type === 'expression_statement'
  return {
    path,
    text,
    isPython: path.endsWith('.py'),
    root,
    nodes,
    parentOf: node => parents.get(node),
    calls: nodes.flatMap(node => (isCall(node) ? [callOf(node, textOf)] : [])),
    pieces: nodes.flatMap(node => (isString(node) && !isDocstring(node) ? piecesOf(node, textOf) : [])),
    textOf,
  }
}

const isCall = ({ type }: SyntaxNode): boolean =>
  type === 'call' || type === 'call_expression' || type === 'new_expression'
export const isString = ({ type }: SyntaxNode): boolean => type === 'string' || type === 'template_string'
export const isNumber = ({ type }: SyntaxNode): boolean => type === 'integer' || type === 'number'
export const isSubscript = ({ type }: SyntaxNode): boolean => type === 'subscript' || type === 'subscript_expression'
export const isMember = ({ type }: SyntaxNode): boolean => type === 'attribute' || type === 'member_expression'

/** The object of a member or of a subscript. */
export const objectOf = (node: SyntaxNode): SyntaxNode | undefined => field(node, 'object') ?? field(node, 'value')

/** The member's own name. */
export const memberOf = (node: SyntaxNode): SyntaxNode | undefined =>
  field(node, 'attribute') ?? field(node, 'property')

function callOf(node: SyntaxNode, textOf: (node: SyntaxNode) => string): Call {
  const callee = field(node, 'function') ?? field(node, 'constructor')
  const member = callee && isMember(callee) ? memberOf(callee) : callee
  const list = field(node, 'arguments')
  const args = list && list.type !== 'generator_expression' ? named(list).map(arg => argumentOf(arg, textOf)) : []
  return {
    node,
    name: member ? textOf(member) : '',
    receiver: callee && isMember(callee) ? objectOf(callee) : undefined,
    args,
  }
}

function argumentOf(node: SyntaxNode, textOf: (node: SyntaxNode) => string): Argument {
  if (node.type !== 'keyword_argument') return { whole: node, value: node }
  const name = field(node, 'name')
  return { whole: node, value: field(node, 'value') ?? node, ...(name ? { keyword: textOf(name) } : {}) }
}

function piecesOf(string: SyntaxNode, textOf: (node: SyntaxNode) => string): Piece[] {
  return string.children
    .filter(({ type }) => type === 'string_content' || type === 'string_fragment')
    .map(({ start, end }) => ({ start, end, text: textOf({ ...string, start, end }), string }))
}

const statementLists = new Set([
  'module',
  'program',
  'block',
  'statement_block',
  'class_body',
  'switch_case',
  'switch_default',
])

/** The innermost statement that holds an offset; of a function or class only what stands before its body. */
export function statementAt(source: Source, offset: number): { start: number; end: number } | undefined {
  let found: SyntaxNode | undefined
  for (const node of source.nodes) {
    const parent = source.parentOf(node)
    if (parent && statementLists.has(parent.type) && node.start <= offset && offset <= node.end) found = node
  }
  if (!found) return undefined
  const inner =
    found.type === 'decorated_definition' || found.type === 'export_statement' ? (named(found).at(-1) ?? found) : found
  const body = field(inner, 'body')
  const isDefinition = /^(function|class|method|generator_function)_(definition|declaration)$/.test(inner.type)
  return { start: found.start, end: isDefinition && body ? body.start : found.end }
}
