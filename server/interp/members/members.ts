// What stands behind a dot or a pair of brackets: attributes, items, slices and membership.

import { primitive } from '../run/primitives'
import { asKey, mayBeOther } from '../values/keys'
import { methodsOf, settersOf } from '../program/methods'
import type { Expr } from '../../source/ir'
import { arrayMember } from './arrayMembers'
import { withoutNames } from '../arrays/arrays'
import { configKey } from '../stored/checkpoints'
import { classOrder, fieldNames, itemOfObject } from '../run/classes'
import { allMembers, attributeOfMember, isEnumeration, memberNamed } from '../run/enumerations'
import { evaluate } from '../run/expressions'
import { lookupFree, lookupViews, madeItem } from '../stored/lookups'
import {
  derive,
  identity,
  type Machine,
  noteLookup,
  noteRead,
  noteUnderstood,
  noteUnfollowed,
  provenHits,
  unknown,
} from '../run/machine'
import { arrayOfAt, partAt } from '../models/arrayAt'
import { models, properties } from '../models/index'
import { indexArray, indexByValue } from './indexing'
import { absentKey } from './absentKeys'
import { attributeOfInstance } from './instanceMembers'
import { anyPart, placed, slicedList, sliceOf } from '../values/listItems'
import { isDictMember } from './moduleMembers'
import { failPython } from '../run/refusals'
import { memberOf, scriptMember } from './scriptMembers'
import { noteAnyTaken, noteMember, noteTaken } from '../stored/takes'
import { checkFound, notWithNumber } from '../run/trial'
import {
  type ArrayValue,
  type ArrayVariant,
  type ClassValue,
  constant,
  type DictValue,
  type FunctionValue,
  type InstanceValue,
  isNumber,
  isOptional,
  isString,
  isSureNone,
  join,
  library,
  list,
  type Place,
  roleOf,
  type Scope,
  nothing,
  type UnknownValue,
  type Value,
} from '../values/value'

/**
 * A method or attribute of a class and of those above it, the library's last. `whole` is the object where only a part of its
 * classes is asked, as by `super`: the order of all of them is then its own.
 */
export function findMember(
  of: Value,
  name: string,
  whole?: InstanceValue,
): { value: Value; owner: ClassValue } | undefined {
  if (of.kind !== 'class') return undefined
  const order = classOrder(whole?.of.kind === 'class' ? whole.of : of)
  const start = order && whole ? order.indexOf(of) : 0
  if (!order || start < 0) return searchUp(of, name)
  for (const one of order.slice(start)) {
    const found = one.kind === 'class' ? ownMember(one, name) : undefined
    if (found) return found
  }
  return undefined
}

function ownMember(of: ClassValue, name: string): { value: Value; owner: ClassValue } | undefined {
  const method = methodsOf(of.def).get(name)
  if (method)
    return { value: { kind: 'function', def: method, program: of.program, scope: of.scope, owner: of }, owner: of }
  const attribute = of.attributes.get(name)
  return attribute && { value: attribute, owner: of }
}

/** Depth first, where the order of the classes is not known. */
function searchUp(of: Value, name: string): { value: Value; owner: ClassValue } | undefined {
  if (of.kind !== 'class') return undefined
  const own = ownMember(of, name)
  if (own) return own
  for (const base of of.bases) {
    const found = searchUp(base, name)
    if (found) return found
  }
  return undefined
}

/** A setter of a class or of one above it, for either language. */
export function findSetter(of: Value, name: string): FunctionValue | undefined {
  if (of.kind !== 'class') return undefined
  const def = settersOf(of.def).get(name)
  if (def) return { kind: 'function', def, program: of.program, scope: of.scope, owner: of }
  for (const base of of.bases) {
    const found = findSetter(base, name)
    if (found) return found
  }
  return undefined
}

/** Every library class above a class. */
export const libraryBases = (of: Value): readonly string[] =>
  of.kind === 'library' ? [of.name] : of.kind === 'class' ? of.bases.flatMap(libraryBases) : []

/** The first of them, but for those that only say something of types. */
export const libraryBase = (of: Value): string | undefined =>
  libraryBases(of).find(name => !/^(abc\.ABC|typing(_extensions)?\.(Generic|Protocol)|py\.object)$/.test(name))

