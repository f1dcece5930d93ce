// Objects of classes that extend a dict of Python or a Map of JavaScript: what they are stands behind them.

import { mergeDict } from '../run/expressions'
import type { Arguments } from '../run/calls'
import type { Machine } from '../run/machine'
import { libraryBases } from '../members/members'
import { fromPairs } from './pairs'
import { dict, type DictValue, type InstanceValue, type Value } from './value'

const held = '#map'

const maps: ReadonlySet<string> = new Set(['js.Map', 'py.dict', 'collections.OrderedDict', 'collections.UserDict'])

/** Whether a class is a dict or a Map. */
export const isMapClass = (of: Value): boolean => libraryBases(of).some(name => maps.has(name))

/** The dict that an object is; undefined where it is none. */
export function mapBehind(m: Machine, object: InstanceValue): DictValue | undefined {
  if (!isMapClass(object.of)) return undefined
  const known = object.attributes.get(held)
  return known?.kind === 'dict' ? known : fillMap(m, object, undefined)
}

/** What the constructor of the dict makes of its arguments. */
export function fillMap(m: Machine, object: InstanceValue, args: Arguments | undefined): DictValue {
  const from = args?.positional[0]?.value
  const isNothing = !from || (from.kind === 'const' && from.value === null)
  const made = isNothing ? dict() : from.kind === 'list' ? fromPairs(from) : dict()
  if (!isNothing && from.kind !== 'list') mergeDict(m, made, from)
  for (const [name, { value }] of args?.keywords ?? []) made.map.set(name, value)
  if (args?.open) made.open = true
  const map = libraryBases(object.of).includes('js.Map') ? { ...made, isMap: true } : made
  object.attributes.set(held, map)
  return map
}
