// Classes of the workspace: their objects, the fields of dataclasses and named tuples, and the methods with two
// underscores that Python calls by itself. A field that is not given has its default; nothing is shared between objects.

import { type Arguments, callFunction, evaluateArguments, freeArguments, invoke, noArguments } from './calls'
import { asMember, enumerated, isEnumeration } from './enumerations'
import { evaluateOnce } from './entering'
import { evaluate, itemsOf } from './expressions'
import { itemsOfIterable } from './iterators'
import { type Machine, place, unknown } from './machine'
import { lacks } from '../members/instanceMembers'
import { fillMap, isMapClass, mapBehind } from '../values/mapObjects'
import { isModule } from '../arrays/parameters'
import { memberOfProxy } from '../values/proxies'
import { failPython } from './refusals'
import { escapeRegExp } from '../values/text'
import { blockScope, isJavaScript } from './scopes'
import { dictItem, findMember, getAttribute, getItem, libraryBase } from '../members/members'
import {
  type ClassValue,
  type ConstValue,
  constant,
  dict,
  type InstanceValue,
  type LibraryValue,
  isNumber,
  isString,
  list,
  none,
  type Place,
  type Scope,
  truth,
  type Value,
} from '../values/value'

/** What `dataclasses.field(…)` leaves in a class. */
export const fieldClass = 'dataclasses.Field'
/** The library class below every named tuple. */
export const namedTuple = 'typing.NamedTuple'

/** Makes an instance of a class of the workspace and runs its constructor. */
export function instantiate(m: Machine, of: ClassValue, args: Arguments, isMade = false): InstanceValue {
  const instance: InstanceValue = { kind: 'instance', of, attributes: new Map(), isMade }
  m.instances.push(instance)
  m.instantiated.set(of.def, instance)
  runFields(m, of, instance)
  const constructor = findMember(of, '__init__')
  if (constructor?.value.kind === 'function')
    invoke(m, { ...constructor.value, self: instance }, { ...args, isNew: true })
  else if (isMapClass(of)) fillMap(m, instance, args)
  else if (isRecord(of) || of.attributes.size > 0) fillRecord(m, of, instance, args)
  return instance
}

function runFields(m: Machine, of: ClassValue, instance: InstanceValue): void {
  for (const base of of.bases) if (base.kind === 'class') runFields(m, base, instance)
  const scope: Scope = { vars: new Map(), parent: of.scope, program: of.program, self: instance }
  for (const field of of.def.fields)
    instance.attributes.set(field.name, field.value ? evaluateOnce(m, field.value, scope) : none)
}

/** A class whose constructor is made from its fields. */
const isRecord = (of: ClassValue): boolean =>
  of.def.decorators.some(d => /(^|\.)(dataclass|define|frozen|attrs)\b/.test(d)) ||
  libraryBase(of) === namedTuple ||
  of.bases.some(base => base.kind === 'class' && isRecord(base))

/** Fields of a class, those of its bases first, with what stands behind their names in the class. */
export function fieldsOf(of: ClassValue): ReadonlyMap<string, Value> {
  const fields = new Map<string, Value>()
  for (const base of [...of.bases].reverse())
    if (base.kind === 'class') for (const [name, value] of fieldsOf(base)) fields.set(name, value)
  for (const { name } of of.def.attributes) {
    const value = of.attributes.get(name)
    if (value && !name.startsWith('__')) fields.set(name, value)
  }
  return fields
}

/** `_fields` of a named tuple, or the dict of a dataclass's fields. */
export function fieldNames(of: ClassValue, attribute: string): Value {
  const names = [...fieldsOf(of).keys()]
  return attribute === '_fields' ? list(names.map(constant), 'tuple') : dict(names.map(name => [name, constant(name)]))
}

/** What a class of Python says of its attribute behind a colon; undefined where it says nothing. */
export const annotationOf = ({ def, program }: ClassValue, name: string): string | undefined =>
  new RegExp(`^[ \\t]+${escapeRegExp(name)}[ \\t]*:(.*)$`, 'm').exec(
    program.text.slice(def.span.start, def.span.end),
  )?.[1]

/** `__annotations__`: the annotated attributes of the class itself, whatever stands behind their colons. */
export function annotationNames(of: ClassValue): Value {
  const names = of.def.attributes.map(({ name }) => name).filter(name => annotationOf(of, name) !== undefined)
  return dict(names.map(name => [name, constant(name)]))
}

