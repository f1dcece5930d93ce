// Stored tensors that a call hands over together with their siblings: that call is where a fault of the three can be repaired.

import type { Argument, Arguments } from '../run/calls'
import type { ArrayValue, Place, Source, Value } from '../values/value'

const isStored = (v: Value): v is ArrayValue => v.kind === 'array' && v.variants.some(x => x.stored)

/** Stored tensors among the arguments, and inside the objects and lists among them. */
export function storedArrays({ positional, keywords }: Arguments): readonly ArrayValue[] {
  const found: ArrayValue[] = []
  const add = (value: Value) => {
    if (value.kind === 'array') {
      if (isStored(value)) found.push(value)
    } else if (value.kind === 'dict') {
      for (const item of value.map.values()) if (isStored(item)) found.push(item)
    } else if (value.kind === 'list') for (const item of value.items) if (isStored(item)) found.push(item)
  }
  for (const { value } of positional) add(value)
  for (const { value } of keywords.values()) add(value)
  return found
}

/** What an object or a list holds directly. */
export const innerValues = (v: Value): readonly Value[] =>
  v.kind === 'dict' ? [...v.map.values()] : v.kind === 'list' ? v.items : []

const moduleCache = new WeakMap<readonly Source[], string>()
/** The module whose tensor an array is; of an array that may be many, without its numbers: which comes first says nothing. */
function moduleOf(array: ArrayValue): string | undefined {
  const sources = array.variants.find(v => v.stored)?.stored?.sources
  const [first] = sources ?? []
  if (!sources || !first) return undefined
  let module = moduleCache.get(sources)
  if (module === undefined) {
    const { name } = first.tensor
    module = name.slice(0, name.lastIndexOf('.') < 0 ? name.length : name.lastIndexOf('.'))
    if (sources.length > 1) module = module.replace(/\d+/g, '#')
    moduleCache.set(sources, module)
  }
  return module
}

/** Marks arrays that are handed over together with their siblings: that call is where a fault can be repaired. */
export function handOver(args: Arguments, at: Place): Arguments {
  const arrays = storedArrays(args)
  if (arrays.length < 2) return args
  const modules = arrays.map(moduleOf)
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
    ...args,
    positional: args.positional.map(markArgument),
    keywords:
      args.keywords.size === 0 ? args.keywords : new Map([...args.keywords].map(([k, a]) => [k, markArgument(a)])),
  }
}
