// Calls that would tell nothing, and are not entered: those of a function in itself on what is not known, as in a walk over a
// tree that no one has seen. Every turn would know no more than the one before it, and two such calls in a turn would be two
// to the power of the depth.

import type { Expr, FunctionDef } from '../../source/ir'
import { evaluate } from './expressions'
import { type Machine, unknown } from './machine'
import type { Place, Scope, Value } from '../values/value'

/** A call that has not returned yet. */
export interface Entered {
  readonly def: FunctionDef
  /** What its parameters got. */
  readonly given: readonly Value[]
  /** How much was uncertain then. */
  readonly uncertain: number
  /** The call that it was made in. */
  readonly within: Entered | undefined
  /** Where it is written, if a call of the program is what it was entered by. */
  readonly at: Place | undefined
}

/** So many of the calls around a failure are told. */
const mostCalls = 3

/** Where the functions that run now were called, the nearest first. */
export function callsAround(m: Machine): readonly Place[] {
  const found: Place[] = []
  for (let call = m.frame.entered; call && found.length < mostCalls; call = call.within)
    if (call.at && !found.includes(call.at)) found.push(call.at)
  return found
}

/** Calls inside calls; deeper recursion than this in a loader is a loop we cannot follow. */
const mostDepth = 60
/** A call as it is entered, or why it is not. */
export function enter(m: Machine, def: FunctionDef, given: readonly Value[], at: Place | undefined): Entered | string {
  if (m.depth >= mostDepth) return 'calls nest too deeply'
  const within = m.frame.entered
  for (let outer = within; outer; outer = outer.within)
    if (outer.def === def) {
      if (m.uncertain > outer.uncertain && isVague(given, outer.given)) return 'a call of itself on what is not known'
      break
    }
  return { def, given, uncertain: m.uncertain, within, at }
}

/** The value of a field, or of a parameter that is left out; one that is made of itself would never be there. */
export function evaluateOnce(m: Machine, e: Expr, scope: Scope): Value {
  if (m.working.has(e)) return unknown(m, 'a value that is made of itself')
  m.working.add(e)
  try {
    return evaluate(m, e, scope)
  } finally {
    m.working.delete(e)
  }
}

/** Whether something is not known of what a call gets, and nothing is but numbers, texts, and what the call around it had. */
function isVague(given: readonly Value[], before: readonly Value[]): boolean {
  let isAnyUnknown = false
  for (let i = 0; i < given.length; i++) {
    const v = given[i] as Value
    if (v.kind === 'unknown') isAnyUnknown = true
    else if (v.kind !== 'template' && v.kind !== 'const' && v !== before[i]) return false
  }
  return isAnyUnknown
}
