// Objects of Python that have the methods of a mapping: `dict(object)` and `{**object}` take their entries.

import { callMember } from './classes'
import { itemsOf } from './expressions'
import type { Machine } from './machine'
import { findMember, libraryBases } from '../members/members'
import { asKey } from '../values/keys'
import { dict, type DictValue, type InstanceValue, isNumber, isString } from '../values/value'

/** Its entries; undefined of an object that is no mapping. */
export function mappingOf(m: Machine, given: InstanceValue): DictValue | undefined {
  const isMapping =
    libraryBases(given.of).some(name => name.startsWith('collections.abc.')) || findMember(given.of, 'keys')
  if (!isMapping || !findMember(given.of, '__getitem__')) return undefined
  const keys = itemsOf(m, callMember(m, given, 'keys', []) ?? given)
  const made = dict([], keys === undefined)
  for (const key of keys ?? []) {
    const [held, value] = [asKey(key), callMember(m, given, '__getitem__', [key])]
    if (value && (isString(held) || isNumber(held))) made.map.set(held.value, value)
    else made.open = true
  }
  return made
}
