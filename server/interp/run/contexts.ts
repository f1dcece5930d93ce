// What stands after `with`: objects that say what entering and leaving them does, and generators that are managers, of which
// all before their yield is run where a block is entered, and the rest where it is left.

import type { Stmt } from '../../source/ir'
import { walkNodes } from '../program/names'
import { none, type FunctionValue, type InstanceValue, type Scope, type Value } from '../values/value'
import { callMember } from './classes'
import type { Machine } from './machine'
import { noteShared } from './sharing'
import { execute } from './statements'

/** What is left to do for a manager that is a generator, and what its yield gave. */
interface Waiting {
  readonly value: Value
  readonly finish: () => void
}

const waiting = new WeakMap<InstanceValue, Waiting>()

/** What a call of a generator gives that is a manager and waits at its yield, with the names of that call. */
export function managerOf(m: Machine, f: FunctionValue, value: Value, scope: Scope): InstanceValue {
  const rest = afterYield(f.def.body)
  if (!rest) noteUsed(f, scope)
  const made: InstanceValue = {
    kind: 'instance',
    of: { kind: 'library', name: 'contextlib.AbstractContextManager' },
    attributes: new Map(),
  }
  waiting.set(made, { value, finish: () => finish(m, rest ?? [], scope) })
  return made
}

function finish(m: Machine, rest: readonly Stmt[], scope: Scope): void {
  const { frame, alternative } = m
  const activation = m.nextActivation++
  m.frame = { returned: undefined, activation, uncertain: m.uncertain, isGenerator: true, halts: false }
  m.depth++
  execute(m, rest, scope)
  m.depth--
  if (m.frame.raised) frame.raised = true
  Object.assign(m, { frame, alternative })
}

/** What a manager may do at last, with whatever it speaks of, is not known. */
function noteUsed(f: FunctionValue, scope: Scope): void {
  walkNodes(f.def.body, node => {
    const { name } = node as { readonly name?: unknown }
    if (node.kind !== 'name' || typeof name !== 'string') return
    for (let at: Scope | undefined = scope; at; at = at.parent) {
      const held = at.vars.get(name)
      if (held?.kind === 'list' || held?.kind === 'dict') held.open = true
      if (held) noteShared(held)
    }
  })
}

/** Enters what stands after `with`: what `as` names. */
export function enterContext(m: Machine, value: Value): Value {
  const own = value.kind === 'instance' ? waiting.get(value) : undefined
  return own?.value ?? callMember(m, value, '__enter__', []) ?? callMember(m, value, '__aenter__', []) ?? value
}

/** The class of what `contextlib.suppress` gives, which holds the classes of exceptions. */
export const suppressing = 'contextlib.suppress'

/** The names of the exceptions that a manager ends quietly; undefined of any other manager. */
export function suppressedBy(manager: Value): readonly string[] | undefined {
  if (manager.kind !== 'instance' || manager.of.kind !== 'library' || manager.of.name !== suppressing) return undefined
  return [...manager.attributes.values()].flatMap(of =>
    of.kind === 'library' ? [of.name] : of.kind === 'class' ? [of.def.name] : [],
  )
}

/** Leaves it again, without an exception. */
export function leaveContext(m: Machine, value: Value): void {
  const own = value.kind === 'instance' ? waiting.get(value) : undefined
  // A generator is run to its end before what it yields is used, and what its managers do at last comes after that.
  if (own && m.frame.isGenerator) return
  if (own) own.finish()
  else if (!callMember(m, value, '__exit__', [none, none, none])) callMember(m, value, '__aexit__', [none, none, none])
}

/** The statements that follow the yield of a body, those that end its blocks included; undefined where that is not one way. */
function afterYield(body: readonly Stmt[]): readonly Stmt[] | undefined {
  const at = body.findIndex(yields)
  const waits = body[at]
  if (!waits) return undefined
  const rest = body.slice(at + 1)
  switch (waits.kind) {
    case 'expression':
    case 'assign':
      return rest
    case 'with':
    case 'block': {
      const inner = afterYield(waits.body)
      return inner && [...inner, ...rest]
    }
    case 'try': {
      const inner = afterYield(waits.body)
      return inner && [...inner, ...waits.orElse, ...waits.finally, ...rest]
    }
    default:
      return undefined
  }
}

function yields(statement: Stmt): boolean {
  let found = false
  walkNodes(statement, ({ kind }) => (found ||= kind === 'yield'))
  return found
}
