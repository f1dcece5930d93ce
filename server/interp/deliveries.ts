// Turns what a run saw into deliveries: one quantized weight with its scales and biases, arriving at one operation, with
// the place in the program where the three could be handed over differently.

import type { Model, Shard } from '../checkpoint/facts'
import type { ArrayOp } from '../protocol'
import { judgeTriple, type Verdict } from '../quant/triple'
import type { Run } from './index'
import { placeKey, type Sink } from './run/machine'
import type { StoredTensor } from '../quant/quantizedModules'
import { pick, pickedFrom, together } from './values/readings'
import type { ArrayVariant, Place, Source } from './values/value'

/** A stored tensor as it arrives: what was done to it, and the shape that this gives. */
export interface Arrived extends StoredTensor {
  readonly shape: readonly number[]
  readonly dtype: string
  /** Undefined where it was changed in a way that cannot be repeated on the stored bytes. */
  readonly ops: readonly ArrayOp[] | undefined
}

/** Expressions that would have to change to hand the three tensors over differently. */
export interface Handles {
  readonly weight: Place | undefined
  readonly scales: Place | undefined
  readonly biases: Place | undefined
}

export interface Delivery {
  readonly model: Model
  /** The weight's name without its last part. */
  readonly module: string
  readonly weight: Arrived
  readonly scales: Arrived
  readonly biases: Arrived | undefined
  readonly site: Place
  readonly handles: Handles
  readonly sink: Sink
  readonly verdict: Verdict
}

/** What one operation gets of tensors that are alike: deliveries that differ in nothing but their names. */
export interface Bundle {
  readonly sink: Sink
  readonly site: Place
  readonly handles: Handles
  /** The same array for the same tensors treated alike: what is found out about them is kept with it. */
  readonly triples: readonly Triple[]
}

/** Every bundle of a run whose three shapes are known, once for each place. */
export function bundlesOf({ sinks, loads }: Pick<Run, 'sinks' | 'loads'>): readonly Bundle[] {
  const named = new Set(loads.flatMap(load => (load.named ? [load.shard] : [])))
  const found: Bundle[] = []
  const seen = new Map<string, Set<readonly Triple[]>>()
  for (const sink of sinks) {
    if (sink.guarded) continue
    const where = siteOf(sink)
    if (!where) continue
    const key = placesKey({ sink, ...where })
    let here = seen.get(key)
    if (!here) seen.set(key, (here = new Set()))
    for (const triples of triplesOf(sink)) {
      // A model that is run for every token hands over the same arrays again.
      if (here.has(triples)) continue
      here.add(triples)
      const meant = sink.op === 'save_safetensors' ? writtenOnPurpose(triples, named) : triples
      if (meant.length > 0) found.push({ sink, ...where, triples: meant })
    }
  }
  return found
}

/** Equal for bundles of one call that could be handed over differently at one place. */
export const placesKey = ({ sink, site }: Pick<Bundle, 'sink' | 'site'>): string =>
  `${placeKey(sink.call)}\0${placeKey(site)}`

/** Of what a program writes, what it can be blamed for. `named`: shards that a path of its own leads to. */
const writtenOnPurpose = (triples: readonly Triple[], named: ReadonlySet<Shard>): readonly Triple[] =>
  triples.filter(
    ({ weight, scales, biases, verdict }) =>
      // A program that writes what it found broken is not the one at fault.
      (verdict.kind === 'fits' || storedFits(weight, scales, biases)) &&
      // A script that casts all it is given was written for tensors that are not packed; which ones is only a guess here.
      (weight.dtype === weight.tensor.dtype || named.has(weight.shard)),
  )

/** The deliveries of bundles, each weight once at each place. */
export function deliveriesOf(bundles: readonly Bundle[]): readonly Delivery[] {
  const found: Delivery[] = []
  const seen = new Map<string, Set<string>>()
  for (const bundle of bundles) {
    const key = placesKey(bundle)
    let here = seen.get(key)
    if (!here) seen.set(key, (here = new Set()))
    const { sink, site, handles } = bundle
    for (const triple of bundle.triples) {
      const identity = identityOf(triple)
      if (here.has(identity)) continue
      here.add(identity)
      found.push({ ...triple, site, handles, sink })
    }
  }
  return found
}

