// Edits of config.json that keep the file's way of writing: its indentation, its line ends, and one line where a block
// stands on one. A fix of several changes is one edit of the whole text, since jsonc-parser's edits build on one another.

import { applyEdits, type FormattingOptions, type JSONPath, modify, type Node } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import type { Edit } from '../protocol'
import { rangeIn } from './show'

/** A value to write at a path; undefined takes the property away. */
export interface Change {
  readonly path: JSONPath
  readonly value: unknown
}

/** Options for writing near a node. */
export function formatting({ text }: JsonFile, near: Node): FormattingOptions | undefined {
  if (!text.slice(near.offset, near.offset + near.length).includes('\n')) return undefined
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
  return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.length, eol: text.includes('\r\n') ? '\r\n' : '\n' }
}

/** jsonc-parser's edits, with a space after a comma where it leaves one out. */
export function insert(text: string, path: JSONPath, value: unknown, formattingOptions: FormattingOptions | undefined) {
  return modify(text, path, value, { formattingOptions }).map(e => ({
    ...e,
    content: e.content.replace(/^,(?=")/, ', '),
  }))
}

/** One edit of the file that makes all changes, in order; `near` decides how they are written. */
export function rewrite(file: JsonFile, near: Node, changes: readonly Change[]): Edit {
  let text = file.text
  for (const { path, value } of changes) text = applyEdits(text, insert(text, path, value, formatting(file, near)))
  return smallest(file, text)
}

/** Puts a text in the place of a node. */
export function replaceNode(file: JsonFile, node: Node, newText: string): Edit {
  return { path: file.path, range: rangeIn(file, node.offset, node.offset + node.length), newText }
}

/** The edit that leads to a new text, without what both ends share. */
function smallest(file: JsonFile, text: string): Edit {
  const old = file.text
  let start = 0
  while (start < old.length && start < text.length && old[start] === text[start]) start++
  let end = 0
  while (
    end < old.length - start &&
    end < text.length - start &&
    old[old.length - 1 - end] === text[text.length - 1 - end]
  )
    end++
  return {
    path: file.path,
    range: rangeIn(file, start, old.length - end),
    newText: text.slice(start, text.length - end),
  }
}
