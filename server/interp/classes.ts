// Classes of the workspace: how their objects are made, and what a method sees of the classes above its own.

import { type Arguments, freeArguments, invoke, noArguments } from './calls'
import { evaluate } from './expressions'
import type { Machine } from './machine'
import { findMember } from './members'
import { type ClassValue, type InstanceValue, none, type Scope, type Value } from './value'

/** Makes an instance of a class of the workspace and runs its constructor. */
export function instantiate(m: Machine, of: ClassValue, args: Arguments): InstanceValue {
  const instance: InstanceValue = { kind: 'instance', of, attributes: new Map() }
  m.instances.push(instance)
  m.instantiated.set(of.def, instance)
  runFields(m, of, instance)
  const constructor = findMember(of, '__init__')
  if (constructor?.value.kind === 'function') invoke(m, { ...constructor.value, self: instance }, args)
  else if (of.def.decorators.some(d => /(^|\.)dataclass/.test(d)) || of.attributes.size > 0)
    fillDataclass(of, instance, args)
  return instance
}

function runFields(m: Machine, of: ClassValue, instance: InstanceValue): void {
  for (const base of of.bases) if (base.kind === 'class') runFields(m, base, instance)
  const scope: Scope = { vars: new Map(), parent: of.scope, program: of.program, self: instance }
  for (const field of of.def.fields)
    instance.attributes.set(field.name, field.value ? evaluate(m, field.value, scope) : none)
}

/** A dataclass's constructor: keywords become attributes. */
function fillDataclass(of: ClassValue, instance: InstanceValue, args: Arguments): void {
  for (const [name, argument] of args.keywords) instance.attributes.set(name, argument.value)
  if (args.open) return
  const names = [...of.attributes.keys()]
  args.positional.forEach((argument, i) => {
    const name = names[i]
    if (name) instance.attributes.set(name, argument.value)
  })
}

/** What `super` stands for in a method: the object, seen as its first base. */
export function superOf(scope: Scope): InstanceValue | undefined {
  let owner: ClassValue | undefined
  let self: Value | undefined
  for (let s: Scope | undefined = scope; s && !owner; s = s.parent) {
    owner = s.owner
    if (owner) self = s.self ?? s.vars.values().next().value
  }
  const base = owner?.bases[0]
  if (self?.kind !== 'instance' || !base || (base.kind !== 'class' && base.kind !== 'library')) return undefined
  return { kind: 'instance', of: base, attributes: self.attributes, whole: self.whole ?? self }
}

/**
 * Arguments for an object that the workspace never makes. Whoever makes it may well pass other bits than the default,
 * so those are not known; a default that is a list of names or the like is what it runs with.
 */
export function freeInit(m: Machine, of: ClassValue): Arguments {
  const constructor = findMember(of, '__init__')
  if (constructor?.value.kind !== 'function') return noArguments
  return freeArguments(m, { ...constructor.value, self: none }, false)
}

/** Every class at the top level of a program that has been run. */
export function classesOf(m: Machine): ClassValue[] {
  const found = new Map<unknown, ClassValue>()
  for (const scope of m.modules.values())
    for (const value of scope.vars.values()) if (value.kind === 'class') found.set(value.def, value)
  return [...found.values()]
}
