// What the symbols in a key can stand for, as a table: a column for each symbol, a row for each reading. Thousands of
// tensors that a key means at once are told apart by nothing else, so an array holds such a table for all that are alike.
// Tables come from lookups and stay the same objects while a program is edited; how two of them go together is kept.

/** One text for each symbol. */
export type Row = readonly string[]

const knownRows = new Map<string, Row>()
/** Rows that are kept: those of a large checkpoint, a few times. */
const keptRowTexts = 100_000

/** One row for equal ones: the weights, scales and biases of a model, and all its projections, have the same numbers. */
export function rowOf(texts: Row): Row {
  const key = texts.length === 1 ? (texts[0] ?? '') : texts.join('\0')
  const known = knownRows.get(key)
  if (known?.length === texts.length) return known
  if (knownRows.size >= keptRowTexts) knownRows.clear()
  knownRows.set(key, texts)
  return texts
}

export interface Readings {
  /** Each of them once, in no order of their own. */
  readonly symbols: readonly number[]
  readonly rows: readonly Row[]
}

/** The one reading of what depends on no symbol. */
export const onlyReading: Readings = { symbols: [], rows: [[]] }

/** Rows of a table that another is made of: all as they are, one of them everywhere, or by number. */
export type Picked = 'all' | number | Int32Array

export interface Together {
  readonly readings: Readings
  readonly left: Picked
  readonly right: Picked
}

/** Two tables of which every row has one partner go together however long they are; one that grows is followed so far. */
const mostReadings = 20_000
/** Partners whose join with one table is kept. */
const keptPartners = 32

interface Kept {
  readonly right: readonly Row[]
  /** For each symbol on the right the column on the left that it is, or -1. */
  readonly columns: readonly number[]
  readonly made: Made
}

interface Made {
  readonly rows: readonly Row[]
  /** Whose symbols come first in the rows. */
  readonly order: 'left' | 'right'
  readonly left: Picked
  readonly right: Picked
}

const kept = new WeakMap<readonly Row[], Kept[]>()

/**
 * Readings of both at the same time: those in which no symbol stands for two texts. Without any the rows are empty;
 * undefined where they are too many.
 */
export function together(a: Readings, b: Readings): Together | undefined {
  if (isOnly(b)) return { readings: a, left: 'all', right: a.rows.length === 1 ? 'all' : 0 }
  if (isOnly(a)) return { readings: b, left: b.rows.length === 1 ? 'all' : 0, right: 'all' }
  const columns = b.symbols.map(s => a.symbols.indexOf(s))
  if (a.rows === b.rows && columns.length === a.symbols.length && columns.every((c, i) => c === i))
    return { readings: a, left: 'all', right: 'all' }
  let partners = kept.get(a.rows)
  let made = partners?.find(k => k.right === b.rows && sameNumbers(k.columns, columns))?.made
  if (!made) {
    made = join(a.rows, b.rows, columns)
    if (!made) return undefined
    if (!partners) kept.set(a.rows, (partners = []))
    partners.unshift({ right: b.rows, columns, made })
    if (partners.length > keptPartners) partners.pop()
  }
  const symbols =
    made.order === 'left'
      ? [...a.symbols, ...b.symbols.filter((_, i) => columns[i] === -1)]
      : [...b.symbols, ...a.symbols.filter(s => !b.symbols.includes(s))]
  return { readings: { symbols, rows: made.rows }, left: made.left, right: made.right }
}

const isOnly = ({ symbols, rows }: Readings): boolean => symbols.length === 0 && rows.length === 1

const sameNumbers = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((n, i) => n === b[i])