/** A delivery but for the place: three variants that can hold at the same time, and what they are to one another. */
export interface Triple {
  readonly model: Model
  readonly module: string
  readonly weight: Arrived
  readonly scales: Arrived
  readonly biases: Arrived | undefined
  readonly verdict: Verdict
}

/** Equal where the weight is the same tensor, treated alike. */
const identityOf = ({ weight: { shard, tensor, ops } }: Triple): string =>
  `${shard.path}\0${tensor.name}\0${ops ? JSON.stringify(ops) : ''}`

/** Lists of triples, one for every three groups of tensors that can arrive together. */
const triplesOf = ({ weight, scales, biases }: Sink): readonly (readonly Triple[])[] =>
  weight.variants.flatMap(w =>
    closest(w, scales.variants).flatMap(s =>
      (biases ? closest(w, biases.variants) : [undefined]).flatMap(b => {
        const triples = joined(w, s, b)
        return triples.length > 0 ? [triples] : []
      }),
    ),
  )

interface Joined {
  readonly others: readonly unknown[]
  readonly triples: readonly Triple[]
}

/** Lookups give the same arrays for the same key, so the next run of a program under edit joins nothing anew. */
const joinedCache = new WeakMap<readonly Source[], Joined[]>()
/** Joins that are kept for one group of weights. */
const keptJoins = 2

function joined(w: ArrayVariant, s: ArrayVariant, b: ArrayVariant | undefined): readonly Triple[] {
  const sources = w.stored?.sources
  if (!sources) return []
  const symbols = [...new Set([w, s, b].flatMap(v => v?.readings.symbols ?? []))]
  const others = [w, s, b].flatMap(v => [v?.stored?.sources, v?.readings.rows, v && treatment(v, symbols)])
  const known = joinedCache.get(sources) ?? []
  const same = known.find(j => j.others.every((o, i) => o === others[i]))
  if (same) return same.triples
  const triples = joinGroups(w, s, b)
  joinedCache.set(sources, [{ others, triples }, ...known.slice(0, keptJoins - 1)])
  return triples
}

/** What was done to tensors since they were loaded, and which symbols they depend on, as text. */
const treatment = ({ shape, table, dtype, stored, readings }: ArrayVariant, symbols: readonly number[]): string =>
  JSON.stringify([shape, table, dtype, stored?.ops, readings.symbols.map(s => symbols.indexOf(s))])

/** Those that depend on the same symbols, where there are any: others may be of another file. */
function closest(to: ArrayVariant, variants: readonly ArrayVariant[]): readonly ArrayVariant[] {
  const { symbols } = to.readings
  const same = variants.filter(
    ({ readings }) => readings.symbols.length === symbols.length && readings.symbols.every(s => symbols.includes(s)),
  )
  return same.length > 0 ? same : variants
}

/** The triples of three groups of tensors that are alike: one verdict for all. */
function joinGroups(weight: ArrayVariant, scales: ArrayVariant, biases: ArrayVariant | undefined): readonly Triple[] {
  const [w, s, b] = [arrives(weight), arrives(scales), biases && arrives(biases)]
  if (!w || !s || (biases && !b)) return []
  // A slice past the end is empty: it fits whatever it meets, and says nothing.
  if ([w, s, b].some(array => array?.shape.includes(0))) return []
  const two = together(weight.readings, scales.readings)
  const all = two && biases ? together(two.readings, biases.readings) : two
  if (!two || !all) return []
  const count = all.readings.rows.length
  const [left, right] = biases
    ? [pickedFrom(two.left, all.left), pickedFrom(two.right, all.left)]
    : [two.left, two.right]
  const [ofWeight, ofScales] = [pick(w.sources, left, count), pick(s.sources, right, count)]
  const ofBiases = b && pick(b.sources, all.right, count)
  const verdict = judgeTriple({ weight: w.shape, scales: s.shape, biases: b?.shape, float: s.dtype === 'U8' })
  return ofWeight.flatMap((source, i): Triple[] => {
    const [scale, bias] = [ofScales[i], ofBiases?.[i]]
    if (!scale || (b && !bias)) return []
    const { name } = source.tensor
    return [
      {
        model: source.model,
        module: name.slice(0, Math.max(0, name.lastIndexOf('.'))) || name,
        weight: arrived(w, source),
        scales: arrived(s, scale),
        biases: b && bias && arrived(b, bias),
        verdict,
      },
    ]
  })
}

