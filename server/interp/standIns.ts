// One value that stands for many that are alike: the layers of a model, whose arrays have the same shapes and differ in
// which tensors they are. Its arrays have all of their tensors, told apart by the number of the layer.

import { stackItems, stackRows } from './readings'
import type { ArrayValue, ArrayVariant, InstanceValue, Value } from './value'

export interface StackContext {
  /** Stands for the number of the value. */
  readonly symbol: number
  /** The number of the first. */
  readonly first: number
  /** Names of attributes that anybody looks at; what nobody looks at need not be alike. */
  readonly names: ReadonlySet<string>
  readonly made: Map<Value, { readonly of: readonly Value[]; readonly standIn: Value }>
}

/** Undefined where they differ in more than the tensors of their arrays, in anything that is looked at. */
export function standInFor(c: StackContext, values: readonly Value[]): Value | undefined {
  const [first] = values
  if (!first) return undefined
  if (values.every(v => v === first)) return first
  const known = c.made.get(first)
  if (known && known.of.length === values.length && known.of.every((v, i) => v === values[i])) return known.standIn
  switch (first.kind) {
    case 'const':
      return values.every(v => v.kind === 'const' && v.value === first.value) ? first : undefined
    case 'array':
      return values.every(v => v.kind === 'array') ? arrayFor(c, values) : undefined
    case 'instance':
      return values.every(v => v.kind === 'instance') ? instanceFor(c, values) : undefined
    case 'list': {
      if (!values.every(v => v.kind === 'list') || first.open || first.properties) return undefined
      if (values.some(v => v.shape !== first.shape || v.open || v.items.length !== first.items.length)) return undefined
      const items = columnsOf(values, c)
      return items && { ...first, items }
    }
    case 'function':
      return values.every(v => v.kind === 'function' && v.def === first.def && v.scope === first.scope && !v.self)
        ? first
        : undefined
    case 'library':
      return values.every(v => v.kind === 'library' && v.name === first.name && !v.self) ? first : undefined
    default:
      return undefined
  }
}

function columnsOf(lists: readonly (Value & { kind: 'list' })[], c: StackContext): Value[] | undefined {
  const columns: Value[] = []
  for (let i = 0; i < (lists[0]?.items.length ?? 0); i++) {
    const cell = standInFor(
      c,
      lists.flatMap(l => l.items[i] ?? []),
    )
    if (!cell) return undefined
    columns.push(cell)
  }
  return columns
}

function instanceFor(c: StackContext, values: readonly InstanceValue[]): InstanceValue | undefined {
  const first = values[0] as InstanceValue
  const sameClass = (v: InstanceValue) =>
    v.of === first.of || (v.of.kind === 'library' && first.of.kind === 'library' && v.of.name === first.of.name)
  if (!values.every(v => sameClass(v) && v.attributes.size === first.attributes.size && !v.whole)) return undefined
  const standIn: InstanceValue = { ...first, attributes: new Map(), standsFor: values }
  // An object may hold one that holds it.
  c.made.set(first, { of: values, standIn })
  for (const [name, value] of first.attributes) {
    const all = values.flatMap(v => v.attributes.get(name) ?? [])
    const one = all.length === values.length ? standInFor(c, all) : undefined
    if (one) standIn.attributes.set(name, one)
    else if (c.names.has(name) || value.kind === 'function') return undefined
  }
  return standIn
}

function arrayFor(c: StackContext, values: readonly ArrayValue[]): ArrayValue | undefined {
  const first = values[0] as ArrayValue
  const variants = values.flatMap(v => (v.variants.length === 1 ? v.variants : []))
  const [variant] = variants
  if (!variant || variants.length !== values.length) return undefined
  const isLike = (v: ArrayValue) =>
    v.library === first.library &&
    v.at === first.at &&
    v.handedOver?.call === first.handedOver?.call &&
    v.handedOver?.argument === first.handedOver?.argument
  const kind = kindOf(variant)
  if (!values.every(isLike) || !variants.every(v => kindOf(v) === kind)) return undefined
  const { stored, decoded, readings } = variant
  if (!stored && !decoded) return readings.symbols.length === 0 ? first : undefined
  return {
    ...first,
    variants: [
      {
        ...variant,
        readings: {
          symbols: [...readings.symbols, c.symbol],
          rows: stackRows(
            variants.map(v => v.readings.rows),
            c.first,
          ),
        },
        stored: stored && { ...stored, sources: stackItems(variants.map(v => v.stored?.sources ?? [])) },
        decoded: decoded && { ...decoded, sources: stackItems(variants.map(v => v.decoded?.sources ?? [])) },
      },
    ],
  }
}

/** All of an array's reading but which tensors it is. */
const kindOf = ({ shape, table, dtype, stored, decoded, readings, role, heads }: ArrayVariant): string =>
  JSON.stringify([
    shape,
    table,
    dtype,
    stored !== undefined,
    stored?.ops,
    decoded?.turned,
    readings.symbols,
    role,
    heads?.axes,
  ])
