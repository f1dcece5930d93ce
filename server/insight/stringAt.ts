// The string literal around a cursor, from the text of its line alone: while a key is being typed the program may not parse.
// Python's prefixes and f-strings, JavaScript's template literals.

import type { LanguageId } from '../source/ir'

/** What stands between the quotes before the cursor: texts, and holes whose expressions do not matter. */
export type TypedPart = string | { readonly hole: string }

export interface TypedString {
  readonly parts: readonly TypedPart[]
  /** `format`: an f-string, `template`: a template literal; both take holes. */
  readonly kind: 'plain' | 'format' | 'template'
  /** What stands before the literal on its line, without white space at the end. */
  readonly before: string
  /** From the cursor to the closing quote, or to the end of the line where there is none. */
  readonly tail: string
}

/** The literal that holds the offset; undefined in code, in a comment, inside a hole, or in a text of several lines. */
export function stringAt(text: string, offset: number, language: LanguageId): TypedString | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const lineEnd = text.indexOf('\n', offset)
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd).replace(/\r$/, '')
  const cursor = offset - lineStart
  const isPython = language === 'python'
  let i = 0
  while (i < cursor) {
    const char = line[i] ?? ''
    if (isPython ? char === '#' : line.startsWith('//', i)) return undefined
    if (!isQuote(char, isPython)) {
      i++
      continue
    }
    if (isPython && line.startsWith(char.repeat(3), i)) {
      const end = line.indexOf(char.repeat(3), i + 3)
      if (end < 0 || end >= cursor) return undefined
      i = end + 3
      continue
    }
    const prefix = isPython ? (/(?<![\w])[A-Za-z]{0,2}$/.exec(line.slice(0, i))?.[0] ?? '') : ''
    const kind = char === '`' ? 'template' : /f|t/i.test(prefix) ? 'format' : 'plain'
    const inside = readInside(line, i + 1, cursor, char, kind, /r/i.test(prefix))
    if (inside.end >= cursor) {
      if (!inside.parts) return undefined
      return {
        parts: inside.parts,
        kind,
        before: line.slice(0, i - prefix.length).trimEnd(),
        tail: tailOf(line, cursor, char),
      }
    }
    i = inside.end + 1
  }
  return undefined
}

const isQuote = (char: string, isPython: boolean): boolean =>
  char === '"' || char === "'" || (!isPython && char === '`')

/** Walks to the closing quote or the cursor, whichever comes first; no parts where the cursor is inside a hole. */
function readInside(
  line: string,
  start: number,
  cursor: number,
  quote: string,
  kind: TypedString['kind'],
  isRaw: boolean,
): { readonly end: number; readonly parts: readonly TypedPart[] | undefined } {
  const parts: TypedPart[] = []
  let text = ''
  let i = start
  while (i < line.length && i < cursor) {
    const char = line[i] ?? ''
    if (char === quote) return { end: i, parts: undefined }
    if (char === '\\' && !isRaw) {
      text += line[i + 1] ?? ''
      i += 2
      continue
    }
    if (kind === 'format' && (line.startsWith('{{', i) || line.startsWith('}}', i))) {
      text += char
      i += 2
      continue
    }
    const opens = kind === 'format' ? char === '{' : kind === 'template' && line.startsWith('${', i)
    if (opens) {
      const from = i + (kind === 'format' ? 1 : 2)
      const end = closingBrace(line, from)
      if (end < 0 || end >= cursor) return { end: cursor, parts: undefined }
      if (text !== '') parts.push(text)
      parts.push({ hole: line.slice(from, end).trim() })
      text = ''
      i = end + 1
      continue
    }
    text += char
    i++
  }
  if (text !== '' || parts.length === 0) parts.push(text)
  return { end: i, parts }
}

function closingBrace(line: string, from: number): number {
  let depth = 1
  for (let i = from; i < line.length; i++) {
    if (line[i] === '{') depth++
    if (line[i] === '}' && --depth === 0) return i
  }
  return -1
}

function tailOf(line: string, cursor: number, quote: string): string {
  const end = line.indexOf(quote, cursor)
  return line.slice(cursor, end < 0 ? cursor : end)
}
