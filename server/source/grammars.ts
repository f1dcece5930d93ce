// The tree-sitter grammars (wasm, from their pinned npm packages) and the parsers made of them.
// It knows which files there are and how text becomes a plain syntax tree; where the bytes of the files come from is
// the caller's business. Parsers are made once per process and reused.

import { Language, Parser } from 'web-tree-sitter'
import { withTree } from './reparse'
import { copyTree, nodeTypes } from './syntax'
import type { NodeTypes, Syntax } from './syntax'
import { cursorFunctions, walkTree } from './treeWalker'

export type GrammarName = 'python' | 'typescript' | 'tsx'

const grammarFiles: Readonly<Record<GrammarName, string>> = {
  python: 'tree-sitter-python.wasm',
  typescript: 'tree-sitter-typescript.wasm',
  tsx: 'tree-sitter-tsx.wasm',
}

/** A source of more UTF-16 units is not a loader that somebody wrote: it is data or a bundle, and is not parsed. */
export const maxSourceLength = 4_000_000

interface Grammar {
  readonly parser: Parser
  readonly types: NodeTypes
}

const grammars = new Map<GrammarName, Grammar>()
let functions: ReturnType<typeof cursorFunctions>
let loading: Promise<void> | undefined

/** Loads runtime and grammars through `read`, once per process; must have finished before the first program is lowered. */
export function loadGrammars(read: (file: string) => Promise<Uint8Array>): Promise<void> {
  loading ??= load(read).catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load(read: (file: string) => Promise<Uint8Array>): Promise<void> {
  const wasmBinary = await read('web-tree-sitter.wasm')
  const module = { wasmBinary: new Uint8Array(wasmBinary).buffer }
  await Parser.init(module)
  functions = cursorFunctions(module)
  for (const [name, file] of Object.entries(grammarFiles) as [GrammarName, string][]) {
    const language = await Language.load(await read(file))
    const parser = new Parser()
    parser.setLanguage(language)
    grammars.set(name, { parser, types: nodeTypes(language) })
  }
}

/**
 * Parses a text; undefined where it is too long, or where the parser itself gave up on it. `isDirect` false takes the
 * runtime's documented cursor: slower, and there to be compared with.
 */
export function parseSyntax(name: GrammarName, text: string, isDirect = true): Syntax | undefined {
  const grammar = grammars.get(name)
  if (!grammar) throw new Error(`the grammar ${name} was not loaded`)
  if (text.length > maxSourceLength) return undefined
  return withTree(grammar.parser, text, tree => {
    const isBroken = tree.rootNode.hasError
    const walker = walkTree(tree, isDirect ? functions : undefined)
    try {
      return copyTree(walker, isBroken, text, grammar.types)
    } finally {
      walker.dispose()
    }
  })
}

/** Whether the runtime offers what the fast way of walking its trees needs. */
export function walksDirectly(): boolean {
  return functions !== undefined
}
