// Long loops, read in one turn. A loop over 256 experts inside a loop over 61 layers is 15,616 turns that all say the same
// but for a number in the keys; where the turns are alike, the loop is run once with a symbol that stands for any number of
// the range, and the checkpoint's names say later which ones there are. Short loops are followed turn by turn: exactly.

import type { Expr, Stmt } from '../../source/ir'
import type { Machine } from './machine'
import { mentions, writesByKey, writtenNames } from '../program/names'
import { isNumber, list, type Value } from '../values/value'

/** Turns, those of the loops around counted in, that are followed one by one before a loop is read in one turn. */
const turnsOneByOne = 1_024
/** Whole numbers that a symbol may stand for. */
export interface NumberRange {
  readonly first: number
  readonly step: number
  readonly count: number
}

export interface Summary {
  /** What stands for any of the items. */
  readonly item: Value
  readonly count: number
}

/** Symbols of ranges are below zero, and the same in every run: what was looked up with them is kept. */
const symbols = new Map<string, number>()
let lastSymbol = 0

/** One item for all of them, if the loop is long and they are alike; undefined where the turns must be followed. */
export function summarize(m: Machine, items: readonly Value[]): Summary | undefined {
  if (items.length < 2 || m.turns * items.length <= turnsOneByOne) return undefined
  const item = standIn(m, items)
  return item && { item, count: items.length }
}

/** So many turns are cheap. */
const fewTurns = 8

/** A loop whose turns do not even use their number, as when a model is run once for every token: one turn shows all. */
export function summarizeUnused(items: readonly Value[], target: Expr, body: readonly Stmt[]): Summary | undefined {
  const item = items[0]
  if (!item || items.length < 2 || target.kind !== 'name' || mentions(body, target.name)) return undefined
  // What grows with every turn is followed while that is cheap.
  if (items.length <= fewTurns && countedNames(body).length > 0) return undefined
  return item.kind === 'const' ? { item, count: items.length } : undefined
}

/** Whether one turn of a body can stand for all: none leaves behind what the next one would change again. */
export function isUniform(m: Machine, body: readonly Stmt[] | Expr): boolean {
  return !writesByKey(m.programs, body)
}

/** Names that a body counts up or adds to: what they hold after some turns is not known. */
export const countedNames = (body: readonly Stmt[]): readonly string[] => writtenNames(body)

/** Whether a text is one of the numbers of a range, as a program prints it. */
export function isInRange(range: NumberRange, text: string): boolean {
  if (!/^(0|-?[1-9]\d{0,14})$/.test(text)) return false
  const turn = (Number(text) - range.first) / range.step
  return Number.isInteger(turn) && turn >= 0 && turn < range.count
}

function standIn(m: Machine, items: readonly Value[]): Value | undefined {
  const first = items[0]
  if (!first) return undefined
  if (items.every(item => item === first)) return first
  if (first.kind === 'const') return rangeSymbol(m, items)
  if (first.kind === 'instance')
    return items.every(item => item.kind === 'instance' && item.of === first.of) ? first : undefined
  if (first.kind !== 'list' || first.items.length > 4) return undefined
  const columns: Value[] = []
  for (let i = 0; i < first.items.length; i++) {
    const column: Value[] = []
    for (const item of items) {
      const cell = item.kind === 'list' && !item.open && item.items.length === first.items.length && item.items[i]
      if (!cell) return undefined
      column.push(cell)
    }
    const cell = standIn(m, column)
    if (!cell) return undefined
    columns.push(cell)
  }
  return list(columns, first.shape)
}

function rangeSymbol(m: Machine, items: readonly Value[]): Value | undefined {
  const [first, second] = items
  if (!first || !second || !isNumber(first) || !isNumber(second)) return undefined
  const step = second.value - first.value
  if (step === 0 || !Number.isInteger(step) || !Number.isInteger(first.value)) return undefined
  if (items.some((item, i) => !isNumber(item) || item.value !== first.value + i * step)) return undefined
  const symbol = symbolOf(m, 'numbers', { first: first.value, step, count: items.length })
  return { kind: 'unknown', symbol, free: false, why: 'any index of a long loop' }
}

/** A symbol for any number of a range. `of`: what is counted; different things that are counted alike are told apart. */
export function symbolOf(m: Machine, of: string, range: NumberRange): number {
  // Two loops inside one another need two symbols; two loops one after the other mean the same indexes.
  const key = `${of} ${m.summaries} ${range.first} ${range.step} ${range.count}`
  let symbol = symbols.get(key)
  if (symbol === undefined) {
    if (symbols.size > 10_000) symbols.clear()
    symbols.set(key, (symbol = --lastSymbol))
  }
  m.ranges.set(symbol, range)
  return symbol
}
