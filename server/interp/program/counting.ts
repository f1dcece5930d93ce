// Loops over whole numbers, one by one, with where their bounds come from: which layers a program means to read.

import type { Expr, Stmt } from '../../source/ir'
import { evaluate } from '../run/expressions'
import { type Machine, place, placeKey } from '../run/machine'
import { type ConfigPlace, isNumber, type Place, type Scope } from '../values/value'

/** A loop over whole numbers, one by one. */
export interface Counter {
  /** `range(…)`, or the head of a loop in JavaScript. */
  readonly at: Place
  readonly first: number
  readonly last: number
  /** The first number, where it is written as a literal. */
  readonly start: Place | undefined
  /** The config value that says how many there are. */
  readonly stop: ConfigPlace | undefined
}

export function noteCounter({ counters }: Machine, counter: Counter): void {
  const { at, first, last } = counter
  counters.set(`${placeKey(at)} ${first} ${last}`, counter)
}

/** The place, where nothing but a whole number is written there. */
export const writtenNumber = (at: Place | undefined): Place | undefined =>
  at && /^\d+$/.test(at.program.text.slice(at.span.start, at.span.end)) ? at : undefined

/** `for (let i = 0; i < n; i++)` with an end that is known. */
export function noteCounting(m: Machine, { init, test, update }: Stmt & { kind: 'while' }, scope: Scope): void {
  const [begin, step] = [init.find(s => s.kind === 'assign'), update[0]]
  if (begin?.kind !== 'assign' || begin.target.kind !== 'name' || test.kind !== 'compare') return
  const { name } = begin.target
  const counts = (e: Expr) => e.kind === 'name' && e.name === name
  if (!counts(test.left) || (test.op !== '<' && test.op !== '<=')) return
  if (!/^(name|attribute|literal)$/.test(test.right.kind) || step?.kind !== 'assign' || !counts(step.target)) return
  const isOne = step.op === '+' && step.value.kind === 'literal' && step.value.value === 1
  const [first, end] = [evaluate(m, begin.target, scope), evaluate(m, test.right, scope)]
  if (!isOne || !isNumber(first) || !isNumber(end)) return
  const last = end.value - (test.op === '<' ? 1 : 0)
  if (last < first.value) return
  noteCounter(m, {
    at: place(scope.program, { start: begin.target.span.start, end: test.span.end }),
    first: first.value,
    last,
    start: writtenNumber(place(scope.program, begin.value.span)),
    stop: end.config,
  })
}
