// Records what arrives at an operation that decodes or multiplies a quantized weight, and says what comes out. Whether a
// triple is right is decided later, by rules; what MLX asks of the arguments besides is in shapes/packed.ts.

import { anyArray, shapesOnly } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { carried } from '../arrays/heads'
import type { Sink } from '../run/machine'
import { operate, refuse } from '../run/operate'
import { onlyReading } from '../values/readings'
import { isFloat, promote } from '../shapes/dtypes'
import { dequantize, type Given, type Operand, type Packing, parametersOf, quantizedMatmul } from '../shapes/packed'
import { gathered } from '../shapes/gathered'
import { noArray, Refused, type Shape } from '../shapes/shape'
import {
  type ArrayValue,
  type ArrayVariant,
  constant,
  isNumber,
  isString,
  isSureNone,
  truth,
  type Value,
} from '../values/value'
import { asArray, dtypeOf, isNone, libraryCalled } from './arguments'

type Slot = readonly [position: number, ...keywords: string[]]

/** Where an operation takes its arguments. */
export interface Slots {
  readonly weight: Slot
  readonly scales: Slot
  readonly biases?: Slot
  readonly groupSize: Slot
  readonly bits: Slot
  readonly mode?: Slot
  /** The other factor and whether the weight is transposed, in the operations that multiply. */
  readonly x?: Slot
  readonly transpose?: Slot
  /** Which rows of x and which matrices are multiplied, in the operations that gather. */
  readonly lhs?: Slot
  readonly rhs?: Slot
}

const onlyArray = (v: Value | undefined): ArrayValue | undefined => (v?.kind === 'array' ? v : undefined)

/** A parameter that the program gives: null where it does not, undefined where its value is not known. */
export const givenNumber = (v: Value | undefined): Given<number> =>
  isNone(v) ? null : v && isNumber(v) ? v.value : undefined
export const givenText = (v: Value | undefined): Given<string> =>
  isNone(v) ? null : v && isString(v) ? v.value : undefined

/** Notes the call if all its arrays are followed; `mode` holds where the program says nothing of it. */
export function noteSink(c: LibraryCall, op: Sink['op'], slots: Slots, mode?: string): void {
  const at = (slot: Slot | undefined) => slot && c.get(...slot)
  const placeAt = (slot: Slot | undefined) => slot && c.placeOf(...slot)
  const [weight, scales, biasesValue] = [onlyArray(at(slots.weight)), onlyArray(at(slots.scales)), at(slots.biases)]
  const biases = onlyArray(biasesValue)
  const biasesKnown = biases !== undefined || biasesValue === undefined || biasesValue.kind === 'const'
  if (!weight || !scales || !biasesKnown || c.args.open) return
  c.m.sinks.push({
    op,
    call: c.at,
    weight,
    scales,
    biases,
    arguments: {
      weight: placeAt(slots.weight),
      scales: placeAt(slots.scales),
      biases: placeAt(slots.biases),
      groupSize: placeAt(slots.groupSize),
      bits: placeAt(slots.bits),
      mode: placeAt(slots.mode),
    },
    groupSize: at(slots.groupSize),
    bits: at(slots.bits),
    mode: at(slots.mode) ?? (mode === undefined ? undefined : constant(mode)),
    x: onlyArray(at(slots.x)),
    transpose: at(slots.transpose),
    activation: c.m.frame.activation,
    uncertain: c.m.uncertain > 0 || c.m.alternative > 0,
    guarded: c.m.guarded > 0,
  })
}

/** Notes the call, and gives what it returns. */
export function sink(c: LibraryCall, op: 'dequantize' | 'quantized_matmul' | 'gather_qmm', slots: Slots): Value {
  noteSink(c, op, slots)
  const at = (slot: Slot | undefined) => slot && c.get(...slot)
  const [weight, scales, biasesValue] = [onlyArray(at(slots.weight)), onlyArray(at(slots.scales)), at(slots.biases)]
  const biases = onlyArray(biasesValue)
  const library = libraryCalled(c.name)
  const parameters = parametersOf(
    {
      groupSize: givenNumber(at(slots.groupSize)),
      bits: givenNumber(at(slots.bits)),
      mode: slots.mode ? givenText(at(slots.mode)) : 'affine',
    },
    // Without indices it is a plain product.
    op === 'gather_qmm' && isNone(at(slots.lhs)) && isNone(at(slots.rhs)) ? 'quantized_matmul' : op,
  )
  const nothing = { ...anyArray(c.m.frame.activation), library }
  if (c.args.open) return nothing
  if (parameters instanceof Refused) {
    refuse(c, parameters, [], library)
    return nothing
  }
  for (const slot of [slots.weight, slots.scales, slots.x]) {
    const v = at(slot)
    if (!slot || library !== 'mlx' || (v && !isSureNone(v)) || c.m.free) continue
    refuse(c, noArray(op, slot[1] ?? 'an argument', v ? 'None' : 'not given'), [], library)
    return nothing
  }
  if (!weight || !scales) return nothing
  const members = { weight, scales, biases: biases ?? (isNone(biasesValue) ? null : anyArray(c.m.frame.activation)) }
  return op === 'dequantize'
    ? decoded(c, members, parameters)
    : product(c, op, members, parameters, at(slots.x), at(slots.transpose), { lhs: at(slots.lhs), rhs: at(slots.rhs) })
}

