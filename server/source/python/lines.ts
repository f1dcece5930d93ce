// The logical lines of a Python text, told without parsing it, and which of them cannot be right: a string that does not end
// on its line, a bracket that nothing closes, an operator with nothing behind it, a header without its colon. A line that
// is being typed is most often one of these, and which line it is, a parser that has read past it can no longer say.
// Specification: https://docs.python.org/3/reference/lexical_analysis.html

/** A line with the lines that continue it; offsets without its indentation and without what stands behind it. */
export interface LogicalLine {
  readonly start: number
  readonly end: number
  /** Columns that it is indented. */
  readonly indent: number
  /** Where the first colon outside of brackets stands. */
  readonly colon: number | undefined
  readonly isBroken: boolean
}

interface Bracket {
  readonly close: string
  /** Where the line that it stands on begins. */
  readonly line: number
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
/** Words that begin a statement and can stand at no beginning of a line within brackets. */
const beginsStatement =
  /^(?:def|class|return|import|with|while|try|raise|pass|break|continue|del|assert|global|nonlocal|elif|except|finally)\b/
/** Words that a colon has to follow. */
const beginsBlock = /^(?:async\s+)?(?:if|elif|else|for|while|def|class|with|try|except|finally)\b/
/** An end that something has to follow. */
const isUnfinished = /(?:[=+\-/%@&|^<>~]|[\w)\]}"']\s*\.|\b(?:in|not|and|or|is|import|from|as))$/
const isFinished = /\b\d[\d_]*\.$|->$/
const stringPrefix = /^(?:[rbuft]|br|rb|fr|rf|tr|rt)$/i
const isWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code > 127

let last: { readonly text: string; readonly lines: readonly LogicalLine[] | undefined } | undefined

/** The logical lines of a text; undefined where a long string does not end, so that nothing can be told of what is in it. */
export function logicalLines(text: string): readonly LogicalLine[] | undefined {
  // Whoever reads a text asks for its lines more than once.
  if (last?.text !== text) last = { text, lines: readLines(text) }
  return last.lines
}

function readLines(text: string): readonly LogicalLine[] | undefined {
  const lines: LogicalLine[] = []
  let at = 0
  while (at < text.length) {
    const indent = indentAt(text, at)
    const start = at + indent.length
    const first = text[start]
    if (first === undefined) break
    if (first === '\n' || first === '\r' || first === '#') {
      at = nextLine(text, start)
      continue
    }
    const read = readLine(text, at, start)
    if (!read) return undefined
    const { end, colon } = read
    const last = text.slice(Math.max(start, end - 12), end)
    const isBroken =
      read.isBroken ||
      (isUnfinished.test(last) && !isFinished.test(last)) ||
      (colon === undefined && beginsBlock.test(text.slice(start, start + 20)))
    lines.push({ start, end, indent: columns(indent), colon, isBroken })
    at = read.next
  }
  return lines
}

interface Read {
  readonly end: number
  readonly next: number
  readonly colon: number | undefined
  readonly isBroken: boolean
}

/** Reads the logical line whose first line begins at `from`, and whose text at `start`. */
function readLine(text: string, from: number, start: number): Read | undefined {
  let open: Bracket[] = []
  let line = from
  let isBroken = false
  let colon: number | undefined
  /** Where the comment of the line begins, if it has one. */
  let comment: number | undefined
  /** Takes the innermost bracket for one that nothing closes, with all others of its line; that line. */
  const giveUp = (): number | undefined => {
    const last = open.pop()?.line
    isBroken = true
    open = open.filter(b => b.line !== last)
    return last
  }
  /** The line that was broken ends by itself: what seemed to continue it are lines of their own. */
  const cutAfter = (broken: number): Read => {
    const next = nextLine(text, broken)
    return { end: endOfLine(text, Math.max(broken, start), next), next, colon, isBroken }
  }
  for (let at = start; at < text.length;) {
    plain.lastIndex = at
    if (plain.test(text)) {
      at = plain.lastIndex
      if (at >= text.length) break
    }
    const c = text[at] as string
    if (c === '"' || c === "'") {
      const string = readString(text, at, hasFields(text, at))
      if (!string) return undefined
      at = string.end
      if (string.isBroken) breakHere()
    } else if (c === '#') {
      comment = at
      at = endOf(text, at)
    } else if (c === '\\') {
      if (/^\\\r?\n/.test(text.slice(at, at + 3))) line = at = nextLine(text, at)
      else at++
    } else if (c === '\n') {
      if (open.length === 0) return { end: endBefore(text, start, comment ?? at), next: at + 1, colon, isBroken }
      comment = undefined
      line = ++at
      if (beginsStatement.test(text.slice(at, at + 200).trimStart())) {
        let broken: number | undefined
        while (open.length > 0) broken = giveUp()
        return cutAfter(broken ?? from)
      }
    } else if (c in closers) {
      open.push({ close: closers[c] as string, line })
      at++
    } else if (c === ':') {
      if (open.length === 0 && !isBroken && text[at + 1] !== '=') colon ??= at
      at++
    } else {
      while (open.length > 0 && open[open.length - 1]?.close !== c) {
        const broken = giveUp()
        if (open.length === 0 && broken !== undefined && broken !== line) return cutAfter(broken)
      }
      if (!open.pop()) isBroken = true
      at++
    }
  }
  const end = endBefore(text, start, comment ?? text.length)
  if (open.length === 0) return { end, next: text.length, colon, isBroken }
  let broken: number | undefined
  while (open.length > 0) broken = giveUp()
  return cutAfter(broken ?? from)

  /** What was opened on this line says nothing. */
  function breakHere(): void {
    isBroken = true
    open = open.filter(b => b.line !== line)
  }
}

