// Enumerations of Python. A member whose value is a text, a number or a flag is that value, which knows which member it is;
// any other is an object with a value and a name. Source: https://docs.python.org/3/library/enum.html

import type { Arguments } from './calls'
import { invoke, noArguments } from './calls'
import { itemsOf } from './expressions'
import { findMember, libraryBases } from '../members/members'
import type { Machine } from './machine'
import { failPython } from './refusals'
import { type ClassValue, constant, dict, type InstanceValue, type Place, type Value } from '../values/value'

export const isEnumeration = (of: Value): of is ClassValue =>
  of.kind === 'class' && libraryBases(of).some(name => name.startsWith('enum.'))

/** Whether members are also texts or numbers, as those of `class Mode(str, Enum)` are. */
export const isMixed = (of: ClassValue): boolean =>
  libraryBases(of).some(name => /^(py\.(str|int|float)|enum\.(Str|Int)\w*)$/.test(name))

const isMemberName = (name: string): boolean => !name.startsWith('_')

/** The members of an enumeration, by name. */
const membersOf = (of: ClassValue): [string, Value][] =>
  of.def.attributes.flatMap(({ name }) => {
    const value = of.attributes.get(name)
    return value && isMemberName(name) ? [[name, value] satisfies [string, Value]] : []
  })

export const enumerated = (of: ClassValue): Value[] => membersOf(of).map(([, value]) => value)

/** What stands behind a name in the body of an enumeration: the member that its value makes. */
export function asMember(m: Machine, of: ClassValue, name: string, written: Value): Value {
  if (!isEnumeration(of) || !isMemberName(name) || written.kind === 'function' || written.kind === 'class')
    return written
  const value = written.kind === 'unknown' && /^enum\.auto\b/.test(written.why) ? automatic(of, name) : written
  if (value.kind === 'const') return { ...value, member: { of, name } }
  if (value.kind !== 'list') return value
  const made: InstanceValue = {
    kind: 'instance',
    of,
    attributes: new Map<string, Value>([
      ['value', value],
      ['_value_', value],
      ['name', constant(name)],
      ['_name_', constant(name)],
    ]),
  }
  const constructor = findMember(of, '__init__')
  const given = itemsOf(m, value)
  if (constructor?.value.kind === 'function' && given)
    invoke(
      m,
      { ...constructor.value, self: made },
      { ...noArguments, positional: given.map(item => ({ value: item })) },
    )
  return made
}

/** `auto()`: the name for texts, the next power of two for flags, else one more than the last number. */
function automatic(of: ClassValue, name: string): Value {
  if (libraryBases(of).includes('enum.StrEnum')) return constant(name.toLowerCase())
  const before = enumerated(of).flatMap(v => (v.kind === 'const' && typeof v.value === 'number' ? v.value : []))
  if (isFlags(of)) return constant(2 ** Math.max(0, ...before.map(n => n.toString(2).length * Number(n > 0))))
  return constant((before.at(-1) ?? 0) + 1)
}

/** Whether members are joined with `|`. */
export const isFlags = (of: ClassValue): boolean => libraryBases(of).some(name => /^enum\.(Int)?Flag$/.test(name))

/** `Kind("value")` of an enumeration is the member with that value; undefined where the class is no enumeration. */
export function memberOfEnumeration(m: Machine, of: ClassValue, args: Arguments, at: Place | undefined) {
  const asked = isEnumeration(of) ? args.positional[0]?.value : undefined
  if (asked?.kind !== 'const') return asked
  const members = enumerated(of)
  const found = members.find(v => v.kind === 'const' && v.value === asked.value)
  if (found) return found.kind === 'const' && asked.config ? { ...found, config: asked.config } : found
  const isWhole = members.every(v => v.kind === 'const') && of.bases.every(base => base.kind === 'library')
  if (isWhole && !isFlags(of) && members.length > 0 && at && !findMember(of, '_missing_')) {
    const text = `${typeof asked.value === 'string' ? `'${asked.value}'` : String(asked.value)} is not a valid ${of.def.name}`
    failPython(m, at, 'ValueError', text, undefined, text)
  }
  return asked
}

/** What an attribute of a member is; undefined where the class says nothing of it. */
export function attributeOfMember(m: Machine, object: Value & { kind: 'const' }, name: string): Value | undefined {
  const { member, ...value } = object
  if (!member) return undefined
  if (name === 'value' || name === '_value_') return value
  if (name === 'name' || name === '_name_') return constant(member.name)
  const found = findMember(member.of, name)
  if (found?.value.kind !== 'function') return found?.value
  const { decorators } = found.value.def
  if (decorators.some(d => /(^|\.)(cached_)?property$/.test(d)))
    return invoke(m, { ...found.value, self: object }, noArguments)
  if (decorators.includes('staticmethod')) return found.value
  return { ...found.value, self: decorators.includes('classmethod') ? member.of : object }
}

/** `Kind["NAME"]`. */
export const memberNamed = (of: ClassValue, name: string): Value | undefined =>
  isMemberName(name) ? of.attributes.get(name) : undefined

/** `Kind.__members__`. */
export const allMembers = (of: ClassValue): Value => dict(membersOf(of))

/** Whether two members, or a member and a plain value, are the same; undefined where their values decide. */
export function sameMember(a: Value & { kind: 'const' }, b: Value & { kind: 'const' }): boolean | undefined {
  if (a.value !== b.value) return false
  if (a.member && b.member) return a.member.of.def === b.member.of.def
  const { of } = a.member ?? b.member ?? {}
  // A member that was the key of a dict has forgotten that it is one.
  return !of || isMixed(of) ? true : undefined
}
