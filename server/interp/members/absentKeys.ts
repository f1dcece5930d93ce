// A key that a dict does not have: Python raises, JavaScript gives undefined.

import { callsAround } from '../run/entering'
import { type Machine, placeKey, unknown } from '../run/machine'
import { failPython } from '../run/refusals'
import { absentFrom } from '../run/scriptRefusals'
import { type DictValue, isNumber, isString, none, type Place, type Value } from '../values/value'

/** A tuple of texts and numbers as Python writes it. */
function tupleOf(key: Value): string | undefined {
  if (key.kind !== 'list' || key.shape !== 'tuple' || key.open || key.items.length < 2) return undefined
  const parts = key.items.map(i => (isString(i) ? `'${i.value}'` : isNumber(i) ? String(i.value) : undefined))
  return parts.includes(undefined) ? undefined : `(${parts.join(', ')})`
}

/** Python raises where a key is not there; that is noted where the lookup is sure to happen. JavaScript gives undefined. */
export function absentKey(m: Machine, object: DictValue, key: Value, at: Place): Value {
  const view = object.views[object.views.length - 1]
  const isSure =
    !m.frame.raised &&
    m.branching === 0 &&
    m.alternative === 0 &&
    m.keyGuarded === 0 &&
    !object.open &&
    !(isString(key) && object.deleted.has(key.value))
  // A hole may stand for more than a segment, so only a key that is known whole is known to be missing.
  if (view && isString(key) && isSure && at.program.language === 'python') {
    m.absent.set(`${placeKey(at)} ${key.value}`, {
      place: at,
      key: key.value,
      literal: key.literal,
      view,
      calls: callsAround(m),
    })
    m.frame.raised = true
    m.dead = true
  } else if (!object.open && !object.guessed && (isString(key) || isNumber(key)) && (!view || m.keyGuarded > 0)) {
    const text = isString(key) ? `'${key.value}'` : String(key.value)
    failPython(m, at, 'KeyError', `the dict has no key ${text}`, undefined, text)
  }
  const parts = tupleOf(key)
  if (parts !== undefined && isSure && !object.guessed && !view && at.program.language === 'python')
    failPython(m, at, 'KeyError', `the dict has no key ${parts}`, undefined, parts)
  const isClosed = !object.open && !object.guessed && object.views.every(v => v.named)
  const isInherited = isString(key) && key.value in Object.prototype
  if (at.program.language !== 'python' && isClosed && !isInherited && (isString(key) || isNumber(key))) {
    const literal = isString(key) ? key.literal : undefined
    return { ...none, nothing: absentFrom(m, object, String(key.value), at, literal) }
  }
  return unknown(m, 'a key that is not there')
}