const isBare = (v: Value): boolean => v.kind === 'unknown' && v.why === 'annotation'

/** The constructor of a dataclass: arguments and defaults become attributes. */
function fillRecord(m: Machine, of: ClassValue, instance: InstanceValue, args: Arguments): void {
  if (!isRecord(of)) {
    for (const [name, argument] of args.keywords) instance.attributes.set(name, argument.value)
    return
  }
  const positional = [...args.positional]
  for (const [name, held] of fieldsOf(of)) {
    const field =
      held.kind === 'instance' && held.of.kind === 'library' && held.of.name === fieldClass ? held : undefined
    const init = field?.attributes.get('init')
    const isGiven = !(init && truth(init, false) === false)
    const given = isGiven ? (args.keywords.get(name) ?? positional.shift()) : undefined
    const factory = field?.attributes.get('default_factory')
    if (given) instance.attributes.set(name, given.value)
    else if (args.open && isGiven) instance.attributes.set(name, unknown(m, `field ${name}`))
    else if (factory) instance.attributes.set(name, callFunction(m, factory, [], siteOf(of)))
    else if (field) instance.attributes.set(name, field.attributes.get('default') ?? unknown(m, `field ${name}`))
    else if (!isBare(held)) instance.attributes.set(name, held)
  }
  callMember(m, instance, '__post_init__', [])
}

/** Where what a class calls by itself is called. */
const siteOf = (of: ClassValue) => ({ at: place(of.program, of.def.span), scope: of.scope })

/** Calls a method that the object's class defines; undefined where it has none. */
export function callMember(m: Machine, object: Value, name: string, values: readonly Value[]): Value | undefined {
  if (object.kind !== 'instance') return undefined
  const member = findMember(object.of, name)
  return member?.value.kind === 'function' ? callFunction(m, { ...member.value, self: object }, values) : undefined
}

/** What walking an object or a class gives; undefined where that is not known. */
export function itemsOfObject(m: Machine, v: Value): Value[] | undefined {
  if (v.kind === 'class') return isEnumeration(v) ? enumerated(v) : undefined
  if (v.kind !== 'instance') return undefined
  const map = mapBehind(m, v)
  if (map) return itemsOf(m, map)
  if (libraryBase(v.of) === namedTuple && v.of.kind === 'class')
    return [...fieldsOf(v.of).keys()].map(name => v.attributes.get(name) ?? unknown(m, `field ${name}`))
  const walked = callMember(m, v, '__iter__', [])
  return walked && walked !== v ? itemsOf(m, walked) : (itemsOfIterable(m, v) ?? undefined)
}

/** `object[key]`: by the class's own method, by position in a named tuple, by name in a module, which is a dict. */
export function itemOfObject(m: Machine, object: InstanceValue, key: Value, at: Place): Value {
  const own = memberOfProxy(m, object, key, at) ?? callMember(m, object, '__getitem__', [key])
  if (own) return own
  const map = mapBehind(m, object)
  if (map) return dictItem(m, map, key, at) ?? callMember(m, object, '__missing__', [key]) ?? getItem(m, map, key, at)
  if (isNumber(key) && libraryBase(object.of) === namedTuple)
    return getItem(m, list(itemsOfObject(m, object) ?? [], 'tuple'), key, at)
  const groups = object.attributes.get('#groups')
  if (groups) return getItem(m, groups, key, at)
  if (isString(key)) {
    const held = object.attributes.get(key.value)
    if (held) return held
    if (at.program.language !== 'python') return getAttribute(m, object, key.value, at, true)
  }
  // A module of MLX is a dict of its arrays and parts, by their names.
  const isAbsent = isNumber(key) || (isString(key) && lacks(object, key.value))
  if (isAbsent && at.program.language === 'python' && isModule(object) && !m.free) {
    const text = isString(key) ? `'${key.value}'` : String((key as ConstValue).value)
    failPython(m, at, 'KeyError', `the module has no ${text}`, undefined, text)
  }
  return unknown(m, 'an item of an object')
}

