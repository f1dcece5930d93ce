// What stands behind a dot in JavaScript where it is not what Python's dot would give: members of objects, maps, arrays,
// functions and classes. Specification: ECMA-262, 2024.

import { invoke } from '../run/calls'
import { keysOf } from '../run/expressions'
import { type Machine, someNumber, unknown } from '../run/machine'
import { findMember } from './members'
import { models } from '../models/index'
import { failScript, useOfNothing } from '../run/scriptRefusals'
import {
  type ArrayValue,
  constant,
  dict,
  type FunctionValue,
  isNumber,
  isOptional,
  isString,
  library,
  nothing,
  type Place,
  type Value,
} from '../values/value'

const noArguments = { positional: [], keywords: new Map<string, never>(), open: false }

/** Python binds what it finds in a class, never what it finds in a dict. */
const isPlain = (f: FunctionValue): boolean => !f.self && !f.def.isArrow && f.program.language !== 'python'

/** A function as a member of what it is read from: a getter is called, a method remembers its `this`. */
export function memberOf(m: Machine, member: Value, self: Value): Value {
  if (member.kind === 'function' && member.def.isArrow && member.def.decorators.includes('get'))
    return invoke(m, member, noArguments)
  if (member.kind !== 'function' || !isPlain(member)) return member
  const bound = { ...member, self }
  return member.def.decorators.includes('get') ? invoke(m, bound, noArguments) : bound
}

/** Members of generators and of sets in newer versions of Node than the one that Tensorlint may run in. */
const ofNewer =
  /^(return|throw|take|drop|toArray|union|intersection|difference|symmetricDifference|is(Subset|Superset)Of|isDisjointFrom)$/

/** Arrays, typed ones too, sets and generators are lists here. */
const mayBeOfList = (name: string): boolean =>
  name in Array.prototype || name in Set.prototype || name in Float32Array.prototype || ofNewer.test(name)

const promiseMethods: ReadonlySet<string> = new Set(['then', 'catch', 'finally'])

const callers: ReadonlySet<string> = new Set(['call', 'apply', 'bind'])

/** What JavaScript has behind the dot; undefined where the rules of both languages agree. */
export function scriptMember(m: Machine, object: Value, name: string, at: Place): Value | undefined {
  // Promises are not told from what they come to, since `await` is dropped.
  if (promiseMethods.has(name) && !holds(object, name)) return library(`js.promise.${name}`, object)
  switch (object.kind) {
    case 'dict':
      if (!object.isMap || name !== 'size') return undefined
      return sizeOf(m, object)
    case 'list': {
      const property = object.properties?.get(name)
      if (property) return property
      // A generator and the keys of a map are lists here, which are taken from the front.
      if (name === 'next') return library('generator.next', object)
      if (!mayBeOfList(name) && !models.has(`list.${name}`)) return nothing
      if (name !== 'length' && name !== 'size') return undefined
      if (object.open)
        return isOptional(object) ? { ...someNumber(m, 'how many there are'), optional: true } : undefined
      return constant(object.items.length)
    }
    case 'function': {
      const own = object.attributes?.get(name)
      if (own) return memberOf(m, own, object)
      if (name === 'prototype') {
        const made = dict()
        object.attributes?.set(name, made)
        return made
      }
      if (name === 'name') return constant(object.def.name)
      if (name === 'length') {
        const optional = object.def.params.findIndex(param => param.default ?? param.rest)
        return constant(optional < 0 ? object.def.params.length : optional)
      }
      return models.has(`function.${name}`) ? library(`function.${name}`, object) : undefined
    }
    case 'class': {
      const member = findMember(object, name)?.value
      return member && memberOf(m, member, object)
    }
    case 'const':
      if (useOfNothing(m, object) || (isSureNothing(object) && failReading(m, at, name)))
        return unknown(m, `${name} of undefined`)
      if (isString(object) && !(name in String.prototype) && !name.startsWith('[Symbol.')) return nothing
      if (typeof object.value === 'boolean' || isNumber(object))
        if (!(name in (isNumber(object) ? Number : Boolean).prototype)) return nothing
      return isNumber(object) ? library(`number.${name}`, object) : undefined
    case 'library':
      return callers.has(name) && models.has(object.name) ? library(`function.${name}`, object) : undefined
    case 'array':
      return name === 'length' ? lengthOf(m, object) : undefined
    default:
      return undefined
  }
}

/** An array's length is its first dimension. */
function lengthOf(m: Machine, { variants }: ArrayValue): Value {
  const length = variants[0]?.shape?.[0]
  return length !== undefined && variants.every(v => v.shape?.[0] === length)
    ? constant(length)
    : unknown(m, 'a length')
}

const isSureNothing = (v: Value): boolean => v.kind === 'const' && v.value === null && v.nothing !== undefined

const failReading = (m: Machine, at: Place, name: string): boolean =>
  failScript(
    m,
    at,
    'TypeError',
    `${name} of undefined`,
    'an object',
    `Cannot read properties of undefined (reading '${name}')`,
  )

function holds(object: Value, name: string): boolean {
  if (object.kind === 'dict') return object.map.has(name)
  if (object.kind === 'instance') return object.attributes.has(name) || findMember(object.of, name) !== undefined
  if (object.kind === 'class') return findMember(object, name) !== undefined
  return object.kind === 'namespace' || object.kind === 'library'
}

function sizeOf(m: Machine, object: Value & { kind: 'dict' }): Value | undefined {
  const keys = keysOf(m, object)
  return keys && constant(keys.length)
}
