// A program that differs from one that was read before in some of its top-level statements only: those are read, the others
// are copied from the earlier program. An edit of a long file then costs what the statement costs that was edited.

import type { Program, Span, Stmt } from './ir'
import { shifted } from './shift'

/** Where the parts of a text begin that can be read by themselves, the first at 0; undefined where that cannot be told. */
export type Parts = (text: string) => readonly number[] | undefined

/** What has to be read of an edited text, and what is there already. */
export interface Edited {
  /** The part of the text that is to be read. */
  readonly start: number
  readonly end: number
  /** What stands before it and behind it. */
  readonly before: Pick<Program, 'body' | 'comments'>
  readonly after: Pick<Program, 'body' | 'comments'>
}

const partsOfProgram = new WeakMap<Program, readonly number[]>()

/** Compares a text with an earlier program's; undefined where the parts of one of them are not known. */
export function edited(old: Program, text: string, parts: Parts): Edited | undefined {
  if (old.isTorn || old.text.length < shortest) return undefined
  const next = parts(text)
  const last = partsOfProgram.get(old) ?? parts(old.text)
  if (!next || !last) return undefined
  partsOfProgram.set(old, last)
  const isBroken = (start: number, end: number): boolean =>
    old.syntaxErrors.some(error => error.start < end && error.end >= start)
  const [ofOld, ofNext] = [rangesOf(last, old.text.length), rangesOf(next, text.length)]
  const isSame = (a: Span, b: Span): boolean =>
    a.end - a.start === b.end - b.start &&
    !isBroken(a.start, a.end) &&
    old.text.slice(a.start, a.end) === text.slice(b.start, b.end)
  let first = 0
  while (first < Math.min(ofOld.length, ofNext.length) && isSame(ofOld[first] as Span, ofNext[first] as Span)) first++
  let tail = 0
  while (
    tail < Math.min(ofOld.length, ofNext.length) - first &&
    isSame(ofOld[ofOld.length - 1 - tail] as Span, ofNext[ofNext.length - 1 - tail] as Span)
  )
    tail++
  const start = ofNext[first]?.start ?? text.length
  const end = ofNext[ofNext.length - tail]?.start ?? text.length
  const oldEnd = ofOld[ofOld.length - tail]?.start ?? old.text.length
  return {
    start,
    end,
    before: within(old, 0, start, 0),
    after: within(old, oldEnd, old.text.length + 1, end - oldEnd),
  }
}

/** Shorter texts are read in no time. */
const shortest = 4_000

const rangesOf = (starts: readonly number[], length: number): readonly Span[] =>
  starts.map((start, i) => ({ start, end: starts[i + 1] ?? length }))

const isWithin = ({ span }: Stmt, start: number, end: number): boolean => span.start >= start && span.start < end

/** What of a program begins between two offsets, moved. */
const within = (
  { body, comments }: Program,
  start: number,
  end: number,
  by: number,
): Pick<Program, 'body' | 'comments'> => ({
  body: shifted(
    body.filter(s => isWithin(s, start, end)),
    by,
  ),
  comments: comments
    .filter(c => c.start >= start && c.start < end)
    .map(c => ({ start: c.start + by, end: c.end + by })),
})
