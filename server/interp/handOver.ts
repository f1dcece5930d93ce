// Stored tensors that a call hands over together with their siblings: that call is where a fault of the three can be repaired.

import type { Argument, Arguments } from './calls'
import type { ArrayValue, Place, Value } from './value'

const isStored = (v: Value): v is ArrayValue => v.kind === 'array' && v.variants.some(x => x.stored)

/** Stored tensors among the arguments, and inside the objects and lists among them. */
export function storedArrays({ positional, keywords }: Arguments): readonly ArrayValue[] {
  const found: ArrayValue[] = []
  const add = (value: Value) => {
    if (isStored(value)) found.push(value)
    for (const item of innerValues(value)) if (isStored(item)) found.push(item)
  }
  for (const { value } of positional) add(value)
  for (const { value } of keywords.values()) add(value)
  return found
}

/** What an object or a list holds directly. */
export const innerValues = (v: Value): readonly Value[] =>
  v.kind === 'dict' ? [...v.map.values()] : v.kind === 'list' ? v.items : []

/** The module whose tensor an array is; of an array that may be many, without its numbers: which comes first says nothing. */
function moduleOf(array: ArrayValue): string | undefined {
  const sources = array.variants.find(v => v.stored)?.stored?.sources
  const module = sources?.[0]?.tensor.name.replace(/\.[^.]*$/, '')
  return sources && sources.length > 1 ? module?.replace(/\d+/g, '#') : module
}

/** Marks arrays that are handed over together with their siblings: that call is where a fault can be repaired. */
export function handOver(args: Arguments, at: Place): Arguments {
  const modules = storedArrays(args).map(moduleOf)
  if (modules.length < 2) return args
  const mark = (v: Value, argument: Place | undefined): Value => {
    if (!isStored(v) || v.handedOver) return v
    const module = moduleOf(v)
    if (module === undefined || modules.filter(other => other === module).length < 2) return v
    return { ...v, handedOver: { call: at, argument } }
  }
  const markArgument = (a: Argument): Argument => {
    if (a.value.kind === 'dict')
      for (const [key, v] of a.value.map) a.value.map.set(key, mark(v, v.kind === 'array' ? v.at : undefined))
    else if (a.value.kind === 'list')
      a.value.items.forEach((v, i, items) => (items[i] = mark(v, v.kind === 'array' ? v.at : undefined)))
    return { ...a, value: mark(a.value, a.place) }
  }
  return {
    positional: args.positional.map(markArgument),
    keywords: new Map([...args.keywords].map(([k, a]) => [k, markArgument(a)])),
    open: args.open,
  }
}
