// What an object of JavaScript has from another one. Members are copied when it is made.

import type { DictValue, Value } from '../values/value'

/** `{ __proto__: value }`: what the object has not itself is asked of the value. */
export function inherit(made: DictValue, from: Value): void {
  if (from.kind === 'const' && from.value === null) return
  if (from.kind !== 'dict' || from.isMap) {
    made.open = true
    return
  }
  for (const [key, value] of from.map) if (!made.map.has(key)) made.map.set(key, value)
  made.views.push(...from.views)
  if (from.open) made.open = true
}
