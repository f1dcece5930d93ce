// Where quantized weights arrive: the calls that decode or multiply them, each with its deliveries.

import type { Delivery } from '../interp/deliveries'
import type { Place } from '../interp/values/value'
import type { Facts } from '../rules/rule'
import { rangeOf, textAt } from '../rules/show'
import { groupBy } from '../util/groupBy'
import type { Range } from '../protocol'

export interface Arrival {
  /** The call, or the expression that puts the weight into a layer of the library. */
  readonly place: Place
  readonly deliveries: readonly [Delivery, ...Delivery[]]
}

const kept = new WeakMap<readonly Delivery[], ReadonlyMap<string, readonly Arrival[]>>()

/** Arrivals of a file, in the order of the text. */
export function arrivalsIn({ deliveries }: Facts, path: string): readonly Arrival[] {
  let byPath = kept.get(deliveries)
  if (!byPath) kept.set(deliveries, (byPath = collect(deliveries)))
  return byPath.get(path) ?? []
}

/** The places alone: they are counted after every edit, when nobody has asked what arrives there. */
export const arrivalPlaces = ({ bundles }: Facts, path: string): readonly Place[] => [
  ...new Set(bundles.map(b => b.sink.call).filter(place => place.program.path === path)),
]

function collect(deliveries: readonly Delivery[]): ReadonlyMap<string, readonly Arrival[]> {
  const arrivals = [...groupBy(deliveries, d => d.sink.call)].flatMap(([place, [first, ...rest]]): Arrival[] =>
    first ? [{ place, deliveries: [first, ...rest] }] : [],
  )
  arrivals.sort((a, b) => a.place.span.start - b.place.span.start)
  return groupBy(arrivals, a => a.place.program.path)
}

/** What is called: `mx.dequantize` of the whole call; all of it where it is no call. */
export function calleeRange(place: Place): Range {
  const { start, end } = place.span
  const bracket = textAt(place).indexOf('(')
  return rangeOf(bracket <= 0 ? place : { ...place, span: { start, end: Math.min(end, start + bracket) } })
}
