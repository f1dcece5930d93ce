// Parts of lists.

import { isNumber, list, type ListValue, none, type Value } from './value'

/** `items[slice(…)]`: what is between known bounds. */
export function slicedList(object: ListValue, key: Value): Value | undefined {
  if (key.kind !== 'instance' || key.of.kind !== 'library' || key.of.name !== 'py.slice') return undefined
  const [from, to, step] = ['start', 'stop', 'step'].map(name => key.attributes.get(name) ?? none)
  const isPlain = step?.kind === 'const' && (step.value === null || step.value === 1)
  const bound = (v: Value | undefined) => (v && isNumber(v) ? v.value : undefined)
  const isBound = (v: Value | undefined) => v?.kind === 'const' && (v.value === null || typeof v.value === 'number')
  if (!isPlain || !isBound(from) || !isBound(to) || object.open) return list([...object.items], object.shape, true)
  return list(object.items.slice(bound(from), bound(to)), object.shape)
}
