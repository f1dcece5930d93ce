// Parses a text that differs in one place from one parsed before: tree-sitter then reads that place alone and takes the rest
// from the tree that it has. A text with errors is parsed from its beginning: what the parser makes of broken text depends
// on the tree that it comes from, and what Tensorlint says must not depend on what was typed before.
// Specification: https://tree-sitter.github.io/tree-sitter/using-parsers/3-advanced-parsing.html

import type { Edit, Parser, Point, Tree } from 'web-tree-sitter'
import { replacementBetween } from '../util/textEdits'

interface Parsed {
  readonly text: string
  readonly tree: Tree
}

/** The last texts without errors, by the parser that read them, the youngest first. */
const before = new Map<Parser, Parsed[]>()
const keptTexts = 2
/** Shorter texts are parsed in no time. */
const shortest = 4_000

/** The tree of a text, which stays ours: who walks it disposes of the walker only. */
export function withTree<T>(parser: Parser, text: string, use: (tree: Tree) => T): T | undefined {
  const tree = reparsed(parser, text) ?? parser.parse(text)
  if (!tree) return undefined
  const isKept = text.length >= shortest && !tree.rootNode.hasError
  try {
    return use(tree)
  } finally {
    if (isKept) keep(parser, { text, tree })
    else tree.delete()
  }
}

function keep(parser: Parser, parsed: Parsed): void {
  const all = [parsed, ...(before.get(parser) ?? [])]
  for (const old of all.splice(keptTexts)) old.tree.delete()
  before.set(parser, all)
}

function reparsed(parser: Parser, text: string): Tree | undefined {
  if (text.length < shortest) return undefined
  for (const { text: old, tree } of before.get(parser) ?? []) {
    const edit = editBetween(old, text)
    if (!edit) continue
    const copy = tree.copy()
    copy.edit(edit)
    const made = parser.parse(text, copy)
    copy.delete()
    if (made && !made.rootNode.hasError) return made
    made?.delete()
    return undefined
  }
  return undefined
}

/** The one place where two texts differ; undefined where that is a good part of them. */
export function editBetween(old: string, text: string): Edit | undefined {
  const { start, end: oldEndIndex, length } = replacementBetween(old, text)
  const newEndIndex = start + length
  const same = old.length - (oldEndIndex - start)
  if (same < text.length * 0.9 || same < old.length * 0.9) return undefined
  return {
    startIndex: start,
    oldEndIndex,
    newEndIndex,
    startPosition: pointAt(old, start),
    oldEndPosition: pointAt(old, oldEndIndex),
    newEndPosition: pointAt(text, newEndIndex),
  } as Edit
}

/** Row and column of an offset, both from zero, in UTF-16 units. */
function pointAt(text: string, offset: number): Point {
  let row = 0
  let line = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    row++
    line = at + 1
  }
  return { row, column: offset - line }
}
