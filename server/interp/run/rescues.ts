// Calls of JavaScript whose failure something else stands in for: `promise.catch(f)`, `promise.then(g, f)`, and functions that
// take promises of which some may fail.

import type { Expr, Stmt } from '../../source/ir'
import { callFunction, callValue, evaluateArguments } from './calls'
import { endsInFailure } from './exceptions'
import { evaluate, isNone, unsure } from './expressions'
import { isChained } from '../program/names'
import { type Machine, place, unknown } from './machine'
import { Raised } from './refusals'
import { isJavaScript } from './scopes'
import { join, none, type Scope, type Value } from '../values/value'

/** `super().__init__(…)` and plain calls alike: the callee first, then the arguments. */
export function evaluateCall(m: Machine, e: Expr & { kind: 'call' }, scope: Scope): Value {
  const at = place(scope.program, e.span)
  const { doubts } = m
  const rescuer = isJavaScript(scope) ? rescuerOf(e) : undefined
  const handler = rescuer && evaluate(m, rescuer, scope)
  const callee =
    handler && goesOnAfter(handler) ? guarded(m, () => evaluate(m, e.callee, scope)) : evaluate(m, e.callee, scope)
  if (callee instanceof Raised)
    return handled(m, callee, error => callFunction(m, handler ?? none, [error], { at, scope }))
  if (isNone(callee) && isChained(e)) return none
  const args =
    callee.kind === 'library' && waitsForAny.test(callee.name)
      ? guarded(m, () => evaluateArguments(m, e.args, scope))
      : evaluateArguments(m, e.args, scope)
  if (args instanceof Raised) return unknown(m, 'promises of which one fails')
  const value = callValue(m, callee, args, { expr: e, scope, at })
  if (!handler || m.doubts === doubts) return value
  return unsure(m, () => join(value, callFunction(m, handler, [unknown(m, 'an exception')]), w => unknown(m, w)))
}

/** Functions that take promises, of which some may fail. */
const waitsForAny = /^js\.Promise\.(allSettled|any)$/

/** Evaluates something whose failure is caught; gives what was raised where it fails. */
function guarded<T>(m: Machine, f: () => T): T | Raised {
  const before = { ...m }
  m.guarded++
  m.keyGuarded++
  m.catching++
  try {
    return f()
  } catch (error) {
    if (!(error instanceof Raised)) throw error
    const { alternative, depth, frame, turns, summaries } = before
    Object.assign(m, { alternative, depth, frame, turns, summaries })
    return error
  } finally {
    const { guarded, keyGuarded, catching } = before
    Object.assign(m, { guarded, keyGuarded, catching })
  }
}

/** What `promise.catch(f)` and `promise.then(g, f)` put in the place of a failure: what handles it, as it is written. */
function rescuerOf({ callee, args }: Expr & { kind: 'call' }): Expr | undefined {
  if (callee.kind !== 'attribute') return undefined
  const handler = callee.name === 'catch' ? args[0] : callee.name === 'then' ? args[1] : undefined
  return handler && !handler.spread ? handler.value : undefined
}

/** Whether a program goes on after a handler as if nothing had failed; one that says what failed and no more does not. */
const goesOnAfter = (handler: Value): boolean =>
  handler.kind === 'function' && (handler.def.body.length === 0 || !handler.def.body.every(isReport))

/** Tells people, or the one who runs the program, and nobody else. */
function isReport(s: Stmt): boolean {
  if (endsInFailure(s)) return true
  const value = s.kind === 'expression' || s.kind === 'return' ? s.value : undefined
  const callee = value?.kind === 'call' ? value.callee : undefined
  if (callee?.kind !== 'attribute' || callee.object.kind !== 'name') return false
  return callee.object.name === 'console' || (callee.object.name === 'process' && callee.name === 'exit')
}

/** What a handler makes of a failure. */
function handled(m: Machine, { refusal, value }: Raised, call: (error: Value) => Value): Value {
  const { handling } = m
  m.handling = refusal
  try {
    return call(value ?? unknown(m, 'an exception'))
  } finally {
    m.handling = handling
  }
}