/** What neither ends a string nor begins anything in it. */
const insideDouble = /[^"\\\n{]+/y
const insideSingle = /[^'\\\n{]+/y

/** Reads a string from its first quote; undefined where a long one does not end. */
function readString(
  text: string,
  start: number,
  hasFields: boolean,
): { readonly end: number; readonly isBroken: boolean } | undefined {
  const quote = text[start] as string
  const isLong = text.startsWith(quote.repeat(3), start)
  const mark = isLong ? quote.repeat(3) : quote
  const inside = quote === '"' ? insideDouble : insideSingle
  for (let at = start + mark.length; at < text.length;) {
    inside.lastIndex = at
    if (inside.test(text)) {
      at = inside.lastIndex
      if (at >= text.length) break
    }
    const c = text[at]
    if (c === '\\') at += text.startsWith('\r\n', at + 1) ? 3 : 2
    else if (c === '\n' && !isLong) return { end: at, isBroken: true }
    else if (c === quote && text.startsWith(mark, at)) return { end: at + mark.length, isBroken: false }
    else if (hasFields && c === '{' && text[at + 1] !== '{') {
      const end = readField(text, at + 1, isLong)
      if (end === undefined) {
        if (isLong) return undefined
        return { end: endOf(text, at), isBroken: true }
      }
      at = end
    } else at += hasFields && c === '{' ? 2 : 1
  }
  return isLong ? undefined : { end: text.length, isBroken: true }
}

/** Reads a field of an f-string to behind its brace; undefined where it does not end. */
function readField(text: string, start: number, isLong: boolean): number | undefined {
  let depth = 0
  let isFormat = false
  for (let at = start; at < text.length;) {
    const c = text[at]
    if (c === '\n' && !isLong) return undefined
    if (c === '}' && depth === 0) return at + 1
    if (isFormat && c === '{') {
      const end = readField(text, at + 1, isLong)
      if (end === undefined) return undefined
      at = end
    } else if (!isFormat && (c === '"' || c === "'")) {
      const string = readString(text, at, /[ft][rb]?$/i.test(text.slice(Math.max(0, at - 2), at)))
      if (!string || string.isBroken) return undefined
      at = string.end
    } else {
      if (!isFormat && (c === '(' || c === '[' || c === '{')) depth++
      else if (!isFormat && (c === ')' || c === ']' || c === '}')) depth--
      else if (c === ':' && depth === 0) isFormat = true
      if (depth < 0) return undefined
      at++
    }
  }
  return undefined
}

/** What neither opens, closes nor ends anything. */
const plain = /[^\n()[\]{}"'#\\:]+/y
const prefixBefore = /(?:^|[^\w\u0080-\uffff])([A-Za-z]{1,2})$/

/** Whether the letters before a quote make it a string with fields. */
function hasFields(text: string, quote: number): boolean {
  if (!isWord(text.charCodeAt(quote - 1))) return false
  const prefix = prefixBefore.exec(text.slice(Math.max(0, quote - 3), quote))?.[1]
  return prefix !== undefined && stringPrefix.test(prefix) && /[ft]/i.test(prefix)
}

const endBefore = (text: string, start: number, at: number): number => start + text.slice(start, at).trimEnd().length

function indentAt(text: string, at: number): string {
  let end = at
  while (text[end] === ' ' || text[end] === '\t' || text[end] === '\f') end++
  return text.slice(at, end)
}

function columns(indent: string): number {
  let count = 0
  for (const c of indent) count = c === '\t' ? (Math.floor(count / 8) + 1) * 8 : c === '\f' ? 0 : count + 1
  return count
}

/** Where the line that holds an offset ends, before its newline. */
function endOf(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

const nextLine = (text: string, at: number): number => Math.min(text.length, endOf(text, at) + 1)

const endOfLine = (text: string, start: number, next: number): number =>
  start + text.slice(start, next).trimEnd().length
