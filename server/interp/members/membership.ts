// `key in object`, `map.has(key)` and the like.

import { asKey, mayBeOther } from '../values/keys'
import type { Model } from '../../checkpoint/facts'
import { callMember } from '../run/classes'
import { lacks } from './instanceMembers'
import { hasScriptMember } from './moduleMembers'
import { mapBehind } from '../values/mapObjects'
import { libraryBase } from './members'
import { isModule } from '../arrays/parameters'
import { isInProxy } from '../values/proxies'
import { isCaughtBy, Raised } from '../run/refusals'
import { hasEvery, holds } from '../stored/lookups'
import type { Machine } from '../run/machine'
import { isNumber, isString, truth, type Value } from '../values/value'

/** An object that is only equal to itself; in Python it may say otherwise. */
const isMade = (v: Value): boolean =>
  (v.kind === 'dict' && v.map.size + v.views.length > 0) || (v.kind === 'instance' && v.isMade === true)

/** Membership; undefined where it is not known. */
export function has(m: Machine, object: Value, asked: Value, javascript: boolean): boolean | undefined {
  const key = object.kind === 'dict' ? asKey(asked, object.isMap) : asked
  switch (object.kind) {
    case 'dict': {
      if (isString(key) || isNumber(key)) {
        if (object.map.has(key.value)) return true
        if (mayBeOther(key.value)) return undefined
        if (javascript && isNumber(key) && !object.isMap && object.map.has(String(key.value))) return true
        const isHeld = isString(key) ? holds(m, object.views, key) : undefined
        if (isHeld !== undefined) {
          if (isHeld && !object.deleted.has(key.value)) return true
          return object.open ? undefined : false
        }
        if (
          !object.deleted.has(key.value) &&
          object.views.some(v => v.entries.every(e => e.shard.tensors.find(String(key.value))))
        )
          return true
        if (object.views.some(v => v.entries.some(e => e.shard.tensors.find(String(key.value))))) return undefined
        return object.open ? undefined : false
      }
      if (key.kind !== 'template' || object.open || object.deleted.size > 0) return undefined
      const known = hasEvery(m, object.views, key)
      return known === false && object.map.size > 0 ? undefined : known
    }
    case 'list': {
      if (object.items.includes(key)) return true
      if (javascript && isMade(key))
        return !object.open && object.items.every(i => i.kind === 'const' || isMade(i)) ? false : undefined
      if (key.kind !== 'const') return undefined
      if (object.items.some(i => i.kind === 'const' && i.value === key.value)) return true
      return object.open || object.items.some(i => i.kind !== 'const') ? undefined : false
    }
    case 'const':
      if (isString(object) && isString(key)) return object.value.includes(key.value)
      return undefined
    case 'template':
      if (isString(key) && object.parts.some(p => typeof p === 'string' && p.includes(key.value))) return true
      return undefined
    case 'instance': {
      const trapped = isInProxy(m, object, asked)
      if (trapped !== undefined) return trapped
      const own = callMember(m, object, '__contains__', [asked])
      if (own) return truth(own, javascript)
      const map = mapBehind(m, object)
      if (map) return has(m, map, asked, javascript)
      if (libraryBase(object.of)?.startsWith('collections.abc.')) {
        const found = itemIfThere(m, object, asked)
        return found === undefined ? undefined : found !== null
      }
      if (isString(key) && object.attributes.has(key.value)) return true
      if (javascript) return isString(key) ? hasScriptMember(object, key.value) : undefined
      return isString(key) && isModule(object) && lacks(object, key.value) ? false : undefined
    }
    case 'unknown':
      if (object.free && isString(key) && !javascript) {
        m.askedBound = true
        if (m.bound && isStored(m.bound, key.value)) return true
      }
      return undefined
    default:
      return undefined
  }
}

const stored = new WeakMap<Model, Map<string, boolean>>()
/** Names that are kept for one model: a loop over its layers asks for the same ones in every run. */
const keptNames = 20_000

/** Whether any shard of a model has a tensor of that name. */
function isStored(model: Model, name: string): boolean {
  let names = stored.get(model)
  if (!names || names.size >= keptNames) stored.set(model, (names = new Map()))
  let known = names.get(name)
  if (known === undefined) names.set(name, (known = model.shards.some(s => s.tensors.indexOf(name) >= 0)))
  return known
}

/**
 * What the class of an object gives for a key by its own `__getitem__`: null where that raises KeyError, undefined where
 * it is not known.
 */
export function itemIfThere(m: Machine, object: Value, key: Value): Value | null | undefined {
  const { alternative, depth, frame, turns, summaries, keyGuarded, catching } = m
  m.keyGuarded++
  m.catching++
  try {
    const found = callMember(m, object, '__getitem__', [key])
    return found?.kind === 'unknown' ? undefined : found
  } catch (error) {
    if (!(error instanceof Raised) || !isCaughtBy(error.refusal, ['KeyError'])) throw error
    Object.assign(m, { alternative, depth, frame, turns, summaries })
    return null
  } finally {
    Object.assign(m, { keyGuarded, catching })
  }
}
