// A plain copy of a tree-sitter tree: what the lowerings walk.
// One pass of a cursor copies the tree, so that the wasm side is left quickly and freed at once; comments are taken out
// of the tree and kept aside, since they may stand anywhere. Keywords and punctuation stay as tokens, so that a
// lowering can ask whether there was an `async` or a comma.
// Specification of the cursor: https://tree-sitter.github.io/tree-sitter/using-parsers

import type { Language } from 'web-tree-sitter'
import type { Span } from './ir'
import type { TreeWalker } from './treeWalker'

export interface SyntaxNode {
  readonly type: string
  /** False for keywords and punctuation, whose type is their text. */
  readonly named: boolean
  /** Name of the field that the node fills in its parent, or empty. Tokens have none. */
  readonly field: string
  /** UTF-16 offsets. Tokens have no position (-1): nothing asks for it. */
  readonly start: number
  readonly end: number
  readonly children: readonly SyntaxNode[]
}

export interface Syntax {
  readonly root: SyntaxNode
  readonly comments: readonly Span[]
  readonly errors: readonly Span[]
}

/** What is known of a grammar's node types, by type id, so that the copying asks the wasm side as little as it can. */
export interface NodeTypes {
  readonly names: readonly string[]
  readonly named: readonly boolean[]
  /** The one node that stands for every token of a type; undefined where the token says nothing. */
  readonly tokens: readonly (SyntaxNode | undefined)[]
  /** Types that never have children, or whose children say nothing about what the program does. */
  readonly leaf: readonly boolean[]
  /** Types whose children are told apart by their types alone. */
  readonly fieldless: readonly boolean[]
  /** Names, whose end can be read from the text. */
  readonly word: readonly boolean[]
  /** Nodes that may stand anywhere and are no part of the program. */
  readonly extra: readonly boolean[]
  readonly fields: readonly string[]
}

const wordTypes = new Set([
  ...['identifier', 'property_identifier', 'shorthand_property_identifier', 'shorthand_property_identifier_pattern'],
])
const leafTypes = new Set([
  ...wordTypes,
  ...['integer', 'float', 'none', 'true', 'false', 'ellipsis', 'string_start', 'string_content', 'string_end'],
  ...['private_property_identifier', 'type_identifier', 'number', 'string_fragment', 'escape_sequence', 'null', 'this'],
  ...['undefined', 'super', 'type', 'type_annotation', 'type_arguments', 'type_parameters', 'interface_body'],
  ...['pass_statement', 'break_statement', 'continue_statement', 'empty_statement'],
])
const fieldlessTypes = new Set([
  ...['module', 'program', 'block', 'statement_block', 'expression_statement', 'return_statement', 'argument_list'],
  ...['arguments', 'list', 'tuple', 'set', 'dictionary', 'object', 'array', 'expression_list', 'pattern_list'],
  ...[
    'parenthesized_expression',
    'parameters',
    'formal_parameters',
    'string',
    'template_string',
    'template_substitution',
  ],
  ...['comparison_operator', 'conditional_expression', 'await', 'await_expression', 'array_pattern', 'object_pattern'],
  ...[
    'tuple_pattern',
    'list_pattern',
    'dotted_name',
    'slice',
    'as_expression',
    'non_null_expression',
    'spread_element',
  ],
  ...['list_splat', 'dictionary_splat', 'lexical_declaration', 'import_clause', 'named_imports', 'concatenated_string'],
])
/** Punctuation that says nothing which the nodes do not say. */
const silentTokens = new Set(['(', ')', '[', ']', '{', '}', '.', ';', '"', "'", '`', '${'])
const commentTypes = new Set(['comment', 'html_comment', 'hash_bang_line'])
const extraTypes = new Set([...commentTypes, 'line_continuation'])

const noChildren: readonly SyntaxNode[] = []

/** Looks a grammar's type names up once. */
export function nodeTypes(language: Language): NodeTypes {
  const names = language.types
  const named = names.map((_, id) => language.nodeTypeIsNamed(id))
  return {
    names,
    named,
    tokens: names.map((type, id) =>
      named[id] || silentTokens.has(type)
        ? undefined
        : { type, named: false, field: '', start: -1, end: -1, children: noChildren },
    ),
    leaf: names.map(name => leafTypes.has(name)),
    fieldless: names.map(name => fieldlessTypes.has(name)),
    word: names.map(name => wordTypes.has(name)),
    extra: names.map(name => extraTypes.has(name)),
    fields: language.fields.map(name => name ?? ''),
  }
}

