// Objects of JavaScript classes that extend Map: the map that they are stands behind them.

import { fromPairs } from './models/collections'
import { libraryBases } from './members'
import { dict, type DictValue, type InstanceValue, type Value } from './value'

const held = '#map'

/** Whether a class is a Map. */
export const isMapClass = (of: Value): boolean => libraryBases(of).includes('js.Map')

/** The map that an object is; undefined where it is none. */
export function mapBehind(object: InstanceValue): DictValue | undefined {
  if (!isMapClass(object.of)) return undefined
  const known = object.attributes.get(held)
  if (known?.kind === 'dict') return known
  return fillMap(object, undefined)
}

/** What the constructor of Map makes of its argument. */
export function fillMap(object: InstanceValue, from: Value | undefined): DictValue {
  const isNothing = !from || (from.kind === 'const' && from.value === null)
  const made: DictValue = isNothing ? dict() : from.kind === 'list' ? fromPairs(from) : dict([], true)
  const map = { ...made, isMap: true }
  object.attributes.set(held, map)
  return map
}
