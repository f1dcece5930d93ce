// Deliveries grouped by the place where they could be handed over differently, and the edits that would do it.

import { compareNatural } from '../checkpoint/paths'
import type { Shard } from '../checkpoint/facts'
import type { Arrived, Delivery } from '../interp/deliveries'
import { placeKey } from '../interp/run/machine'
import { importsOf } from '../interp/program/names'
import type { Place } from '../interp/values/value'
import type { Edit } from '../protocol'
import type { Turned } from '../quant/triple'
import type { Program } from '../source/ir'
import { rangeIn, rangeOf, textAt } from './show'
import { asOperand, withoutTurn } from './turnText'

export interface Site {
  readonly place: Place
  readonly deliveries: readonly Delivery[]
}

/** Tensors of different modules, or scales and biases in each other's place: told by their names, whatever the shapes say. */
export function isCrossed(d: Delivery): boolean {
  // A delivery's tensors stay the same objects while a program is being edited; only their places are new.
  let known = crossed.get(d.weight)
  if (known === undefined) crossed.set(d.weight, (known = swapped(d) || strangers(d).length > 0))
  return known
}

const crossed = new WeakMap<Arrived, boolean>()

/** Scales and biases of one module in each other's place. */
export const swapped = (d: Delivery): boolean =>
  d.scales.tensor.name === `${d.module}.biases` && d.biases?.tensor.name === `${d.module}.scales`

/** Members that belong to another module although the weight's own is stored. */
export function strangers(d: Delivery): readonly Member[] {
  if (!d.weight.tensor.name.endsWith('.weight') || swapped(d)) return []
  return (['scales', 'biases'] as const).filter(member => {
    const tensor = d[member]?.tensor
    const own = `${d.module}.${member}`
    return (
      tensor !== undefined &&
      tensor.name !== own &&
      /\.(scales|biases|weight)$/.test(tensor.name) &&
      d.weight.shard.tensors.find(own) !== undefined
    )
  })
}

export type Member = 'scales' | 'biases'

const cache = new WeakMap<readonly Delivery[], readonly Site[]>()

/** All sites, in the order in which they were met. */
export function sitesOf(deliveries: readonly Delivery[]): readonly Site[] {
  const known = cache.get(deliveries)
  if (known) return known
  const sites = new Map<string, { place: Place; deliveries: Delivery[] }>()
  for (const delivery of decided(deliveries.filter(d => !isCrossed(d)))) {
    const key = placeKey(delivery.site)
    const site = sites.get(key)
    if (site) site.deliveries.push(delivery)
    else sites.set(key, { place: delivery.site, deliveries: [delivery] })
  }
  const found = [...sites.values()]
  const rank = shardRanks(deliveries)
  for (const site of found) site.deliveries.sort(inFileOrder(rank))
  cache.set(deliveries, found)
  return found
}

/** As the checkpoint stores them, whatever order the program takes. */
const inFileOrder = (rank: ReadonlyMap<Shard, number>) => (a: Delivery, b: Delivery) =>
  a.weight.shard === b.weight.shard
    ? a.weight.tensor.beginBytes - b.weight.tensor.beginBytes
    : (rank.get(a.weight.shard) ?? 0) - (rank.get(b.weight.shard) ?? 0)

/** Shards by their place in natural order of paths: compared once each, not for every pair of deliveries. */
function shardRanks(deliveries: readonly Delivery[]): ReadonlyMap<Shard, number> {
  const shards = [...new Set(deliveries.map(d => d.weight.shard))]
  return new Map(shards.sort((a, b) => compareNatural(a.path, b.path)).map((shard, i) => [shard, i]))
}

const tensorKey = (d: Delivery) => `${d.weight.shard.path}\0${d.weight.tensor.name}`

/**
 * Leaves out a misfit on a path that may not be taken where the same weight fits on another such path: the program
 * chooses between them in a way that is not followed, and may well choose right. `all`: where another such path may be.
 */
export function decided(deliveries: readonly Delivery[], all = deliveries): readonly Delivery[] {
  const fitting = new Set(all.filter(d => d.sink.uncertain && d.verdict.kind === 'fits').map(tensorKey))
  return deliveries.filter(d => !(d.sink.uncertain && d.verdict.kind !== 'fits' && fitting.has(tensorKey(d))))
}

/** Every delivery that a rule should judge. */
export const judged = (deliveries: readonly Delivery[]): readonly Delivery[] =>
  sitesOf(deliveries).flatMap(s => s.deliveries)

/**
 * Edits that turn the members named at the places where a delivery hands them over; undefined where one has no place of
 * its own. Python gets a contiguous copy, since MLX on Metal decodes strided biases wrongly (ml-explore/mlx, quantized).
 */
export function turnEdits(delivery: Delivery, turned: Turned): readonly Edit[] | undefined {
  const places: Place[] = []
  for (const member of ['weight', 'scales', 'biases'] as const) {
    if (!turned[member] || (member === 'biases' && !delivery.biases)) continue
    const place = delivery.handles[member]
    if (!place) return undefined
    places.push(place)
  }
  if (new Set(places.map(placeKey)).size !== places.length) return undefined
  const edits = places.map((place): Edit => {
    const text = textAt(place)
    // What is turned already, and should not be, is turned back.
    const bare = withoutTurn(text)
    if (bare) return { path: place.program.path, range: rangeOf(place), newText: bare }
    const operand = asOperand(text)
    const newText =
      place.program.language === 'python' ? `${mlxName(place.program).name}.contiguous(${operand}.T)` : `${operand}.T`
    return { path: place.program.path, range: rangeOf(place), newText }
  })
  const imports = new Map<string, Edit>()
  for (const place of places) {
    const missing = place.program.language === 'python' ? mlxName(place.program).missing : undefined
    if (missing && edits.some(e => e.path === place.program.path && e.newText.includes('.contiguous(')))
      imports.set(place.program.path, missing)
  }
  return [...imports.values(), ...edits]
}

/** How a Python program calls `mlx.core`; where it does not import it, the line that would. */
function mlxName(program: Program): { name: string; missing?: Edit } {
  for (const { module, bindings, level } of importsOf(program)) {
    if (level > 0) continue
    for (const { imported, local } of bindings) {
      if (module === 'mlx.core' && imported === null) return { name: local }
      if (module === 'mlx' && imported === 'core') return { name: local }
      if (module === 'mlx' && imported === null) return { name: `${local}.core` }
    }
  }
  const last =
    program.body.findLast(s => s.kind === 'import' && s.module !== '__future__') ??
    program.body.findLast(s => s.kind === 'import')
  const offset = last ? last.span.end : 0
  const range = rangeIn(program, offset, offset)
  return {
    name: 'mx',
    missing: { path: program.path, range, newText: last ? '\nimport mlx.core as mx' : 'import mlx.core as mx\n' },
  }
}
