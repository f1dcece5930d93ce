// Objects of JavaScript where a text or a number is wanted: what their `toString` or `valueOf` gives.
// Specification: ECMA-262, 2024, section 7.1.1.

import { callFunction } from './calls'
import type { Machine } from './machine'
import { findMember } from '../members/members'
import type { FunctionValue, Value } from '../values/value'

/** A method that the program has written for an object. */
function ownMethod(v: Value, name: string): FunctionValue | undefined {
  const found =
    v.kind === 'instance'
      ? (v.attributes.get(name) ?? findMember(v.of, name)?.value)
      : v.kind === 'dict' && !v.isMap
        ? v.map.get(name)
        : undefined
  if (found?.kind !== 'function') return undefined
  return found.def.isArrow || found.self ? found : { ...found, self: v }
}

const orders = {
  text: ['[Symbol.toPrimitive]', 'toString', 'valueOf'],
  number: ['[Symbol.toPrimitive]', 'valueOf', 'toString'],
} as const

/** The value itself where it is no object that says what it is. */
export function primitive(m: Machine, v: Value, wanted: 'text' | 'number'): Value {
  if (v.kind !== 'instance' && v.kind !== 'dict') return v
  for (const name of orders[wanted]) {
    const method = ownMethod(v, name)
    const hint = { kind: 'const', value: wanted === 'text' ? 'string' : 'number' } as const
    if (method) return callFunction(m, method, name === orders.text[0] ? [hint] : [])
  }
  return v
}