const storedFits = (w: Arrived, s: Arrived, b: Arrived | undefined) =>
  judgeTriple({
    weight: w.tensor.shape,
    scales: s.tensor.shape,
    biases: b?.tensor.shape,
    float: s.tensor.dtype === 'U8',
  }).kind === 'fits'

interface Arriving extends Pick<Arrived, 'shape' | 'dtype' | 'ops'> {
  readonly sources: readonly Source[]
}

function arrives({ stored, shape: own, table, dtype }: ArrayVariant): Arriving | undefined {
  // Rows that were gathered are judged as the table that they come from.
  const shape = own ?? table
  if (!stored || !shape || dtype === undefined || !shape.every((d): d is number => d !== undefined)) return undefined
  return { sources: stored.sources, shape, dtype, ops: stored.ops }
}

/** A tensor of a group that is alike: there may be a hundred thousand, and the group says nearly all. */
class ArrivedOfGroup implements Arrived {
  constructor(
    private readonly group: Arriving,
    private readonly source: Source,
  ) {}
  get shard(): Arrived['shard'] {
    return this.source.shard
  }
  get tensor(): Arrived['tensor'] {
    return this.source.tensor
  }
  get shape(): Arrived['shape'] {
    return this.group.shape
  }
  get dtype(): string {
    return this.group.dtype
  }
  get ops(): Arrived['ops'] {
    return this.group.ops
  }
}

const arrived = (group: Arriving, source: Source): Arrived => new ArrivedOfGroup(group, source)

/**
 * Where a triple could be handed over differently: the call that hands the members over together; the operation itself
 * where they were loaded beside it, or where one expression loads them all; else the expressions that load them.
 */
function siteOf(sink: Sink): { site: Place; handles: Handles } | undefined {
  const { weight, scales, biases } = sink
  const together = weight.handedOver
  if (together && scales.handedOver && placeKey(scales.handedOver.call) === placeKey(together.call))
    return {
      site: together.call,
      handles: { weight: together.argument, scales: scales.handedOver.argument, biases: biases?.handedOver?.argument },
    }
  const loads = [weight, scales, biases].flatMap(a => (a ? [a.at && placeKey(a.at)] : []))
  const oneByOne = loads.every(key => key !== undefined) && new Set(loads).size === loads.length
  const isBeside = weight.activation === sink.activation && scales.activation === sink.activation
  if (isBeside || (!oneByOne && sink.arguments.weight)) return { site: sink.call, handles: sink.arguments }
  if (!weight.at) return undefined
  return { site: weight.at, handles: { weight: weight.at, scales: scales.at, biases: biases?.at } }
}

const delivered = new WeakMap<readonly Triple[], ReadonlyMap<Model, ReadonlySet<string>>>()
/** Modules whose weights a bundle has, by model. */
export function weightsIn({ triples }: Bundle): ReadonlyMap<Model, ReadonlySet<string>> {
  let known = delivered.get(triples)
  if (!known) {
    const names = new Map<Model, Set<string>>()
    for (const { model, module } of triples) {
      const own = names.get(model)
      if (own) own.add(module)
      else names.set(model, new Set([module]))
    }
    delivered.set(triples, (known = names))
  }
  return known
}
