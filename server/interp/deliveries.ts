// Turns what a run saw into deliveries: one quantized weight with its scales and biases, arriving at one operation, with
// the place in the program where the three could be handed over differently.

import type { Model } from '../checkpoint/facts'
import type { ArrayOp } from '../protocol'
import { judgeTriple, type Verdict } from '../quant/triple'
import { placeKey, type Sink } from './machine'
import type { StoredTensor } from '../quant/quantizedModules'
import { type ArrayValue, type ArrayVariant, type Assign, mergeAssigns, type Place } from './value'

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
export function deliveriesOf(sinks: readonly Sink[]): readonly Delivery[] {
  const found = new Map<string, Delivery>()
  for (const sink of sinks) {
    if (sink.guarded) continue
    const where = siteOf(sink)
    if (!where) continue
    const scales = byAssign(sink.scales)
    const biases = sink.biases && byAssign(sink.biases)
    if (sink.weight.variants.length > variantLimit) continue
    for (const weight of sink.weight.variants)
      for (const scale of compatible(scales, weight.assign))
        for (const bias of biases ? compatible(biases, mergeAssigns(weight.assign, scale.assign) ?? []) : [undefined]) {
          const delivery = deliver(sink, where, weight, scale, bias)
          if (!delivery) continue
          const key = [
            placeKey(sink.call),
            placeKey(where.site),
            delivery.weight.shard.path,
            delivery.weight.tensor.name,
            JSON.stringify(delivery.weight.ops ?? 0),
          ].join('\0')
          if (!found.has(key)) found.set(key, delivery)
        }
  }
  return [...found.values()]
}

function deliver(
  sink: Sink,
  where: { site: Place; handles: Handles },
  weight: ArrayVariant,
  scales: ArrayVariant,
  biases: ArrayVariant | undefined,
): Delivery | undefined {
  const [w, s, b] = [arrived(weight), arrived(scales), biases && arrived(biases)]
  if (!w || !s || (biases && !b) || !weight.stored) return undefined
  const verdict = judgeTriple({ weight: w.shape, scales: s.shape, biases: b?.shape, float: s.dtype === 'U8' })
  // A program that writes what it found broken is not the one at fault.
  if (sink.op === 'save_safetensors' && !(verdict.kind === 'fits' || storedFits(w, s, b))) return undefined
  const name = w.tensor.name
  return {
    model: weight.stored.model,
    module: name.slice(0, Math.max(0, name.lastIndexOf('.'))) || name,
    weight: w,
    scales: s,
    biases: b,
    ...where,
    sink,
    verdict,
  }
}

const storedFits = (w: Arrived, s: Arrived, b: Arrived | undefined) =>
  judgeTriple({
    weight: w.tensor.shape,
    scales: s.tensor.shape,
    biases: b?.tensor.shape,
    float: s.tensor.dtype === 'U8',
  }).kind === 'fits'

function arrived(v: ArrayVariant): Arrived | undefined {
  if (!v.stored || !v.shape || v.dtype === undefined || !v.shape.every((d): d is number => d !== undefined))
    return undefined
  return { shard: v.stored.shard, tensor: v.stored.tensor, shape: v.shape, dtype: v.dtype, ops: v.stored.ops }
}

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

interface ByAssign {
  readonly exact: ReadonlyMap<string, readonly ArrayVariant[]>
  readonly all: readonly ArrayVariant[]
}

const assignKey = (assign: Assign) => assign.map(([s, text]) => `${s}=${text}`).join('\0')

function byAssign(array: ArrayValue): ByAssign {
  const exact = new Map<string, ArrayVariant[]>()
  for (const v of array.variants) {
    const key = assignKey(v.assign)
    const same = exact.get(key)
    if (same) same.push(v)
    else exact.set(key, [v])
  }
  return { exact, all: array.variants }
}

/** Readings that can hold at the same time: the same symbols with the same texts at best, else without contradiction. */
function compatible(side: ByAssign, assign: Assign): readonly ArrayVariant[] {
  const same = side.exact.get(assignKey(assign))
  if (same) return same
  if (side.all.length > 2_000) return []
  return side.all.filter(v => mergeAssigns(v.assign, assign) !== undefined)
}
