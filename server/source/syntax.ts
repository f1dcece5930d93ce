// A plain copy of a tree-sitter tree: what the lowerings walk.
// One pass of a cursor copies the tree, so that the wasm side is left quickly and freed at once; comments are taken out
// of the tree and kept aside, since they may stand anywhere. Keywords and punctuation stay as tokens, so that a
// lowering can ask whether there was an `async` or a comma.
// Specification of the cursor: https://tree-sitter.github.io/tree-sitter/using-parsers

import type { Language, Tree } from 'web-tree-sitter'
import type { Span } from './ir'

export interface SyntaxNode {
  readonly type: string
  /** False for keywords and punctuation, whose type is their text. */
  readonly named: boolean
  /** Name of the field that the node fills in its parent, or empty. */
  readonly field: string
  /** UTF-16 offsets. Tokens of a program without errors have no position (-1): nothing asks for it. */
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
  /** Types that never have children, or whose children say nothing about what the program does. */
  readonly leaf: readonly boolean[]
  readonly comment: readonly boolean[]
  readonly fields: readonly string[]
}

const leafTypes = new Set([
  ...[
    'identifier',
    'integer',
    'float',
    'none',
    'true',
    'false',
    'ellipsis',
    'string_start',
    'string_content',
    'string_end',
  ],
  ...[
    'property_identifier',
    'private_property_identifier',
    'shorthand_property_identifier',
    'type_identifier',
    'number',
  ],
  ...[
    'shorthand_property_identifier_pattern',
    'string_fragment',
    'escape_sequence',
    'null',
    'undefined',
    'this',
    'super',
  ],
  ...['type', 'type_annotation', 'type_arguments', 'type_parameters', 'interface_body', 'pass_statement'],
])
const commentTypes = new Set(['comment', 'html_comment', 'hash_bang_line'])
/** Extras without meaning. */
const skippedTypes = new Set(['line_continuation'])

/** Looks a grammar's type names up once. */
export function nodeTypes(language: Language): NodeTypes {
  const names = language.types
  return {
    names,
    named: names.map((_, id) => language.nodeTypeIsNamed(id)),
    leaf: names.map(name => leafTypes.has(name)),
    comment: names.map(name => commentTypes.has(name) || skippedTypes.has(name)),
    fields: language.fields.map(name => name ?? ''),
  }
}

interface Building {
  readonly node: SyntaxNode
  readonly children: SyntaxNode[]
}

/** Copies a tree. It walks with a stack of its own: sources may nest deeper than JavaScript may recurse. */
export function copyTree(tree: Tree, types: NodeTypes): Syntax {
  const comments: Span[] = []
  const errors: Span[] = []
  const broken = tree.rootNode.hasError
  const cursor = tree.walk()
  const open: Building[] = []
  let root: SyntaxNode | undefined
  try {
    for (;;) {
      const id = cursor.nodeTypeId
      // ERROR is type 0xFFFF, beyond the list.
      const type = types.names[id] ?? 'ERROR'
      const named = types.named[id] ?? true
      let descend = false
      if (types.comment[id]) {
        if (commentTypes.has(type)) comments.push({ start: cursor.startIndex, end: cursor.endIndex })
      } else {
        const positioned = named || broken
        const start = positioned ? cursor.startIndex : -1
        const end = positioned ? cursor.endIndex : -1
        const missing = broken && cursor.nodeIsMissing
        if (missing || type === 'ERROR') errors.push({ start, end })
        const children: SyntaxNode[] = []
        const field = types.fields[cursor.currentFieldId] ?? ''
        const node: SyntaxNode = { type: missing ? 'MISSING' : type, named, field, start, end, children }
        open.at(-1)?.children.push(node)
        root ??= node
        descend = named && (broken || !types.leaf[id]) && cursor.gotoFirstChild()
        if (descend) open.push({ node, children })
      }
      if (descend) continue
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) {
          return {
            root: root ?? { type: 'ERROR', named: true, field: '', start: 0, end: 0, children: [] },
            comments,
            errors,
          }
        }
        open.pop()
      }
    }
  } finally {
    cursor.delete()
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
  for (const child of node.children) if (!child.named && child.field.startsWith('operator')) return child.type
  for (const child of node.children) if (!child.named) return child.type
  return ''
}

/** The named children: operands, arguments, statements. What the parser could not read is left out. */
export function named(node: SyntaxNode): SyntaxNode[] {
  return node.children.filter(child => child.named && child.type !== 'ERROR')
}
