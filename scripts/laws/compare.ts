// Compares what the interpreter says with what MLX says: a definite answer must be MLX's, a question mark may be anything.

import { died } from './mlx'

export interface Disagreement {
  readonly expression: string
  readonly ours: string
  readonly theirs: string
}

export interface Comparison {
  readonly count: number
  /** Operations that MLX takes and of which something is not known here. */
  readonly unknown: readonly Disagreement[]
  /** Operations that MLX refuses. */
  readonly refused: number
  /** Refused by MLX, taken here. */
  readonly missed: readonly Disagreement[]
  readonly wrong: readonly Disagreement[]
}

const isRefusal = (answer: string): boolean => answer.startsWith('! ')

/** Whether an answer with question marks in it can be the other. */
function fits(ours: string, theirs: string): boolean {
  if (ours === '?') return !isRefusal(theirs)
  if (isRefusal(ours)) return isRefusal(theirs) && sameError(ours, theirs)
  const [a, b] = [ours.split('; '), theirs.split('; ')]
  return a.length === b.length && a.every((one, i) => fitsOne(one, b[i] ?? ''))
}

/** MLX's texts are compared as far as they are told here, which may be without their end. */
function sameError(ours: string, theirs: string): boolean {
  const told = ours.endsWith(' ?') ? ours.slice(0, -1) : ours
  return theirs.startsWith(told)
}

function fitsOne(ours: string, theirs: string): boolean {
  if (ours === '?') return true
  const [shape, dtype] = [shapeOf(ours), typeOf(ours)]
  if (dtype !== '?' && dtype !== typeOf(theirs)) return false
  if (shape === '?') return true
  const [a, b] = [sizesOf(shape), sizesOf(shapeOf(theirs))]
  return a.length === b.length && a.every((d, i) => d === '?' || d === b[i])
}

const shapeOf = (answer: string): string => answer.slice(0, answer.lastIndexOf(' '))
const typeOf = (answer: string): string => answer.slice(answer.lastIndexOf(' ') + 1)
const sizesOf = (shape: string): readonly string[] => shape.slice(1, -1).split(', ').filter(Boolean)

export function compare(
  expressions: readonly string[],
  ours: readonly string[],
  theirs: readonly string[],
): Comparison {
  const rows = expressions
    .map((expression, i) => ({ expression, ours: ours[i] ?? '', theirs: theirs[i] ?? '' }))
    .filter(({ theirs }) => theirs !== died)
  const isTold = (answer: string) => isRefusal(answer) || !answer.includes('?')
  const missed = rows.filter(r => isRefusal(r.theirs) && !isRefusal(r.ours))
  return {
    count: rows.length,
    unknown: rows.filter(r => !isTold(r.ours) && !isRefusal(r.theirs)),
    refused: rows.filter(r => isRefusal(r.theirs)).length,
    missed,
    wrong: rows.filter(r => !missed.includes(r) && !fits(r.ours, r.theirs)),
  }
}
