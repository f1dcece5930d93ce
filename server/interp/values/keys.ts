// Values as keys of dicts and maps. Texts and numbers are themselves; a tuple of constants becomes a text, as an object
// does that is told from others by what it is or by its fields, and `keyValue` turns both back.

import { bareClasses } from '../members/instanceMembers'
import { dtypeOf } from '../models/arguments'
import {
  type ClassValue,
  constant,
  type ConstValue,
  type DictValue,
  type FunctionValue,
  type InstanceValue,
  library,
  list,
  type Value,
} from './value'

const tupleMark = 'tuple\0'
const libraryMark = 'library\0'
const objectMark = 'object\0'
/** What may be the same as a key that is another object to us, or written otherwise. */
const looseMark = 'loose\0'
const flagMark = 'flag\0'

/** Objects that were keys, by their marks: those that are still in use. */
type Keyed = ClassValue | InstanceValue | DictValue | FunctionValue
const marks = new WeakMap<object, string>()
const keyed = new Map<string, WeakRef<Keyed>>()
let made = 0
/** So often the marks of objects that are gone are given up. */
const sweepAfter = 4_096

/**
 * What is the same under the same mark: a class, an object of Python that has no equality of its own or one by its fields,
 * and for a map of JavaScript any object that the program made.
 */
function markOf(v: Value, isMap: boolean): string | undefined {
  if (v.kind === 'library') return v.self || dtypeOf(v) !== undefined ? undefined : libraryMark + v.name
  if (v.kind === 'instance' && !isMap) return markOfObject(v)
  if (v.kind === 'function' && v.program.language === 'python') return remember(v, ownMark(v, looseMark))
  if (v.kind !== 'class' && !(isMap && (v.kind === 'dict' || v.kind === 'instance'))) return undefined
  return remember(v, ownMark(v.kind === 'class' ? v.def : v.kind === 'instance' ? (v.whole ?? v) : v, objectMark))
}

function markOfObject(v: InstanceValue): string | undefined {
  const { of } = v
  if (of.kind === 'library')
    return /^(concurrent|asyncio)\./.test(of.name) ? remember(v, ownMark(v, looseMark)) : undefined
  if (of.program.language !== 'python' || v.standsFor) return undefined
  const equality = equalityOf(of)
  if (equality === 'identity') return remember(v, ownMark(v.whole ?? v, looseMark))
  const held = [...v.attributes].filter(([name]) => of.def.attributes.some(a => a.name === name))
  const parts = held.map(([, value]) => (value.kind === 'const' && !value.member ? value.value : undefined))
  if (equality === undefined || parts.includes(undefined) || held.length < of.def.attributes.length) return undefined
  // A named tuple is equal to the plain one.
  const mark = equality === 'tuple' ? tupleMark : `${looseMark}${ownMark(of.def, objectMark)}\0`
  return remember(v, mark + JSON.stringify(parts))
}

/** How objects of a class of Python are compared; undefined where the class says so itself, or one above it does. */
function equalityOf({ def, bases }: ClassValue): 'identity' | 'fields' | 'tuple' | undefined {
  if (def.methods.some(f => /^__(eq|hash)__$/.test(f.name))) return undefined
  const isPlain = bases.every(base => base.kind === 'library' && bareClasses.test(base.name))
  const data = def.decorators.find(d => /(^|\.)dataclass\b/.test(d))
  if (data !== undefined) return isPlain && /frozen=True/.test(data) && !/eq=/.test(data) ? 'fields' : undefined
  if (bases.length === 1 && bases[0]?.kind === 'library' && /\bNamedTuple$/.test(bases[0].name)) return 'tuple'
  return isPlain && def.decorators.length === 0 ? 'identity' : undefined
}

function ownMark(object: object, kind: string): string {
  const mark = marks.get(object) ?? `${kind}${made++}`
  marks.set(object, mark)
  return mark
}

function remember(v: Keyed, mark: string): string {
  if (keyed.size >= sweepAfter && keyed.size % sweepAfter === 0)
    for (const [key, ref] of keyed) if (!ref.deref()) keyed.delete(key)
  keyed.set(mark, new WeakRef(v))
  return mark
}

/** Whether a key is that of something which may be known under another key as well: what is not found is then not known. */
export const mayBeOther = (key: string | number): boolean =>
  typeof key === 'string' && [libraryMark, looseMark, flagMark].some(mark => key.startsWith(mark))

/** A value as the key of a dict; of a map of JavaScript objects are keys as well. */
export function asKey(v: Value, isMap = false): Value {
  const mark = markOf(v, isMap)
  if (mark !== undefined) return constant(mark)
  if (v.kind === 'const' && !v.nothing && (typeof v.value === 'boolean' || v.value === null))
    return constant(flagMark + String(v.value))
  if (v.kind !== 'list' || v.shape !== 'tuple' || v.open) return v
  const parts = v.items.map(i => (i.kind === 'const' ? i.value : undefined))
  return parts.every(p => p !== undefined) ? constant(tupleMark + JSON.stringify(parts)) : v
}

/** The value of a dict's key. */
export function keyValue(key: string | number): Value {
  if (typeof key !== 'string') return constant(key)
  if (key.startsWith(libraryMark)) return library(key.slice(libraryMark.length))
  if (key.startsWith(flagMark)) return constant(key.endsWith('null') ? null : key.endsWith('true'))
  if (key.startsWith(objectMark) || key.startsWith(looseMark)) return keyed.get(key)?.deref() ?? constant(key)
  if (!key.startsWith(tupleMark)) return constant(key)
  const object = keyed.get(key)?.deref()
  if (object) return object
  const parts = JSON.parse(key.slice(tupleMark.length)) as ConstValue['value'][]
  return list(parts.map(constant), 'tuple')
}
