// Marks: comments under a line that say what is expected of it.
//   # ^^^^ error[rule-id]: text          a finding on exactly this range, whose message contains the text
//   # ^^^^ 💡 warning[rule-id]: text     the same, and at least one fix is offered
//   # ^^^^ is 4-bit [512, 96] g64        the abstract value of the range
//   # ^^^^ (+2:7) error[rule-id]: text   the range ends two lines further down, before column 7
//   # <- (+0:9) error[rule-id]: text     the range begins at the column of the comment sign itself
// In a checkpoint, whose findings have no place, a mark is a line `! error[rule-id]: text`.
// Marks are taken out of a file before it is analysed, so positions count the lines that are left.

import type { Position, Range, Severity } from '../../server/protocol'

export interface Mark {
  readonly path: string
  readonly range: Range
  /** Undefined: only the beginning of the range is stated. */
  readonly openEnd?: boolean
  /** Undefined for a mark that states a value. */
  readonly severity?: Severity
  readonly rule?: string
  readonly text: string
  readonly hasFix: boolean
  /** Zero-based line within the block. */
  readonly blockLine: number
}

export interface MarkedText {
  readonly text: string
  readonly marks: readonly Mark[]
  /** Line within the block of every line of the text. */
  readonly blockLines: readonly number[]
}

const zero: Position = { line: 0, character: 0 }
const markPattern =
  /^(\s*)(#|\/\/)(\s*)(<-|\^+)\s*(?:\(\+(\d+):(\d+)\))?\s*(💡)?\s*(?:is (.*)|(error|warning|information|hint)\[([\w-]+)\](?::\s*(.*))?)$/u
const checkpointPattern = /^!\s*(💡)?\s*(error|warning|information|hint)\[([\w-]+)\](?::\s*(.*))?$/u

/** Separates a source or JSON block into the file's text and its marks. */
export function readMarks(path: string, lines: readonly string[]): MarkedText {
  const kept: string[] = []
  const blockLines: number[] = []
  const marks: Mark[] = []
  for (const [blockLine, line] of lines.entries()) {
    const found = markPattern.exec(line)
    if (!found) {
      kept.push(line)
      blockLines.push(blockLine)
      continue
    }
    if (kept.length === 0) throw new Error(`a mark has no line above it: ${line}`)
    const [, indent = '', sign = '', gap = '', pointer = '', down, column, bulb, value, severity, rule, text] = found
    const at = kept.length - 1
    const isArrow = pointer === '<-'
    const character = isArrow ? indent.length : indent.length + sign.length + gap.length
    const end =
      down !== undefined && column !== undefined
        ? { line: at + Number(down), character: Number(column) }
        : { line: at, character: isArrow ? character : character + pointer.length }
    marks.push({
      path,
      range: { start: { line: at, character }, end },
      ...(isArrow && down === undefined ? { openEnd: true } : {}),
      ...(severity === undefined ? {} : { severity: severity as Severity }),
      ...(rule === undefined ? {} : { rule }),
      text: (value ?? text ?? '').trim(),
      hasFix: bulb !== undefined,
      blockLine,
    })
  }
  return { text: kept.map(line => `${line}\n`).join(''), marks, blockLines }
}

/** Separates a checkpoint block into its table and its marks. */
export function readCheckpointMarks(path: string, lines: readonly string[]): { table: string[]; marks: Mark[] } {
  const table: string[] = []
  const marks: Mark[] = []
  for (const [blockLine, line] of lines.entries()) {
    const found = checkpointPattern.exec(line)
    if (!found) {
      table.push(line)
      continue
    }
    const [, bulb, severity, rule, text = ''] = found
    const range = { start: zero, end: zero }
    marks.push({
      path,
      range,
      severity: severity as Severity,
      rule,
      text: text.trim(),
      hasFix: bulb !== undefined,
      blockLine,
    })
  }
  return { table, marks }
}

/** What a finding or a value looks like as a mark, without the pointer. */
export interface Statement {
  readonly severity?: Severity
  readonly rule?: string
  readonly text: string
  readonly hasFix: boolean
}

function showStatement({ severity, rule, text, hasFix }: Statement): string {
  if (severity === undefined) return `is ${text}`
  return `${hasFix ? '💡 ' : ''}${severity}[${rule}]: ${text}`
}

/** The line that goes below the first line of a range; `line` is that line's text. */
export function drawMark(range: Range, line: string, sign: string, statement: Statement): string {
  const { start, end } = range
  const isSingle = end.line === start.line && end.character > start.character
  const width = isSingle ? end.character - start.character : Math.max(1, line.length - start.character)
  const where = isSingle ? '' : `(+${end.line - start.line}:${end.character}) `
  const words = showStatement(statement)
  if (start.character < sign.length) {
    const far = `(+${end.line - start.line}:${end.character}) `
    return `${' '.repeat(start.character)}${sign} <- ${far}${words}`
  }
  return `${sign}${' '.repeat(start.character - sign.length)}${'^'.repeat(width)} ${where}${words}`
}

/** The line for a finding in a checkpoint. */
export function drawCheckpointMark(statement: Statement): string {
  return `! ${showStatement(statement)}`
}
