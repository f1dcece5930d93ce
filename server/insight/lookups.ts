// Where a program asks a checkpoint for tensors, and what it is given there: read from the runs when an editor asks, once
// for each analysis and file.

import type { ArrayVariant, Place, Source } from '../interp/values/value'
import type { Met } from '../interp/run/machine'
import type { Run } from '../interp/index'
import type { Facts } from '../rules/rule'

/** A stored tensor as it is at some place, perhaps changed since it was loaded. */
export interface StoredVariant {
  readonly stored: Source
  readonly shape: ArrayVariant['shape']
  readonly dtype: ArrayVariant['dtype']
}

export interface Lookup {
  readonly place: Place
  /** `load`: the expression that asks. `key`: the text that was asked with, which may be written elsewhere. */
  readonly kind: 'load' | 'key'
  /** Every tensor that it can mean, once each, in the order in which they were met. */
  found(): readonly StoredVariant[]
}

const kept = new WeakMap<readonly Run[], Map<string, readonly Lookup[]>>()

/** Lookups of a file, in the order of the text. */
export function lookupsIn({ runs }: Facts, path: string): readonly Lookup[] {
  let byPath = kept.get(runs)
  if (!byPath) kept.set(runs, (byPath = new Map()))
  let lookups = byPath.get(path)
  if (!lookups) byPath.set(path, (lookups = collect(runs, path)))
  return lookups
}

function collect(runs: readonly Run[], path: string): readonly Lookup[] {
  const loads = new Map<Place, Met[]>()
  const keys = new Map<Place, Met[]>()
  const add = (into: Map<Place, Met[]>, from: ReadonlyMap<Place, Met>) => {
    for (const [place, met] of from) {
      if (place.program.path !== path) continue
      const known = into.get(place)
      if (known) known.push(met)
      else into.set(place, [met])
    }
  }
  for (const run of runs) {
    add(loads, run.lookups)
    add(keys, run.keys)
  }
  const made = [
    ...[...loads].map(([place, met]) => lookup('load', place, met)),
    ...[...keys].map(([place, met]) => lookup('key', place, met)),
  ]
  return made.sort((a, b) => a.place.span.start - b.place.span.start || b.place.span.end - a.place.span.end)
}

function lookup(kind: Lookup['kind'], place: Place, met: readonly Met[]): Lookup {
  let found: readonly StoredVariant[] | undefined
  return { kind, place, found: () => (found ??= distinct(met)) }
}

function distinct(met: readonly Met[]): readonly StoredVariant[] {
  const found: StoredVariant[] = []
  const seen = new Map<object, Set<string>>()
  for (const readings of met)
    for (const variants of readings)
      for (const { stored: all, shape, dtype } of variants)
        for (const stored of all?.sources ?? []) {
          let names = seen.get(stored.shard)
          if (!names) seen.set(stored.shard, (names = new Set()))
          if (names.has(stored.tensor.name)) continue
          names.add(stored.tensor.name)
          found.push({ stored, shape, dtype })
        }
  return found
}

/** The smallest of some things in a text that holds an offset. */
export function smallestAt<T extends { readonly place: Place }>(items: readonly T[], offset: number): T | undefined {
  let best: T | undefined
  for (const item of items) {
    const { start, end } = item.place.span
    if (offset < start || offset > end) continue
    const size = end - start
    if (!best || size < best.place.span.end - best.place.span.start) best = item
  }
  return best
}
