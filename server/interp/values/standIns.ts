// One value that stands for many that are alike: the layers of a model, whose arrays have the same shapes and differ in
// which tensors they are. Its arrays have all of their tensors, told apart by the number of the layer.

import type { Names } from '../program/purity'
import { sameItems } from '../../util/sameItems'
import { stackItems, stackRows } from './readings'
import type { ArrayValue, ArrayVariant, InstanceValue, Value } from './value'

/** What stands for the number of each value, and of what is looked at in them. */
export interface StackContext {
  readonly symbol: number
  /** The number of the first. */
  readonly first: number
  /** Names of attributes that anybody looks at; what nobody looks at need not be alike. */
  readonly names: Names
}

/** Numbers of two values in a list of many: what holds them may differ in them. */
export interface Numbers {
  readonly a: number
  readonly b: number
}

/** Whether two values differ in nothing that is looked at but in which tensors their arrays are, and in their numbers. */
export function isAlike(names: Names, a: Value, b: Value, numbers?: Numbers, seen?: Map<Value, Value>): boolean {
  if (a === b) return true
  if (a.kind !== b.kind) return false
  if (a.kind === 'instance' || a.kind === 'list') {
    // An object may hold one that holds it.
    seen ??= new Map()
    if (seen.get(a) === b) return true
    seen.set(a, b)
  }
  switch (a.kind) {
    case 'const':
      return a.value === (b as typeof a).value || (a.value === numbers?.a && (b as typeof a).value === numbers?.b)
    case 'array':
      return areAlikeArrays(a, b as typeof a)
    case 'instance': {
      const other = b as typeof a
      const isSameClass = a.of === other.of || (other.of.kind === 'library' && isLibrary(a.of, other.of.name))
      if (!isSameClass || a.attributes.size !== other.attributes.size || a.whole || other.whole) return false
      for (const name of a.attributes.keys()) {
        const value = a.attributes.get(name) as Value
        if (!isLookedAt(names, a, name, value)) continue
        const same = other.attributes.get(name)
        if (!same || !isAlike(names, value, same, numbers, seen)) return false
      }
      return true
    }
    case 'list': {
      const { shape, open, items, properties } = b as typeof a
      if (a.shape !== shape || a.open || open || a.items.length !== items.length || a.properties || properties)
        return false
      // One object may stand there many times, as where a long list was made at once.
      for (let i = 0; i < items.length; i++) {
        const [item, same] = [a.items[i] as Value, items[i] as Value]
        if (i > 0 && item === a.items[i - 1] && same === items[i - 1]) continue
        if (!isAlike(names, item, same, numbers, seen)) return false
      }
      return true
    }
    case 'function': {
      const other = b as typeof a
      return a.def === other.def && a.scope === other.scope && !a.self && !other.self
    }
    case 'unknown': {
      // What is not known of one is not known of the others either, unless it is an input or a number that can be told.
      const other = b as typeof a
      return !a.free && !other.free && !a.linear && !other.linear && a.why === other.why
    }
    case 'library':
      return isLibrary(b, a.name) && !a.self && !(b as typeof a).self
    default:
      return false
  }
}

const isLibrary = (v: Value, name: string): boolean => v.kind === 'library' && v.name === name

/** What the layers of a library look at is not in the program's text. */
const isLookedAt = (names: Names, { of }: InstanceValue, name: string, value: Value): boolean =>
  names.has(name) || value.kind === 'function' || isLayer(of)

const isLayer = (of: Value): boolean =>
  of.kind === 'library' ? !/\.(Module|object)$/.test(of.name) : of.kind === 'class' && of.bases.some(isLayer)

/** Makes the one value for many of which each is like the first; see `isAlike`. */
export class StandIns {
  private readonly made = new Map<Value, { readonly of: readonly Value[]; readonly standIn: Value }>()
  /** What the objects made here looked like. */
  private number: Value | undefined
  private readonly copies = new Map<
    InstanceValue,
    { readonly of: Value; readonly before: ReadonlyMap<string, Value> }
  >()

  constructor(private readonly context: StackContext) {}

