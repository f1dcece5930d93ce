// Programs are read as they run where nothing is given on the command line, as far as they run then.

import type { Expr, Stmt } from '../../source/ir'
import { leaves, walkNodes } from '../program/names'
import type { Value } from '../values/value'

/** What a value is where nothing is given on the command line. */
export const otherwiseOf = (v: Value): Value => (v.kind === 'unknown' && v.otherwise) || v

/**
 * The branch that is taken where nothing is given on the command line, if there is one for either case; what ends the
 * program there only tells how to call it.
 */
export function withoutArguments(test: Value, { yes, no }: Stmt & { kind: 'if' }): boolean | undefined {
  if (test.kind !== 'unknown' || !test.otherwise) return undefined
  const isTaken = Boolean(test.otherwise.value)
  const taken = isTaken ? yes : no
  return taken.length === 0 || leaves(taken) || exits(taken) ? undefined : isTaken
}

/** Whether a body calls what ends the program. */
function exits(body: readonly Stmt[]): boolean {
  let found = false
  walkNodes(body, node => {
    const called = node.kind === 'call' ? (node as Expr & { kind: 'call' }).callee : undefined
    if (called?.kind === 'name' && /^(exit|quit)$/.test(called.name)) found = true
    if (called?.kind === 'attribute' && /^(exit|_exit|error)$/.test(called.name)) found = true
  })
  return found
}
