// Decorators of Python. One that the workspace defines is called, for it may keep what it is given or put something else in
// its place; any other, but for a few, is taken to leave a function or a class what it is.

import type { Expr } from '../../source/ir'
import { callFunction } from './calls'
import { evaluate } from './expressions'
import { type Machine, place } from './machine'
import { noteDecorators } from '../program/signatures'
import type { ClassValue, FunctionValue, Scope, Value } from '../values/value'

/** Decorators of a library that put something else in a function's place. */
const replaces = /^functools\.singledispatch\b/

/** What a decorated name means. */
export function decorated(
  m: Machine,
  definition: FunctionValue | ClassValue,
  wrappers: readonly Expr[] | undefined,
  scope: Scope,
): Value {
  let value: Value = definition
  const called = new Set<number>()
  for (const [i, wrapper] of [...(wrappers ?? []).entries()].reverse()) {
    const decorator = evaluate(m, wrapper, scope)
    const isCalled = decorator.kind === 'library' && replaces.test(decorator.name)
    if (!isCalled && decorator.kind !== 'function' && decorator.kind !== 'class' && decorator.kind !== 'instance')
      continue
    called.add(i)
    const given = callFunction(m, decorator, [value], { at: place(scope.program, wrapper.span), scope })
    if (given.kind === 'function' || given.kind === 'class' || given.kind === 'instance') value = given
  }
  if (definition.kind === 'function') noteDecorators(definition.def, index => called.has(index))
  return value
}
