// Deliveries that a rule speaks of, found without looking at every one: what a test says of the triples of a bundle is kept
// with them, and they stay the same objects while a program is edited. Most bundles are right and are never unfolded.

import type { JsonFile, Model } from '../checkpoint/facts'
import { type Bundle, deliveriesOf, type Delivery, placesKey, type Triple, weightsIn } from '../interp/deliveries'
import { placeKey, type Sink } from '../interp/run/machine'
import type { Place, Value } from '../interp/values/value'
import { groupBy } from '../util/groupBy'
import type { Facts } from './rule'
import { textAt } from './show'
import { decided, isCrossed, type Site, sitesOf } from './sites'

/**
 * Whether a rule speaks of a delivery. It may depend on the triple and on what the operation is given, not on the places
 * where that is written. One function for each test: answers are kept by it.
 */
export type Test = (d: Delivery) => boolean

/** Whether a test holds for any triple of a bundle, by what else the operation was given. */
const answers = new WeakMap<Test, WeakMap<readonly Triple[], Map<string, boolean>>>()

function holdsForAny(test: Test, bundle: Bundle): boolean {
  let ofTest = answers.get(test)
  if (!ofTest) answers.set(test, (ofTest = new WeakMap()))
  let ofTriples = ofTest.get(bundle.triples)
  if (!ofTriples) ofTest.set(bundle.triples, (ofTriples = new Map()))
  const key = givenTo(bundle.sink)
  let known = ofTriples.get(key)
  if (known === undefined) ofTriples.set(key, (known = holdsForOne(test, bundle)))
  return known
}

/** One after another, for a test that has not seen the triples yet: there may be a hundred thousand, and none is kept. */
function holdsForOne(test: Test, { sink, site, handles, triples }: Bundle): boolean {
  return triples.some(({ model, module, weight, scales, biases, verdict }) =>
    test({ model, module, weight, scales, biases, verdict, sink, site, handles }),
  )
}

const given = new WeakMap<Sink, string>()
/** All that an operation is given beside the triple, as text. */
function givenTo(sink: Sink): string {
  let known = given.get(sink)
  if (known === undefined) {
    const { op, x, uncertain, transpose, groupSize, bits, mode, call } = sink
    const columns = [...new Set(x?.variants.map(v => v.shape?.at(-1)))]
    const values = [transpose, groupSize, bits, mode].map(describe)
    known = JSON.stringify([op, uncertain, x && columns, values, call.program.language, textAt(call).endsWith(')')])
    given.set(sink, known)
  }
  return known
}

/** A value, and where it comes from: a literal, or a place in a config. */
function describe(v: Value | undefined): unknown {
  if (v?.kind !== 'const') return v?.kind
  return [v.value, v.literal !== undefined, v.config && [numberOf(v.config.file), v.config.offset]]
}

const numbers = new WeakMap<JsonFile, number>()
let lastNumber = 0
/** Files are immutable: one that was changed is another. */
function numberOf(file: JsonFile): number {
  let known = numbers.get(file)
  if (known === undefined) numbers.set(file, (known = ++lastNumber))
  return known
}

interface Unfolded {
  readonly bundles: ReadonlyMap<string, readonly Bundle[]>
  readonly deliveries: Map<string, readonly Delivery[]>
}

const unfolded = new WeakMap<readonly Bundle[], Unfolded>()

/** Every delivery for which a test holds. */
export function where({ bundles }: Facts, test: Test): readonly Delivery[] {
  const places = new Set(bundles.filter(b => holdsForAny(test, b)).map(placesKey))
  return [...places].flatMap(key => deliveriesAt(bundles, key)).filter(test)
}

/** The deliveries of one place; each weight counts once there, so that all its bundles are unfolded. */
function deliveriesAt(all: readonly Bundle[], key: string): readonly Delivery[] {
  let known = unfolded.get(all)
  if (!known) {
    unfolded.set(all, (known = { bundles: groupBy(all, placesKey), deliveries: new Map() }))
  }
  let deliveries = known.deliveries.get(key)
  if (!deliveries) known.deliveries.set(key, (deliveries = deliveriesOf(known.bundles.get(key) ?? [])))
  return deliveries
}

/** Those of them that a rule should judge, by site: tensors that are crossed and choices that are not followed are left out. */
export function sitesWhere(facts: Facts, test: Test): readonly Site[] {
  const found = where(facts, test)
  if (found.length === 0) return []
  return sitesOf(found.some(isOpen) ? decided(found, facts.deliveries) : found)
}

/** The same in one list. */
export const judgedWhere = (facts: Facts, test: Test): readonly Delivery[] =>
  sitesWhere(facts, test).flatMap(s => s.deliveries)

/** Those that a rule should judge at some operations, whatever is said of them. */
export const judgedFor = ({ bundles }: Facts, isMeant: (sink: Sink) => boolean): readonly Delivery[] =>
  sitesOf(deliveriesOf(bundles.filter(b => isMeant(b.sink)))).flatMap(s => s.deliveries)

/** A place where quantized weights arrive, and their modules by model, perhaps in several sets. */
export interface WeightSite {
  readonly place: Place
  readonly weights: readonly (readonly [Model, ReadonlySet<string>])[]
}

/** Places where something arrives that a rule should judge, in the order in which they were met: see `sitesOf`. */
export function weightSites(facts: Facts): readonly WeightSite[] {
  const sites = new Map<string, { place: Place; weights: (readonly [Model, ReadonlySet<string>])[] }>()
  const open = new Set(where(facts, isOpen).map(placesKey))
  for (const bundle of facts.bundles) {
    // Of what is crossed or not decided only a part counts: there the deliveries are looked at one by one.
    const isMixed = holdsForAny(isCrossed, bundle) || open.has(placesKey(bundle))
    const weights = isMixed
      ? judgedFor(facts, sink => sink === bundle.sink).map(d => [d.model, new Set([d.module])] as const)
      : [...weightsIn(bundle)]
    if (weights.length === 0) continue
    const key = placeKey(bundle.site)
    const site = sites.get(key)
    if (site) site.weights.push(...weights)
    else sites.set(key, { place: bundle.site, weights: [...weights] })
  }
  return [...sites.values()]
}

const isOpen = (d: Delivery): boolean => d.sink.uncertain && d.verdict.kind !== 'fits'
