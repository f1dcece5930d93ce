// Sets aside the lines of a Python text that cannot be read, so that all others mean what they would mean without them: a
// line that is half typed says nothing, and neither hides nor changes what stands around it. In its place stands a text of
// the same length in which one name, the filler, is what is not known. Whether that helps, the parser says.

import type { Span } from '../ir'
import type { Hole, Mended } from '../mended'
import { type LogicalLine, logicalLines } from './lines'

/** The text with all lines set aside that cannot be read, or in which the parser found these errors. */
export function mendPython(text: string, errors: readonly Span[] = []): Mended | undefined {
  const lines = logicalLines(text)
  if (!lines) return undefined
  const broken = lines.flatMap((line, i) => (line.isBroken ? [i] : []))
  for (const at of errors) {
    const i = lines.findLastIndex(({ start }) => start <= at.start)
    const line = lines[i]
    if (line && !line.isBroken && at.end <= line.end + 1 && !broken.includes(i)) broken.push(i)
  }
  if (broken.length === 0 || broken.length > mostLines) return undefined
  const holes = new Map<number, Hole>()
  let made = ''
  let at = 0
  for (const i of broken.sort((a, b) => a - b)) {
    const line = lines[i] as LogicalLine
    if (line.start < at) continue
    // Lines that stand deeper than a statement are what else was written in its brackets.
    const source = text.slice(line.start, line.end)
    const isHeader = opensBlock.test(source)
    let end = line.end
    let next = i + 1
    while (!isHeader && (lines[next]?.indent ?? 0) > line.indent) end = lines[next++]?.end ?? end
    const hasBlock = isHeader && (lines[next]?.indent ?? 0) > line.indent
    const filled = hasBlock ? header(source, line) : statement(source)
    const first = /^[^\r\n]*/.exec(source)?.[0].length ?? 0
    if (filled === undefined || filled.length > first) return undefined
    const whole = text.slice(line.start, end)
    const filler = filled.lastIndexOf('_')
    const span = { start: line.start, end }
    if (isFilled(filled))
      holes.set(line.start + filler, {
        span,
        names: namesIn(hasBlock ? whole : whole.slice(targetOf(source)?.length ?? 0)),
      })
    made += text.slice(at, line.start) + filled + whole.slice(filled.length).replace(/[^\r\n]/g, ' ')
    at = end
  }
  return { text: made + text.slice(at), holes, lines: broken.map(i => lines[i] as Span) }
}

/** A text with more broken lines is not being typed. */
const mostLines = 8
const opensBlock = /^(?:async\s+)?(?:if|elif|else|for|while|def|class|with|try|except|finally)\b/
const isFilled = (text: string): boolean => /(?:^|[ =])_:?$/.test(text)

/** What stands for a statement: what it sets is not known after it; one that leaves its function leaves it. */
function statement(source: string): string {
  if (/^(?:return|raise)\b/.test(source)) return source.length < 8 ? 'return' : 'return _'
  const leaves = /^(?:break|continue)\b/.exec(source)?.[0]
  if (leaves) return leaves
  const target = targetOf(source)
  return target ? `${target}=_` : '_'
}

/** What stands before the first `=` or `+=`, without an annotation. */
function targetOf(source: string): string | undefined {
  const before = /^([A-Za-z_][\w.,[\]"' ]*?)\s*(?::[^=]*)?(?:[-+*/%@&|^]|\/\/|\*\*|<<|>>)?=(?!=)/.exec(source)?.[1]
  return before && !/[\w\])]\s+[\w[(]/.test(before) ? before : undefined
}

/** What stands for the header of a block that is there: the header itself, where it is whole, else one that says no more. */
function header(source: string, { start, colon }: LogicalLine): string | undefined {
  if (colon !== undefined) return source.slice(0, colon + 1 - start)
  const [, keyword] = /^(?:async\s+)?(\w+)/.exec(source) ?? []
  switch (keyword) {
    case 'if':
    case 'elif':
    case 'while':
    case 'with':
      return `${keyword} _:`
    case 'for': {
      const target = /^(?:async\s+)?for\s+([\w., ]+?)\s+in\b/.exec(source)?.[1]
      return target && `for ${target} in _:`
    }
    case 'def': {
      const name = /^(?:async\s+)?def\s+(\w+)/.exec(source)?.[1]
      return name && `def ${name}(*_):`
    }
    case 'else':
    case 'try':
    case 'finally':
    case 'except':
      return `${keyword}:`
    default:
      return undefined
  }
}

const keywords =
  /^(?:if|elif|else|for|while|def|class|with|try|except|finally|in|not|and|or|is|import|from|as|return|raise|lambda|None|True|False|yield|await|async|pass|del|assert|global|nonlocal|break|continue|self)$/

/** Names that the line may hand to something that changes what they hold: those in it that are not only looked into. */
function namesIn(source: string): readonly string[] {
  const names = new Set<string>()
  for (const [, name, next] of source.matchAll(/(?<![\w."'])([A-Za-z_]\w*)\b(?=\s*(\.\w+\(|.|$))/gs))
    if (name && !keywords.test(name) && next !== '.' && next !== '[' && next !== '(') names.add(name)
  return [...names].slice(0, 30)
}
