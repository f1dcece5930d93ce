// A dict from pairs of keys and values.

import { asKey } from './keys'
import { dict, type DictValue, isNumber, isString, type ListValue, nothing, type Value } from './value'

/** `dict(pairs)`, `Object.fromEntries(pairs)`. */
export function fromPairs(pairs: ListValue, isMap = false): DictValue {
  const made = dict([], pairs.open)
  for (const pair of pairs.items) {
    const [key, given] = pair.kind === 'list' ? pair.items : []
    const isHalf = pair.kind === 'list' && !pair.open && pair.items.length === 1
    const value: Value | undefined = given ?? (isHalf ? nothing : undefined)
    const text = key && asKey(key, isMap)
    if (text && value && (isString(text) || isNumber(text))) made.map.set(text.value, value)
    else made.open = true
  }
  return made
}
