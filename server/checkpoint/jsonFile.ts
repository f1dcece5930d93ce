// JSON files of a checkpoint (config.json, the shard index) with positions, read as Python's json module would: strict,
// but for NaN, Infinity and -Infinity, which it takes. Text and tree are made when they are first asked for, because
// the index of a large checkpoint needs neither (shardIndex.ts). What the values mean is left to others.

import { type Node as JsonNode, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { JsonFile } from './facts'
import { maxJsonDepth } from './limits'

type JsonProblem = JsonFile['problems'][number]

/** A JSON file, from its text or its bytes; `problems` holds what Python would refuse it for. Never throws, for no text. */
export function readJsonFile(path: string, content: string | Uint8Array): JsonFile {
  let text: string | undefined
  let bytes: Uint8Array | undefined
  const getText = (): string => (text ??= typeof content === 'string' ? content : decode(content))
  let parsed: Pick<JsonFile, 'root' | 'problems'> | undefined
  const parse = (): Pick<JsonFile, 'root' | 'problems'> => (parsed ??= parseStrictly(getText()))
  return {
    path,
    get text() {
      return getText()
    },
    get bytes() {
      return (bytes ??= typeof content === 'string' ? Buffer.from(content) : content)
    },
    get root() {
      return parse().root
    },
    get problems() {
      return parse().problems
    },
  }
}

/** A byte-order mark stays, so that positions are those of the file. */
const decode = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()

/** The value at a path of keys and array positions; undefined where there is none. Of a key twice the last counts. */
export function findProperty(root: JsonNode | undefined, path: readonly (string | number)[]): JsonNode | undefined {
  let node = root
  for (const step of path) {
    if (node?.type === 'object')
      node = node.children?.findLast(property => property.children?.[0]?.value === step)?.children?.[1]
    else if (node?.type === 'array' && typeof step === 'number') node = node.children?.[step]
    else return undefined
  }
  return node
}

/** The value of a node as plain data; objects have no prototype, so that any key is only a key. */
export function valueOf(node: JsonNode): unknown {
  if (node.type === 'array') return (node.children ?? []).map(valueOf)
  if (node.type !== 'object') return node.value as unknown
  const object = Object.create(null) as Record<string, unknown>
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? []
    if (key && value) object[String(key.value)] = valueOf(value)
  }
  return object
}

function parseStrictly(text: string): Pick<JsonFile, 'root' | 'problems'> {
  if (text.charCodeAt(0) === 0xfeff) {
    const rest = parseStrictly(` ${text.slice(1)}`)
    const mark = { offset: 0, length: 1, message: 'the file begins with a byte-order mark, which JSON does not allow' }
    return { root: rest.root, problems: [mark, ...rest.problems] }
  }
  if (text.trim() === '')
    return { root: undefined, problems: [{ offset: 0, length: 0, message: 'the file is empty, expected JSON' }] }
  const { plain, numbers, deepAt } = survey(text)
  if (deepAt >= 0) {
    const message = `the JSON nests more than ${maxJsonDepth} levels deep, which Python's reader does not bear`
    return { root: undefined, problems: [{ offset: deepAt, length: 1, message }] }
  }
  const errors: ParseError[] = []
  const root = parseTree(plain, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false })
  if (root && numbers.size > 0) restoreNaN(root, numbers)
  return { root, problems: errors.map(error => problemOf(text, error)) }
}

/** Our parser words some errors by code only; each gets a sentence. */
const wording: Readonly<Record<string, string>> = {
  InvalidSymbol: 'is not a JSON value',
  InvalidNumberFormat: 'is not a JSON number',
  PropertyNameExpected: 'found where a key in double quotes is expected',
  ValueExpected: 'found where a value is expected',
  ColonExpected: 'found where ":" is expected',
  CommaExpected: 'found where "," is expected',
  CloseBraceExpected: 'found where "}" is expected',
  CloseBracketExpected: 'found where "]" is expected',
  EndOfFileExpected: 'found behind the end of the JSON',
  InvalidCommentToken: 'begins a comment, which JSON does not allow',
  UnexpectedEndOfComment: 'begins a comment that does not end',
  UnexpectedEndOfString: 'begins a string that does not end',
  UnexpectedEndOfNumber: 'is an unfinished number',
  InvalidUnicode: 'has an unfinished \\u escape',
  InvalidEscapeCharacter: 'has an escape that JSON does not know',
  InvalidCharacter: 'has a control character, which JSON wants escaped',
}

function problemOf(text: string, { error, offset, length }: ParseError): JsonProblem {
  const piece = text.slice(offset, offset + Math.min(Math.max(length, 1), 30)).replace(/\s+/g, ' ')
  const what = offset >= text.length ? 'the end of the file' : JSON.stringify(piece)
  return {
    offset: Math.min(offset, text.length),
    length,
    message: `${what} ${wording[printParseErrorCode(error)] ?? 'is not JSON'}`,
  }
}

/**
 * One pass over the text, outside its strings: where nesting goes too deep, and Python's three numbers that are not
 * JSON. Those are replaced, place for place, by numbers that our parser reads: Infinity by one beyond a double's range.
 */
function survey(text: string): { plain: string; numbers: ReadonlySet<number>; deepAt: number } {
  const token = /"(?:[^"\\]|\\[^])*"?|[[\]{}]|\b(?:NaN|Infinity)\b/g
  const numbers = new Set<number>()
  const pieces: string[] = []
  let copied = 0
  let depth = 0
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found] = match
    if (found === '[' || found === '{') {
      if (++depth > maxJsonDepth) return { plain: text, numbers, deepAt: match.index }
    } else if (found === ']' || found === '}') {
      depth--
    } else if (found === 'NaN' || found === 'Infinity') {
      if (found === 'NaN') numbers.add(match.index)
      pieces.push(text.slice(copied, match.index), found === 'NaN' ? '1.0' : '1e999999')
      copied = match.index + found.length
    }
  }
  return { plain: pieces.length === 0 ? text : pieces.join('') + text.slice(copied), numbers, deepAt: -1 }
}

function restoreNaN(node: JsonNode, offsets: ReadonlySet<number>): void {
  if (node.type === 'number' && offsets.has(node.offset)) Object.assign(node, { value: Number.NaN })
  for (const child of node.children ?? []) restoreNaN(child, offsets)
}