/** The names of a class's constructor, as `inspect.signature(…).parameters` has them. */
export function constructorNames(of: ClassValue): Value {
  const constructor = findMember(of, '__init__')
  const names =
    constructor?.value.kind === 'function'
      ? constructor.value.def.params.slice(1).flatMap(p => (p.target.kind === 'name' ? [p.target.name] : []))
      : [...fieldsOf(of).keys()]
  return dict(names.map(name => [name, constant(name)]))
}

const orders = new WeakMap<ClassValue, readonly (ClassValue | LibraryValue)[] | null>()

/**
 * The order in which Python looks through a class and those above it; undefined where one of them is not known.
 * Source: https://docs.python.org/3/howto/mro.html
 */
export function classOrder(of: ClassValue): readonly (ClassValue | LibraryValue)[] | undefined {
  let known = orders.get(of)
  if (known === undefined) {
    // A class that is above itself has no order.
    orders.set(of, null)
    orders.set(of, (known = linearized(of) ?? null))
  }
  return known ?? undefined
}

function linearized(of: ClassValue): (ClassValue | LibraryValue)[] | undefined {
  const lists: (ClassValue | LibraryValue)[][] = []
  const bases: (ClassValue | LibraryValue)[] = []
  for (const base of of.bases) {
    if (base.kind !== 'class' && base.kind !== 'library') return undefined
    const above = base.kind === 'class' ? classOrder(base) : [base]
    if (!above) return undefined
    lists.push([...above])
    bases.push(base)
  }
  lists.push(bases)
  const order: (ClassValue | LibraryValue)[] = [of]
  for (let left = lists; (left = left.filter(list => list.length > 0)).length > 0;) {
    const next = left
      .flatMap(list => list[0] ?? [])
      .find(head => left.every(list => !list.slice(1).some(other => sameClass(other, head))))
    if (!next) return undefined
    order.push(next)
    for (const list of left) if (list[0] && sameClass(list[0], next)) list.shift()
  }
  return order
}

const sameClass = (a: ClassValue | LibraryValue, b: ClassValue | LibraryValue): boolean =>
  a === b || (a.kind === 'library' && b.kind === 'library' && a.name === b.name)

/** Makes a class of its definition, and tells its attributes and the classes above it. */
export function makeClass(m: Machine, def: ClassValue['def'], scope: Scope): ClassValue {
  const bases = def.bases.map(base => evaluate(m, base, scope))
  const made: ClassValue = { kind: 'class', def, program: scope.program, scope, bases, attributes: new Map() }
  const inner: Scope = { vars: made.attributes, parent: around(made, scope), program: scope.program, self: made }
  for (const { name, value } of def.attributes)
    made.attributes.set(name, asMember(m, made, name, evaluate(m, value, inner)))
  for (const [name, value] of made.attributes) callMember(m, value, '__set_name__', [made, constant(name)])
  tellBases(m, made, scope)
  return made
}

/** What a class body sees around it: in JavaScript the class itself as well, under its name. */
function around(made: ClassValue, scope: Scope): Scope {
  if (!isJavaScript(scope) || made.def.name === '') return scope
  const own = blockScope(scope)
  own.vars.set(made.def.name, made)
  return own
}

/** A class that is made is told to those above it, by `__init_subclass__`. */
function tellBases(m: Machine, made: ClassValue, scope: Scope): void {
  if (made.program.language !== 'python') return
  const above = classOrder(made)?.slice(1) ?? made.bases
  for (const base of above) {
    const told = findMember(base, '__init_subclass__')?.value
    if (told?.kind !== 'function') continue
    const keywords = evaluateArguments(m, made.def.keywords ?? [], scope)
    invoke(m, { ...told, self: made }, keywords)
    return
  }
}

/** What `super` stands for in a method: the object, seen as the class that comes after the method's own. */
export function superOf(scope: Scope): InstanceValue | undefined {
  let owner: ClassValue | undefined
  let self: Value | undefined
  for (let s: Scope | undefined = scope; s && !owner; s = s.parent) {
    owner = s.owner
    if (owner) self = s.self ?? s.vars.values().next().value
  }
  if (self?.kind !== 'instance' || !owner) return undefined
  const whole = self.whole ?? self
  const order = whole.of.kind === 'class' ? classOrder(whole.of) : undefined
  const at = order?.indexOf(owner) ?? -1
  const base = order && at >= 0 ? order[at + 1] : owner.bases[0]
  if (!base || (base.kind !== 'class' && base.kind !== 'library')) return undefined
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