export function getAttribute(m: Machine, object: Value, name: string, at: Place, javascript: boolean): Value {
  noteMember(m, object, name)
  const found = javascript ? scriptMember(m, object, name, at) : undefined
  if (found) return found
  switch (object.kind) {
    case 'instance':
      return attributeOfInstance(m, object, name, at, javascript)
    case 'class': {
      const member = findMember(object, name)
      if (member?.value.kind === 'function' && member.value.def.decorators.includes('classmethod'))
        return { ...member.value, self: object.whole ?? object }
      if (member) return member.value
      const above = object.metaclass && findMember(object.metaclass, name)?.value
      if (above) return above.kind === 'function' ? { ...above, self: object } : above
      if (name === '__name__' || name === 'name') return constant(object.def.name)
      if (name === '__members__' && isEnumeration(object)) return allMembers(object)
      if (/^(_fields|__dataclass_fields__|__match_args__|__annotations__)$/.test(name)) return fieldNames(object, name)
      return unknown(m, `${object.def.name}.${name}`)
    }
    case 'namespace':
      return object.scope.vars.get(name) ?? unknown(m, `${name} is not defined in the module`)
    case 'dict':
      if (!javascript && !isDictMember(name)) {
        failPython(
          m,
          at,
          'AttributeError',
          `a dict has no attribute ${name}`,
          undefined,
          `'dict' object has no attribute '${name}'`,
        )
        return unknown(m, `attribute ${name} of a dict`)
      }
      // An object of JavaScript is a dict whose keys are its members; a Map is one with methods.
      if (!javascript || (!object.map.has(name) && models.has(`dict.${name}`))) return library(`dict.${name}`, object)
      return getItem(m, object, constant(name), at)
    case 'array':
      return arrayMember(m, object, name, at, javascript)
    case 'list':
      return library(`list.${name}`, object)
    case 'template':
    case 'const':
      if (object.kind === 'const' && object.member) {
        const own = attributeOfMember(m, object, name)
        if (own) return own
      }
      if (isString(object) && javascript && name === 'length') return constant(object.value.length)
      if (isString(object) || object.kind === 'template') return library(`str.${name}`, object)
      if (!javascript && isNumber(object) && models.has(`number.${name}`)) return library(`number.${name}`, object)
      if (isSureNone(object) && !javascript && !name.startsWith('__') && !m.free) {
        const text = `'NoneType' object has no attribute '${name}'`
        failPython(m, at, 'AttributeError', `None has no attribute ${name}`, undefined, text)
      }
      return unknown(m, `attribute ${name}`)
    case 'file': {
      const full = `${object.as === 'path' ? 'path' : 'file'}.${name}`
      const property = properties.get(full)
      return property ? property(m, object, at) : library(full, object)
    }
    case 'function':
      return nameOfFunction(object, name) ?? unknown(m, `attribute ${name} of a function`)
    case 'library': {
      const full = object.self ? `${object.name}().${name}` : `${object.name}.${name}`
      const property = properties.get(full)
      return property ? property(m, object, at) : library(full)
    }
    case 'unknown': {
      if (object.free && !object.optional) {
        const known = configKey(m, name)
        if (known?.kind === 'const' || known?.kind === 'dict') return known
      }
      if (models.has(`any.${name}`)) return library(`any.${name}`, object)
      return asOptional(derive(m, `#${object.symbol}.${name}`, object.why, object.free), object)
    }
  }
}

/** `__name__`; what a decorator has put in a function's place may have the name of the other. */
function nameOfFunction({ def }: FunctionValue, name: string): Value | undefined {
  const isOwn = def.name !== '' && !def.decorators.some(d => /(^|\.)wraps\b/.test(d))
  return isOwn && (name === '__name__' || name === '__qualname__') ? constant(def.name) : undefined
}

/** What is taken of something that may be left out may be left out as well. */
const asOptional = (child: UnknownValue, of: UnknownValue): UnknownValue =>
  of.optional ? { ...child, optional: true } : child