/** Where the name at `start` ends; undefined where it is not plain ASCII. */
function wordEnd(text: string, start: number): number | undefined {
  let at = start
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const isLetter = (code | 32) >= 97 && (code | 32) <= 122
    if (isLetter || (code >= 48 && code <= 57) || code === 95 || code === 36) continue
    // A backslash may begin an escape within a JavaScript name.
    if (code >= 128 || code === 92) return undefined
    break
  }
  return at > start ? at : undefined
}

/**
 * Copies the tree that a walker stands at the root of; `broken` says that it holds errors. It keeps a stack of its own:
 * sources may nest deeper than JavaScript may recurse.
 */
export function copyTree(cursor: TreeWalker, broken: boolean, text: string, types: NodeTypes): Syntax {
  const comments: Span[] = []
  const errors: Span[] = []
  const top: SyntaxNode[] = []
  /** The children of the open nodes, innermost last, and whether these have fields. */
  const open: SyntaxNode[][] = []
  const openFieldless: boolean[] = []
  let siblings = top
  let fieldless = true
  for (;;) {
    const id = cursor.typeId()
    let descended = false
    if (broken && cursor.isMissing()) {
      const span = { start: cursor.start(), end: cursor.end() }
      errors.push(span)
      siblings.push({
        type: 'MISSING',
        named: true,
        field: types.fields[cursor.fieldId()] ?? '',
        ...span,
        children: noChildren,
      })
    } else if (types.named[id] === false) {
      const token = types.tokens[id]
      if (token) siblings.push(token)
    } else if (types.extra[id]) {
      if (commentTypes.has(types.names[id] ?? '')) comments.push({ start: cursor.start(), end: cursor.end() })
    } else {
      // ERROR is type 0xFFFF, beyond the list.
      const type = types.names[id] ?? 'ERROR'
      const start = cursor.start()
      const end = (types.word[id] ? wordEnd(text, start) : undefined) ?? cursor.end()
      if (type === 'ERROR') errors.push({ start, end })
      const field = fieldless ? '' : (types.fields[cursor.fieldId()] ?? '')
      descended = (broken || !types.leaf[id]) && cursor.firstChild()
      const children: SyntaxNode[] = descended ? [] : (noChildren as SyntaxNode[])
      siblings.push({ type, named: true, field, start, end, children })
      if (descended) {
        open.push(siblings)
        openFieldless.push(fieldless)
        siblings = children
        fieldless = types.fieldless[id] ?? false
      }
    }
    if (descended) continue
    while (!cursor.nextSibling()) {
      if (!cursor.parent()) {
        const root = top[0] ?? { type: 'ERROR', named: true, field: '', start: 0, end: 0, children: noChildren }
        return { root, comments, errors }
      }
      siblings = open.pop() ?? top
      fieldless = openFieldless.pop() ?? true
    }
  }
}

/** The first child that fills a field. */
export function field(node: SyntaxNode, name: string): SyntaxNode | undefined {
  for (const child of node.children) if (child.field === name) return child
  return undefined
}

/** Every named child that fills a field. */
export function fields(node: SyntaxNode, name: string): SyntaxNode[] {
  return node.children.filter(child => child.named && child.field === name)
}

/** The first child of a type. */
export function childOf(node: SyntaxNode, type: string): SyntaxNode | undefined {
  for (const child of node.children) if (child.type === type) return child
  return undefined
}

/** Whether a keyword or a mark of punctuation stands directly in the node. */
export function hasToken(node: SyntaxNode, text: string): boolean {
  for (const child of node.children) if (!child.named && child.type === text) return true
  return false
}

/** The first keyword or mark of punctuation, by its text: the operator of a binary or unary expression. */
export function operatorOf(node: SyntaxNode): string {
  for (const child of node.children) if (!child.named) return child.type
  return ''
}

/** The named children: operands, arguments, statements. What the parser could not read is left out. */
export function named(node: SyntaxNode): SyntaxNode[] {
  return node.children.filter(child => child.named && child.type !== 'ERROR')
}
