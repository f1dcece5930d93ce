// Turns what a run saw into deliveries: one quantized weight with its scales and biases, arriving at one operation, with
// the place in the program where the three could be handed over differently.

import type { Model } from '../checkpoint/facts'
import type { ArrayOp } from '../protocol'
import { judgeTriple, type Verdict } from '../quant/triple'
import type { Run } from './index'
import { placeKey, type Sink } from './machine'
import type { StoredTensor } from '../quant/quantizedModules'
import { pick, pickedFrom, together } from './readings'
import type { ArrayVariant, Place, Source } from './value'

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

/** More readings than this of one call are one too many: it is then left alone. */
const variantLimit = 200_000

/** Every delivery of a run whose three shapes are known, once each. */
export function deliveriesOf({ sinks, loads }: Pick<Run, 'sinks' | 'loads'>): readonly Delivery[] {
  const named = new Set(loads.flatMap(load => (load.named ? [load.shard] : [])))
  const found: Delivery[] = []
  const seen = new Map<string, { triples: Set<readonly Triple[]>; identities: Set<string> }>()
  for (const sink of sinks) {
    if (sink.guarded) continue
    const where = siteOf(sink)
    if (!where || sink.weight.variants.length > variantLimit) continue
    const key = `${placeKey(sink.call)}\0${placeKey(where.site)}`
    let here = seen.get(key)
    if (!here) seen.set(key, (here = { triples: new Set(), identities: new Set() }))
    const triples = triplesOf(sink)
    // A model that is run for every token hands over the same arrays again.
    if (here.triples.has(triples)) continue
    here.triples.add(triples)
    const { site, handles } = where
    for (const { model, module, weight, scales, biases, verdict, identity } of triples) {
      if (here.identities.has(identity)) continue
      if (sink.op === 'save_safetensors') {
        // A program that writes what it found broken is not the one at fault.
        if (verdict.kind !== 'fits' && !storedFits(weight, scales, biases)) continue
        // A script that casts all it is given was written for tensors that are not packed; which ones is only a guess here.
        if (weight.dtype !== weight.tensor.dtype && !named.has(weight.shard)) continue
      }
      here.identities.add(identity)
      found.push({ model, module, weight, scales, biases, site, handles, sink, verdict })
    }
  }
  return found
}

/** A delivery but for the place: three variants that can hold at the same time, and what they are to one another. */
interface Triple {
  readonly model: Model
  readonly module: string
  readonly weight: Arrived
  readonly scales: Arrived
  readonly biases: Arrived | undefined
  readonly verdict: Verdict
  /** Equal where the weight is the same tensor, treated alike. */
  readonly identity: string
}

interface Joined {
  readonly scales: readonly ArrayVariant[]
  readonly biases: readonly ArrayVariant[] | undefined
  readonly triples: readonly Triple[]
}

/**
 * Joined triples by the weight's variants. Lookups give the same array of variants for the same key, so the next run of a
 * program under edit joins nothing anew.
 */
const joinedCache = new WeakMap<readonly ArrayVariant[], Joined[]>()

function triplesOf(sink: Sink): readonly Triple[] {
  const [weight, scales, biases] = [sink.weight.variants, sink.scales.variants, sink.biases?.variants]
  const known = joinedCache.get(weight)?.find(j => j.scales === scales && j.biases === biases)
  if (known) return known.triples
  const made: Joined = { scales, biases, triples: joinTriples(sink) }
  joinedCache.set(weight, [made, ...(joinedCache.get(weight) ?? []).slice(0, 3)])
  return made.triples
}

function joinTriples({ weight, scales, biases }: Sink): readonly Triple[] {
  const found = new Map<string, Triple>()
  for (const w of weight.variants)
    for (const s of closest(w, scales.variants))
      for (const b of biases ? closest(w, biases.variants) : [undefined])
        for (const triple of joinGroups(w, s, b)) if (!found.has(triple.identity)) found.set(triple.identity, triple)
  return [...found.values()]
}

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
  const treated = JSON.stringify(w.ops ?? 0)
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
        identity: [source.shard.path, name, treated].join('\0'),
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

const arrived = ({ shape, dtype, ops }: Arriving, { shard, tensor }: Source): Arrived => ({
  shard,
  tensor,
  shape,
  dtype,
  ops,
})

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