/** `object[index]`, slices and index tuples of arrays included. */
export function getIndex(m: Machine, object: Value, index: Expr, scope: Scope, at: Place): Value {
  if (object.kind === 'array') return indexArray(m, object, index, scope, at)
  const updated = arrayOfAt(object)
  if (updated) return partAt(updated, indexArray(m, updated, index, scope, at), index.kind === 'literal')
  if (index.kind === 'slice') {
    const bound = (e: Expr | undefined) => (e ? evaluate(m, e, scope) : undefined)
    const [from, to, step] = [bound(index.from), bound(index.to), bound(index.step)]
    const known = (v: Value | undefined) => v === undefined || isNumber(v) || (v.kind === 'const' && v.value === null)
    const number = (v: Value | undefined) => (v && isNumber(v) ? v.value : undefined)
    if (step && isNumber(step) && step.value === 0 && (isString(object) || object.kind === 'list')) {
      failPython(m, at, 'ValueError', 'a step of 0', 'another step', 'slice step cannot be zero')
      return unknown(m, 'a slice that raises')
    }
    const letters = isString(object) ? sliceOf([...object.value], [from, to, step]) : undefined
    if (letters) return constant(letters.join(''))
    const items = object.kind === 'list' && !object.open ? sliceOf(placed(m, object), [from, to, step]) : undefined
    if (items && object.kind === 'list') return list([...items], object.shape)
    const start = from === undefined ? 0 : number(from)
    if (object.kind === 'list' && object.optional && step === undefined && known(to) && start !== undefined)
      return { ...list(start < 0 ? [] : object.items.slice(start, number(to)), object.shape, true), optional: true }
    if (object.kind === 'list') return list([...object.items], object.shape, true)
    return unknown(m, 'slice')
  }
  const key = evaluate(m, index, scope)
  return getItem(m, object, isScript(at) && object.kind === 'dict' ? primitive(m, key, 'text') : key, at)
}

/** `object[key]` for a key that is known as a value. */
export function getItem(m: Machine, object: Value, key: Value, at: Place): Value {
  switch (object.kind) {
    case 'dict':
      if (object.isMap && isString(key) && key.value === '[Symbol.iterator]') return library('dict.entries', object)
      // What stands under the name `undefined`: nothing.
      if (isScript(at) && !object.isMap && isSureNothing(key) && !object.open && !object.guessed)
        return object.map.get('undefined') ?? nothing
      return memberOf(
        m,
        dictItem(m, object, key, at) ?? madeItem(m, object, key) ?? absentKey(m, object, key, at),
        object,
      )
    case 'list': {
      const part = slicedList(object, key)
      if (part) return part
      const index = isScript(at) && isString(key) && /^\d{1,6}$/.test(key.value) ? constant(Number(key.value)) : key
      if (isScript(at) && isString(index)) return getAttribute(m, object, index.value, at, true)
      if (isNumber(index) && !object.open) {
        const place = index.value < 0 && !isScript(at) ? object.items.length + index.value : index.value
        const item = placed(m, object)[place]
        if (item) return noteRead(m, item)
        if (isScript(at)) return nothing
        const [count, expected] = [object.items.length, 'an index within them']
        const text = `${object.shape} index out of range`
        failPython(m, at, 'IndexError', `index ${index.value} of ${count} items`, expected, text)
        return unknown(m, 'an index past the end')
      }
      notWithNumber(m, key)
      if (object.optional) {
        const item = isNumber(index) && index.value >= 0 ? object.items[index.value] : undefined
        return item ?? { ...unknown(m, 'an argument of the command line', true), optional: true }
      }
      return representative(m, object.items)
    }
    case 'unknown': {
      if (object.free && !object.optional) {
        const array = lookupFree(m, key, at)
        if (array) return array
        const known = isString(key) ? configKey(m, key.value) : undefined
        if (known) return known
      }
      notWithNumber(m, key)
      const id = identity(key)
      const child = id ? derive(m, `#${object.symbol}[${id}]`, object.why, object.free) : unknown(m, object.why)
      return asOptional(child, object)
    }
    case 'instance':
      return itemOfObject(m, object, key, at)
    case 'array':
      return indexByValue({ m, at }, object, key)
    case 'function':
    case 'class':
    case 'namespace':
      // `Base[int]` of a class of Python is that class.
      if (object.kind === 'class' && !isScript(at) && !isEnumeration(object)) return object
      if (isEnumeration(object) && isString(key)) return memberNamed(object, key.value) ?? unknown(m, 'a member')
      return isString(key) && isScript(at)
        ? getAttribute(m, object, key.value, at, true)
        : unknown(m, 'an item of something that is not followed')
    case 'const':
      // A destructured name is a member as well.
      if (isScript(at) && (isString(key) || isNumber(key)) && object.value === null)
        return getAttribute(m, object, String(key.value), at, true)
      if (isSureNone(object) && !isScript(at) && !m.free)
        failPython(m, at, 'TypeError', 'None has no items', undefined, "'NoneType' object is not subscriptable")
      if (isString(object) && isScript(at) && isString(key)) return getAttribute(m, object, key.value, at, true)
      if (isString(object) && isNumber(key)) return constant(object.value.at(key.value) ?? '')
      return unknown(m, 'an item of a constant')
    case 'library':
      if (isScript(at) && isString(key)) return getAttribute(m, object, key.value, at, true)
      // `Mapping[str, array]` too.
      return object.self === undefined && !isScript(at) && /^(typing|collections|py)\./.test(object.name)
        ? object
        : unknown(m, 'an item of something that is not followed')
    default:
      return unknown(m, 'an item of something that is not followed')
  }
}

