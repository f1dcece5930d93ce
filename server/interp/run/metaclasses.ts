// Classes of classes: what a metaclass of the workspace does when a class is made of its definition, and when the class is
// called. Source: https://docs.python.org/3/reference/datamodel.html#metaclasses

import { type Arguments, evaluateArguments, invoke } from './calls'
import { instantiate } from './classes'
import type { Machine } from './machine'
import { findMember, libraryBases } from '../members/members'
import {
  type ClassValue,
  constant,
  dict,
  type FunctionValue,
  library,
  list,
  none,
  type Scope,
  type Value,
} from '../values/value'

/** The library's own class of classes. */
const typeClass = 'py.type'

/** What a metaclass is busy with: the class that `type` would make, or that it would call. */
interface Work {
  readonly of: ClassValue
  readonly args?: Arguments
}

const working = new WeakMap<Machine, Work[]>()

const ownMethod = (of: ClassValue, name: string): FunctionValue | undefined => {
  const found = findMember(of, name)?.value
  return found?.kind === 'function' ? found : undefined
}

function during<T>(m: Machine, work: Work, f: () => T): T {
  const stack = working.get(m) ?? []
  working.set(m, stack)
  stack.push(work)
  try {
    return f()
  } finally {
    stack.pop()
  }
}

/** Hands a class that was made to its metaclass; what that makes of it stands for it. */
export function shapeClass(m: Machine, made: ClassValue, scope: Scope): Value {
  const keywords = evaluateArguments(m, made.def.keywords ?? [], scope).keywords
  const written = keywords.get('metaclass')?.value
  const inherited = made.bases.flatMap(base => (base.kind === 'class' ? (base.metaclass ?? []) : []))[0]
  made.metaclass = written?.kind === 'class' ? written : inherited
  const { metaclass } = made
  if (!metaclass || !libraryBases(metaclass).includes(typeClass)) return made
  const others = new Map([...keywords].filter(([name]) => name !== 'metaclass'))
  const parts = [constant(made.def.name), list([...made.bases], 'tuple'), namespaceOf(made)]
  const given = (first: Value[]): Arguments => ({
    positional: [...first, ...parts].map(value => ({ value })),
    keywords: others,
    open: false,
  })
  return during(m, { of: made }, () => {
    const making = ownMethod(metaclass, '__new__')
    const shaped = making ? invoke(m, making, given([metaclass])) : made
    const starting = ownMethod(metaclass, '__init__')
    if (starting) invoke(m, { ...starting, self: made }, given([]))
    return shaped.kind === 'unknown' ? made : shaped
  })
}

/** The names of a class's body. */
function namespaceOf(made: ClassValue): Value {
  const methods = made.def.methods.map((def): [string, Value] => [
    def.name,
    { kind: 'function', def, program: made.program, scope: made.scope, owner: made },
  ])
  return dict([...made.attributes, ...methods])
}

/** What a class gives that its metaclass calls in a way of its own; undefined where it is called like any other. */
export function callByMetaclass(m: Machine, of: ClassValue, args: Arguments): Value | undefined {
  const calling = of.metaclass && ownMethod(of.metaclass, '__call__')
  return calling && during(m, { of, args }, () => invoke(m, { ...calling, self: of }, args))
}

/** `super()` in a metaclass: `type` itself. */
export const typeAbove = (owner: ClassValue | undefined): Value | undefined =>
  owner && libraryBases(owner).includes(typeClass) ? library(typeClass) : undefined

/** The class that `type.__new__` gives. */
export const madeByType = (m: Machine): Value => working.get(m)?.at(-1)?.of ?? none

/** What `type.__call__` gives: an object of the class. */
export function calledByType(m: Machine): Value | undefined {
  const work = working.get(m)?.at(-1)
  return work?.args && instantiate(m, work.of, work.args, true)
}