function join(left: readonly Row[], right: readonly Row[], columns: readonly number[]): Made | undefined {
  const shared = columns.flatMap((c, i) => (c >= 0 ? [i] : []))
  const added = columns.flatMap((c, i) => (c < 0 ? [i] : []))
  const partners = new Map<string, number[]>()
  right.forEach((row, j) => {
    const key = shared.map(i => row[i]).join('\0')
    const same = partners.get(key)
    if (same) same.push(j)
    else partners.set(key, [j])
  })
  const most = Math.max(mostReadings, left.length, right.length)
  const pairs: (readonly [number, number])[] = []
  for (const [i, row] of left.entries())
    for (const j of partners.get(shared.map(s => row[columns[s] ?? 0]).join('\0')) ?? []) {
      if (pairs.length === most) return undefined
      pairs.push([i, j])
    }
  // The table that has all symbols and loses no row is taken as it is, so that it is known again.
  if (added.length === 0 && pairs.length === left.length && pairs.every(([i], n) => i === n))
    return {
      rows: left,
      order: 'left',
      left: 'all',
      right: picked(
        pairs.map(([, j]) => j),
        right.length,
      ),
    }
  if (shared.length === (left[0]?.length ?? 0) && pairs.length === right.length) {
    const byRight = pairs.toSorted((a, b) => a[1] - b[1])
    if (byRight.every(([, j], n) => j === n))
      return {
        rows: right,
        order: 'right',
        left: picked(
          byRight.map(([i]) => i),
          left.length,
        ),
        right: 'all',
      }
  }
  return {
    rows: pairs.map(([i, j]) => rowOf([...(left[i] ?? []), ...added.map(c => right[j]?.[c] ?? '')])),
    order: 'left',
    left: picked(
      pairs.map(([i]) => i),
      left.length,
    ),
    right: picked(
      pairs.map(([, j]) => j),
      right.length,
    ),
  }
}

const picked = (rows: readonly number[], of: number): Picked =>
  rows.length === of && rows.every((r, i) => r === i) ? 'all' : Int32Array.from(rows)

/** What goes with each row, in the order of the rows picked: `count` of them. */
export function pick<T>(items: readonly T[], rows: Picked, count: number): readonly T[] {
  if (rows === 'all') return items
  if (typeof rows === 'number') return Array.from({ length: count }, () => items[rows] as T)
  return Array.from(rows, row => items[row] as T)
}

/** First the one selection, then the other from what it gave. */
export function pickedFrom(first: Picked, then: Picked): Picked {
  if (then === 'all') return first
  if (first === 'all') return then
  if (typeof first === 'number') return first
  return typeof then === 'number' ? (first[then] ?? 0) : Int32Array.from(then, row => first[row] ?? 0)
}

interface Stacked {
  readonly parts: readonly (readonly unknown[])[]
  readonly first: number
  readonly made: readonly unknown[]
}
const stacked = new WeakMap<readonly unknown[], Stacked[]>()
/** Stacks that are kept for one first part: so many, and so many rows of all together beside the last. */
const keptStacks = 32
const keptRows = 20_000

function keptStack<T>(parts: readonly (readonly T[])[], first: number, make: () => readonly T[]): readonly T[] {
  const [key] = parts
  if (!key) return []
  const known = stacked.get(key) ?? []
  const same = known.find(
    s => s.first === first && s.parts.length === parts.length && s.parts.every((p, i) => p === parts[i]),
  )
  if (same) return same.made as readonly T[]
  const made = make()
  let rows = 0
  const older = known.slice(0, keptStacks - 1).filter(s => (rows += s.made.length) <= keptRows)
  stacked.set(key, [{ parts, first, made }, ...older])
  return made
}

/** The rows of several tables one after the other, with a column more that says which of them, counted from `first`. */
export const stackRows = (tables: readonly (readonly Row[])[], first: number): readonly Row[] =>
  keptStack(tables, first, () => tables.flatMap((rows, i) => rows.map(row => rowOf([...row, String(first + i)]))))

/** What goes with their rows, one after the other. */
export const stackItems = <T>(parts: readonly (readonly T[])[]): readonly T[] => keptStack(parts, 0, () => parts.flat())
