// A cursor over a tree-sitter tree that asks the wasm side as directly as it can.
// web-tree-sitter's own TreeCursor writes its state into wasm memory before every question, one number at a time, which
// costs three times what the questions cost. The runtime leaves the state where it was, so the functions that it puts on
// the module object may be called one after another, as long as nothing else uses the runtime in between. These are not
// part of its documented interface: where one is missing, the documented cursor does the same work.

import type { Tree } from 'web-tree-sitter'

export interface TreeWalker {
  typeId(): number
  fieldId(): number
  /** UTF-16 offsets. */
  start(): number
  end(): number
  isMissing(): boolean
  /** The moves say whether there was somewhere to go. */
  firstChild(): boolean
  nextSibling(): boolean
  parent(): boolean
  dispose(): void
}

const prefix = '_ts_tree_cursor_'
const suffixes = {
  create: 'new_wasm',
  dispose: 'delete_wasm',
  typeId: 'current_node_type_id_wasm',
  fieldId: 'current_field_id_wasm',
  start: 'start_index_wasm',
  end: 'end_index_wasm',
  isMissing: 'current_node_is_missing_wasm',
  firstChild: 'goto_first_child_wasm',
  nextSibling: 'goto_next_sibling_wasm',
  parent: 'goto_parent_wasm',
} as const

type Functions = Readonly<Record<keyof typeof suffixes, (tree: number) => number>>

/** The runtime's functions on the object that `Parser.init` was given; undefined where one is missing. */
export function cursorFunctions(module: object): Functions | undefined {
  const found: Partial<Record<keyof typeof suffixes, (tree: number) => number>> = {}
  for (const [name, suffix] of Object.entries(suffixes) as [keyof typeof suffixes, string][]) {
    const value: unknown = Reflect.get(module, prefix + suffix)
    if (typeof value !== 'function') return undefined
    found[name] = value as (tree: number) => number
  }
  return found as Functions
}

/** Walks from the root. Until it is disposed of, nothing else may use the runtime. */
export function walkTree(tree: Tree, functions: Functions | undefined): TreeWalker {
  // The address of the tree in wasm memory, under which every function knows it.
  const address: unknown = Reflect.get(tree, 0)
  return functions && typeof address === 'number' ? walkDirectly(tree, address, functions) : walkDocumented(tree)
}

function walkDirectly(tree: Tree, address: number, call: Functions): TreeWalker {
  // Asking for the root leaves it in the transfer buffer, from which the new cursor takes it.
  void tree.rootNode
  call.create(address)
  return {
    typeId: () => call.typeId(address),
    fieldId: () => call.fieldId(address),
    start: () => call.start(address),
    end: () => call.end(address),
    isMissing: () => call.isMissing(address) === 1,
    firstChild: () => call.firstChild(address) === 1,
    nextSibling: () => call.nextSibling(address) === 1,
    parent: () => call.parent(address) === 1,
    dispose: () => void call.dispose(address),
  }
}

function walkDocumented(tree: Tree): TreeWalker {
  const cursor = tree.walk()
  return {
    typeId: () => cursor.nodeTypeId,
    fieldId: () => cursor.currentFieldId,
    start: () => cursor.startIndex,
    end: () => cursor.endIndex,
    isMissing: () => cursor.nodeIsMissing,
    firstChild: () => cursor.gotoFirstChild(),
    nextSibling: () => cursor.gotoNextSibling(),
    parent: () => cursor.gotoParent(),
    dispose: () => cursor.delete(),
  }
}