/** What the floating-point modes decode to. */
const bfloat = ({ mode }: Packing) => (mode === undefined ? undefined : 'BF16')

interface Members {
  readonly weight: ArrayValue
  readonly scales: ArrayValue
  /** Null where there are none. */
  readonly biases: ArrayValue | null
}

/** An array as the shape functions see it; rows that were gathered are judged as the table that they come from. */
const operand = (v: ArrayVariant | undefined): Operand => ({ shape: v?.shape ?? v?.table, dtype: v?.dtype })

/** What `dequantize` returns: the weight's shape with its columns unpacked. Nothing comes back where it raises. */
function decoded(c: LibraryCall, { weight, scales, biases }: Members, parameters: Packing): ArrayValue {
  const others = biases ? [shapesOnly(biases)] : []
  return operate(
    c,
    [weight, scales, ...others],
    ([w, s, b]) => {
      const shape = dequantize(operand(w), operand(s), biases ? operand(b) : null, parameters)
      if (shape instanceof Refused) return shape
      const isWhole = w?.shape !== undefined && shape?.[shape.length - 1] !== undefined && s?.shape !== undefined
      const decoded = w?.stored && isWhole ? { sources: w.stored.sources, turned: false } : undefined
      const given = c.get(7, 'dtype')
      const own = parameters.mode === 'affine' ? (biases ? promote(s?.dtype, b?.dtype) : s?.dtype) : bfloat(parameters)
      const dtype = isNone(given) ? own : dtypeOf(given)
      return { shape: w?.shape ? shape : undefined, table: w?.table && shape, dtype, decoded }
    },
    libraryCalled(c.name),
  )
}

/** What a product with a packed weight returns. */
function product(
  c: LibraryCall,
  op: 'quantized_matmul' | 'gather_qmm',
  { weight, scales, biases }: Members,
  parameters: Packing,
  left: Value | undefined,
  transpose: Value | undefined,
  { lhs, rhs }: { readonly lhs: Value | undefined; readonly rhs: Value | undefined },
): ArrayValue {
  const library = libraryCalled(c.name)
  const x = left?.kind === 'array' ? left : anyArray(c.m.frame.activation)
  const isTurned = transpose === undefined ? true : truth(transpose, c.javascript)
  const chosen = [lhs, rhs].map(v => (isNone(v) ? null : asArray(c, v)))
  const arrays = [x, shapesOnly(weight), shapesOnly(scales), ...(biases ? [shapesOnly(biases)] : [])]
  const law = op === 'gather_qmm' && chosen.some(v => v !== null) ? op : 'quantized_matmul'
  return operate(
    c,
    [...arrays, ...chosen.flatMap(a => (a ? [a] : []))],
    variants => {
      const [a, w, s] = variants
      const rest = variants.slice(3)
      const b = biases ? rest.shift() : null
      const shape = quantizedMatmul(
        operand({ ...(a ?? { readings: onlyReading, dtype: undefined, shape: undefined }), table: undefined }),
        operand(w),
        operand(s),
        b === null ? null : operand(b),
        parameters,
        isTurned,
        law,
      )
      if (shape instanceof Refused) return shape
      const scale = parameters.mode === 'affine' ? promote(s?.dtype, b ? b.dtype : s?.dtype) : a?.dtype
      const dtype = promote(a?.dtype, scale)
      if (law !== 'gather_qmm')
        return carried(
          { shape: w?.shape ? shape : undefined, dtype: dtype && isFloat(dtype) ? dtype : undefined },
          [a],
          { right: undefined },
        )
      const [i = null, j = null] = chosen.map(v => (v === null ? null : operand(v && rest.shift())))
      const made = gathered(a?.shape, w?.shape, i, j, columnsOf(w?.shape, parameters, isTurned), law)
      return made instanceof Refused ? made : { shape: made, dtype }
    },
    library,
  )
}

/** Columns of what is multiplied with: its rows where it is turned. */
function columnsOf(w: Shape | undefined, { bits }: Packing, isTurned: boolean | undefined): number | undefined {
  const [rows, words] = [w?.[w.length - 2], w?.[w.length - 1]]
  if (isTurned === undefined) return undefined
  return isTurned ? rows : words !== undefined && bits ? (words * 32) / bits : undefined
}