  /** Whether something in them is their number. */
  get haveNumbers(): boolean {
    return this.number !== undefined
  }

  has(object: InstanceValue): boolean {
    return this.copies.has(object)
  }

  /** The objects made here, and what they looked like. */
  all(): Iterable<{ readonly object: InstanceValue; readonly of: Value; readonly before: ReadonlyMap<string, Value> }> {
    return [...this.copies].map(([object, copy]) => ({ object, ...copy }))
  }

  /** Whether nothing was set on them: that would have to be done to each of those that they stand for. */
  areUntouched(): boolean {
    return [...this.copies].every(
      ([object, { of, before }]) =>
        object.of === of &&
        object.attributes.size === before.size &&
        [...before].every(([name, value]) => object.attributes.get(name) === value),
    )
  }

  for(values: readonly Value[]): Value {
    const first = values[0] as Value
    if (values.every(v => v === first)) return first
    if (first.kind === 'const') {
      if (values.every(v => v.kind === 'const' && v.value === first.value)) return first
      const { symbol } = this.context
      return (this.number ??= { kind: 'unknown', symbol, free: false, why: 'the number of any of many layers' })
    }
    const known = this.made.get(first)
    // One object may be held in two places of the first where the others hold two.
    if (known && sameItems(known.of, values)) return known.standIn
    if (first.kind === 'array') return stacked(this.context, values as readonly ArrayValue[])
    if (first.kind === 'instance') return this.instance(first, values as readonly InstanceValue[])
    if (first.kind !== 'list') return first
    const lists = values as readonly (typeof first)[]
    return { ...first, items: first.items.map((_, i) => this.for(lists.map(l => l.items[i] as Value))) }
  }

  private instance(first: InstanceValue, values: readonly InstanceValue[]): InstanceValue {
    const standIn: InstanceValue = { ...first, attributes: new Map(), standsFor: values }
    this.made.set(first, { of: values, standIn })
    for (const [name, value] of first.attributes)
      if (isLookedAt(this.context.names, first, name, value))
        standIn.attributes.set(name, this.for(values.map(v => v.attributes.get(name) as Value)))
    this.copies.set(standIn, { of: standIn.of, before: new Map(standIn.attributes) })
    return standIn
  }
}

function areAlikeArrays(a: ArrayValue, b: ArrayValue): boolean {
  const [v, w] = [a.variants[0], b.variants[0]]
  if (!v || !w || a.variants.length !== 1 || b.variants.length !== 1) return false
  if (!v.stored && !v.decoded && v.readings.symbols.length > 0) return false
  return (
    a.library === b.library &&
    a.at === b.at &&
    a.handedOver?.call === b.handedOver?.call &&
    a.handedOver?.argument === b.handedOver?.argument &&
    kindOf(v) === kindOf(w)
  )
}

function stacked({ symbol, first: number }: StackContext, values: readonly ArrayValue[]): ArrayValue {
  const first = values[0] as ArrayValue
  const variants = values.map(v => v.variants[0] as ArrayVariant)
  const { stored, decoded, readings } = variants[0] as ArrayVariant
  if (!stored && !decoded) return first
  const rows = stackRows(
    variants.map(v => v.readings.rows),
    number,
  )
  return {
    ...first,
    variants: [
      {
        ...(variants[0] as ArrayVariant),
        readings: { symbols: [...readings.symbols, symbol], rows },
        stored: stored && { ...stored, sources: stackItems(variants.map(v => v.stored?.sources ?? [])) },
        decoded: decoded && { ...decoded, sources: stackItems(variants.map(v => v.decoded?.sources ?? [])) },
      },
    ],
  }
}

const kinds = new WeakMap<ArrayVariant, string>()
/** All of an array's reading but which tensors it is. */
function kindOf(variant: ArrayVariant): string {
  let kind = kinds.get(variant)
  if (kind === undefined) {
    const { shape, table, dtype, stored, decoded, readings, role, heads } = variant
    const { symbols } = readings
    kind = JSON.stringify([shape, table, dtype, !!stored, stored?.ops, decoded?.turned, symbols, role, heads?.axes])
    kinds.set(variant, kind)
  }
  return kind
}
