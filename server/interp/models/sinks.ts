// Records what arrives at an operation that decodes or multiplies a quantized weight. Whether it is right is decided
// later, by rules; here it is only written down, with every place that a message may want to show.

import { anyArray, combine, shapesOnly } from '../arrays'
import type { LibraryCall } from '../calls'
import type { Sink } from '../machine'
import { type ArrayValue, isNumber, truth, type Value } from '../value'

type Slot = readonly [position: number, ...keywords: string[]]

/** Where an operation takes its arguments. */
export interface Slots {
  readonly weight: Slot
  readonly scales: Slot
  readonly biases: Slot
  readonly groupSize: Slot
  readonly bits: Slot
  readonly mode?: Slot
  /** The other factor and whether the weight is transposed, in the operations that multiply. */
  readonly x?: Slot
  readonly transpose?: Slot
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
      x: asArray(at(slots.x)),
      transpose: at(slots.transpose),
      activation: c.m.frame.activation,
      uncertain: c.m.uncertain > 0 || c.m.alternative > 0,
      guarded: c.m.guarded > 0,
    })
  const known = (v: Value | undefined, otherwise: number) =>
    v === undefined || (v.kind === 'const' && v.value === null) ? otherwise : isNumber(v) ? v.value : undefined
  const given = { bits: known(at(slots.bits), 4), groupSize: known(at(slots.groupSize), 64) }
  if (!weight) return anyArray(c.m.frame.activation)
  return op === 'dequantize'
    ? decoded(weight, scales, given, c)
    : product(weight, given.bits, asArray(at(slots.x)), at(slots.transpose), c)
}

const logical = (packed: number | undefined, bits: number | undefined) =>
  packed !== undefined && bits ? (packed * 32) / bits : undefined

/** What `dequantize` returns: the weight's shape with its columns unpacked. Nothing comes back where it raises. */
function decoded(
  weight: ArrayValue,
  scales: ArrayValue | undefined,
  { bits, groupSize }: Given,
  c: LibraryCall,
): ArrayValue {
  if (!scales) return anyArray(c.m.frame.activation)
  return combine(
    [weight, scales],
    c.m.frame.activation,
    ([w, s]) => {
      const name = w?.stored?.tensor.name
      const columns = logical(w?.shape?.[w.shape.length - 1], bits)
      const groups = s?.shape?.[s.shape.length - 1]
      const fits =
        columns !== undefined && groups !== undefined && groupSize !== undefined && columns === groups * groupSize
      const sameRows =
        w?.shape &&
        s?.shape &&
        w.shape.length === s.shape.length &&
        w.shape.slice(0, -1).every((d, k) => d === s.shape?.[k])
      if (!w?.shape || !fits || !sameRows) return { assign: [], shape: undefined, dtype: undefined }
      const decoded =
        w.stored && name
          ? { model: w.stored.model, module: name.slice(0, Math.max(0, name.lastIndexOf('.'))), turned: false }
          : undefined
      return { assign: [], shape: [...w.shape.slice(0, -1), columns], dtype: undefined, decoded }
    },
    c.at,
  )
}

interface Given {
  readonly bits: number | undefined
  readonly groupSize: number | undefined
}

/** What a product with a packed weight returns. */
function product(
  weight: ArrayValue,
  bits: number | undefined,
  x: ArrayValue | undefined,
  transpose: Value | undefined,
  c: LibraryCall,
): ArrayValue {
  if (!x) return anyArray(c.m.frame.activation)
  const isTurned = transpose === undefined ? true : truth(transpose, c.javascript)
  return combine([x, shapesOnly(weight)], c.m.frame.activation, ([a, w]) => {
    const rank = w?.shape?.length ?? 0
    const columns =
      isTurned === undefined ? undefined : isTurned ? w?.shape?.[rank - 2] : logical(w?.shape?.[rank - 1], bits)
    return {
      assign: [],
      shape: a?.shape && rank === 2 ? [...a.shape.slice(0, -1), columns] : undefined,
      dtype: undefined,
    }
  })
}
