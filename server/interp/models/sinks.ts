// Records what arrives at an operation that decodes or multiplies a quantized weight. Whether it is right is decided
// later, by rules; here it is only written down, with every place that a message may want to show.

import { anyArray } from '../arrays'
import type { LibraryCall } from '../calls'
import type { Sink } from '../machine'
import type { ArrayValue, Value } from '../value'

type Slot = readonly [position: number, ...keywords: string[]]

/** Where an operation takes its arguments. */
export interface Slots {
  readonly weight: Slot
  readonly scales: Slot
  readonly biases: Slot
  readonly groupSize: Slot
  readonly bits: Slot
  readonly mode?: Slot
}

const asArray = (v: Value | undefined): ArrayValue | undefined => (v?.kind === 'array' ? v : undefined)

/** Notes the call if all its arrays are followed; gives an array of which nothing is known. */
export function sink(c: LibraryCall, op: Sink['op'], slots: Slots): Value {
  const at = (slot: Slot | undefined) => slot && c.get(...slot)
  const placeAt = (slot: Slot | undefined) => slot && c.placeOf(...slot)
  const [weight, scales, biasesValue] = [asArray(at(slots.weight)), asArray(at(slots.scales)), at(slots.biases)]
  const biases = asArray(biasesValue)
  const biasesKnown = biases !== undefined || biasesValue === undefined || biasesValue.kind === 'const'
  if (weight && scales && biasesKnown && !c.args.open)
    c.m.sinks.push({
      op,
      call: c.at,
      weight,
      scales,
      biases,
      arguments: { weight: placeAt(slots.weight), scales: placeAt(slots.scales), biases: placeAt(slots.biases) },
      groupSize: at(slots.groupSize),
      bits: at(slots.bits),
      mode: at(slots.mode),
      activation: c.m.frame.activation,
      uncertain: c.m.uncertain > 0 || c.m.alternative > 0,
      guarded: c.m.guarded > 0,
    })
  return anyArray(c.m.frame.activation)
}
