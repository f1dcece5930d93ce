// Values as keys of dicts and maps. Texts and numbers are themselves; a tuple of constants becomes a text, as an object
// does that is told from others by what it is, and `keyValue` turns both back.

import { dtypeOf } from '../models/arguments'
import {
  type ClassValue,
  constant,
  type ConstValue,
  type DictValue,
  type InstanceValue,
  library,
  list,
  type Value,
} from './value'

const tupleMark = 'tuple\0'
const libraryMark = 'library\0'
const objectMark = 'object\0'

/** Objects that were keys, by their marks: those that are still in use. */
type Keyed = ClassValue | InstanceValue | DictValue
const marks = new WeakMap<object, string>()
const keyed = new Map<string, WeakRef<Keyed>>()
let made = 0
/** So often the marks of objects that are gone are given up. */
const sweepAfter = 4_096

/** What is the same under the same mark: a class, and for a map of JavaScript an object that the program made. */
function markOf(v: Value, isMap: boolean): string | undefined {
  if (v.kind === 'library') return v.self || dtypeOf(v) !== undefined ? undefined : libraryMark + v.name
  if (v.kind !== 'class' && !(isMap && (v.kind === 'dict' || v.kind === 'instance'))) return undefined
  const object = v.kind === 'class' ? v.def : v.kind === 'instance' ? (v.whole ?? v) : v
  const mark = marks.get(object) ?? `${objectMark}${made++}`
  marks.set(object, mark)
  if (keyed.size >= sweepAfter && keyed.size % sweepAfter === 0)
    for (const [key, ref] of keyed) if (!ref.deref()) keyed.delete(key)
  keyed.set(mark, new WeakRef(v))
  return mark
}

/** Whether a key is that of something which may be known under another key as well: what is not found is then not known. */
export const mayBeOther = (key: string | number): boolean => typeof key === 'string' && key.startsWith(libraryMark)

/** A value as the key of a dict; of a map of JavaScript objects are keys as well. */
export function asKey(v: Value, isMap = false): Value {
  const mark = markOf(v, isMap)
  if (mark !== undefined) return constant(mark)
  if (v.kind !== 'list' || v.shape !== 'tuple' || v.open) return v
  const parts = v.items.map(i => (i.kind === 'const' ? i.value : undefined))
  return parts.every(p => p !== undefined) ? constant(tupleMark + JSON.stringify(parts)) : v
}

/** The value of a dict's key. */
export function keyValue(key: string | number): Value {
  if (typeof key !== 'string') return constant(key)
  if (key.startsWith(libraryMark)) return library(key.slice(libraryMark.length))
  if (key.startsWith(objectMark)) return keyed.get(key)?.deref() ?? constant(key)
  if (!key.startsWith(tupleMark)) return constant(key)
  const parts = JSON.parse(key.slice(tupleMark.length)) as ConstValue['value'][]
  return list(parts.map(constant), 'tuple')
}