const isSureNothing = (v: Value): boolean => v.kind === 'const' && v.value === null && v.nothing !== undefined

/** One of several values of one kind, where the index is not known. */
function representative(m: Machine, items: readonly Value[]): Value {
  const part = anyPart(items)
  if (part) return part
  let result: Value | undefined
  const fresh = (why: string) => unknown(m, why)
  for (const item of items) if (item !== result) result = join(result, item, fresh)
  return result ?? unknown(m, 'an item of a list')
}

/** The value of a key; undefined where the dict is known not to have it. */
export function dictItem(m: Machine, object: DictValue, asked: Value, at: Place): Value | undefined {
  const key = asKey(asked, object.isMap)
  if (isString(key) || isNumber(key)) {
    const own = object.map.get(key.value) ?? (isScript(at) ? object.map.get(otherKey(key.value)) : undefined)
    if (own) {
      const read = noteRead(m, own)
      if (read.kind !== 'array') return read
      if (read.variants.some(v => v.stored)) noteLookup(m, at, key, read.variants)
      if (!isWalked(key)) noteTaken(m, read.variants)
      return { ...held(read, key.value), at: read.at ?? at }
    }
    if (object.deleted.has(key.value)) return undefined
  }
  if (isString(key) && mayBeOther(key.value)) return unknown(m, 'an entry of a class of a library')
  const variants = lookupAll(m, object, key)
  if (object.map.size > 0) notWithNumber(m, key)
  checkFound(m, key, variants)
  if (variants.length > 0) {
    noteUnderstood(m, at)
    noteLookup(m, at, key, variants)
    if (!isWalked(key)) noteTaken(m, variants)
    noteHit(m, object, key)
    const { library } = object.views[object.views.length - 1] ?? {}
    return { kind: 'array', library, variants, at, activation: m.frame.activation }
  }
  if (object.views.length > 0) {
    const isText = isString(key) || key.kind === 'template'
    if (!isText) noteUnfollowed(m, at, 'the key is not known')
    if (!isString(key)) noteAnyTaken(m, object.views)
    return isText && !object.open ? undefined : unknown(m, 'a key that is not followed')
  }
  if (object.open) {
    const id = identity(key)
    return unknown(m, id ? `key ${id}` : 'a key that is not known')
  }
  if (isString(key) || isNumber(key)) return undefined
  // Where nothing is given there is no such key.
  if (isScript(at) && isOptional(key)) return { ...unknown(m, 'an entry for what may be given'), optional: true }
  return representative(m, [...object.map.values()])
}

/** An array that the program holds under a name of its own. */
function held(array: ArrayValue, key: string | number): ArrayValue {
  const role = roleOf(String(key))
  if (!role || array.variants.some(v => v.role)) return array
  return { ...array, variants: array.variants.map(v => ({ ...v, role })) }
}

/** The program walks over the dict and has not chosen this key. */
const isWalked = (key: Value): boolean => key.kind === 'const' && key.walked === true

const isScript = (at: Place): boolean => at.program.language !== 'python'

/** JavaScript does not tell `object[0]` from `object['0']`. */
const otherKey = (key: string | number): string | number =>
  typeof key === 'number' ? String(key) : /^(0|[1-9]\d{0,8})$/.test(key) ? Number(key) : key

function noteHit(m: Machine, object: DictValue, key: Value): void {
  // The youngest checkpoint speaks for all: an absent key is noted with that one.
  const view = object.views[object.views.length - 1]
  if (!view) return
  const hits = m.hits.get(view)
  if (hits && hits.size >= provenHits) return
  const id = identity(key) ?? ''
  if (hits) hits.add(id)
  else m.hits.set(view, new Set([id]))
}

/** Every reading of a key in the checkpoints behind a dict, but for what was deleted from it. */
function lookupAll(m: Machine, object: DictValue, key: Value): readonly ArrayVariant[] {
  const variants = lookupViews(m, object.views, key)
  if (object.deleted.size === 0) return variants
  return withoutNames(variants, object.deleted)
}
