// Operations on packed weights: `quantize`, `dequantize`, and the products. What is asked of their arguments, in the order
// in which MLX 0.32.4 asks it (mlx/ops.cpp, measured). Shapes are as stored: w [rows, columns * bits / 32] U32.

import { isReal, mlxName, promote } from './dtypes'
import { broadcast } from './elementwise'
import { type Dims, mlxShow, product, Refused, type ShapeResult, show } from './shape'

/** An array as an operation sees it. */
export interface Operand {
  readonly shape: Dims
  readonly dtype: string | undefined
}

/** Undefined fields are not known; MLX's defaults are filled in by `parametersOf`. */
export interface Packing {
  readonly groupSize: number | undefined
  readonly bits: number | undefined
  readonly mode: string | undefined
}

const defaults: Readonly<Record<string, { readonly groupSize: number; readonly bits: number }>> = {
  affine: { groupSize: 64, bits: 4 },
  mxfp4: { groupSize: 32, bits: 4 },
  mxfp8: { groupSize: 32, bits: 8 },
  nvfp4: { groupSize: 16, bits: 4 },
}

/** A parameter as the program gives it: null where it does not, undefined where that is not known. */
export type Given<T> = T | null | undefined

/** What a call means by its parameters: what is not given takes the mode's default. */
export function parametersOf(
  given: { readonly groupSize: Given<number>; readonly bits: Given<number>; readonly mode: Given<string> },
  op: string,
): Packing | Refused {
  const mode = given.mode === null ? 'affine' : given.mode
  const known = mode === undefined ? undefined : defaults[mode]
  if (mode !== undefined && !known)
    return new Refused(
      `mode "${mode}"`,
      'affine, mxfp4, mxfp8 or nvfp4',
      `[${op}] Invalid quantization mode '${mode}'.`,
    )
  return {
    groupSize: given.groupSize === null ? known?.groupSize : given.groupSize,
    bits: given.bits === null ? known?.bits : given.bits,
    mode,
  }
}

/** A floating-point mode takes its own group size and bits alone. */
function otherThanMode(
  groupSize: number | undefined,
  bits: number | undefined,
  mode: string | undefined,
  known: (typeof defaults)[string],
  op: string,
): Refused | undefined {
  if (groupSize !== undefined && groupSize !== known.groupSize)
    return new Refused(
      `group_size=${groupSize}`,
      `${known.groupSize}: the mode is ${mode}`,
      `[${op}] ${mode} quantization requires group size ${known.groupSize} but got ${groupSize}.`,
    )
  if (bits !== undefined && bits !== known.bits)
    return new Refused(
      `bits=${bits}`,
      `${known.bits}: the mode is ${mode}`,
      `[${op}] ${mode} quantization requires bits to be ${known.bits} but got ${bits}.`,
    )
  return undefined
}

/** What all operations on packed weights ask of scales and biases; biases are null where there are none. */
function members(scales: Operand, biases: Operand | null | undefined, mode: string | undefined, op: string) {
  if (mode === 'affine') {
    if (biases === null)
      return new Refused(
        'no biases',
        'biases: the mode is affine',
        `[${op}] Biases must be provided for affine quantization.`,
      )
    const both = promote(scales.dtype, biases?.dtype)
    if (both !== undefined && !isReal(both))
      return new Refused(
        `scales ${scales.dtype} and biases ${biases?.dtype}`,
        'floats',
        `[${op}] Only real floating types are supported but scales.dtype() == ${mlxName(scales.dtype ?? '')} and biases.dtype() == ${mlxName(biases?.dtype ?? '')}.`,
      )
  } else if (mode !== undefined) {
    if (scales.dtype !== undefined && scales.dtype !== 'U8')
      return new Refused(
        `scales ${scales.dtype}`,
        `U8: the mode is ${mode}`,
        `[${op}] Scale type must be uint8 but received type ${mlxName(scales.dtype)}.`,
      )
    if (biases)
      return new Refused(
        'biases',
        `none: the mode is ${mode}`,
        `[${op}] Biases must be null for quantization mode '${mode}'.`,
      )
  }
  return undefined
}

const needed = (columns: number, groupSize: number, bits: number | undefined): string =>
  `${columns / groupSize} groups for the ${columns} columns that bits=${bits} and group_size=${groupSize} mean`

const last = (shape: Dims) => shape?.[shape.length - 1]

export function dequantize(
  w: Operand,
  scales: Operand,
  biases: Operand | null | undefined,
  { groupSize, bits, mode }: Packing,
): ShapeResult {
  const op = 'dequantize'
  const bad = members(scales, biases, mode, op)
  if (bad) return bad
  if (bits !== undefined && bits <= 0)
    return new Refused(`bits=${bits}`, 'a number above 0', `[${op}] Invalid value for bits: ${bits}`)
  if (groupSize !== undefined && groupSize <= 0)
    return new Refused(
      `group_size=${groupSize}`,
      'a number above 0',
      `[${op}] Invalid value for group_size: ${groupSize}`,
    )
  if (w.dtype !== undefined && w.dtype !== 'U32')
    return new Refused(
      `the weight is ${w.dtype}`,
      'packed words, U32',
      `[${op}] The matrix should be given as a uint32`,
    )
  if (w.shape && w.shape.length < 2)
    return new Refused(
      `the weight is ${show(w.shape)}`,
      'at least 2 dimensions',
      `[${op}] The matrix to be dequantized must have at least 2 dimension but it has only ${w.shape.length}.`,
    )
  const known = mode === undefined ? undefined : defaults[mode]
  if (mode !== 'affine' && known) {
    const other = otherThanMode(groupSize, bits, mode, known, op)
    if (other) return other
  }
  const isOther =
    sameRows(w.shape, scales.shape) ?? (mode === 'affine' && biases ? sameRows(w.shape, biases.shape) : undefined)
  if (isOther)
    return new Refused(
      `the weight is ${show(w.shape ?? [])}, the scales are ${show(scales.shape ?? [])}`,
      'the same sizes but for the last',
      `[${op}] Shape of scales${mode === 'affine' ? ' and biases' : ''} does not match the matrix`,
    )
  const [words, groups] = [last(w.shape), last(scales.shape)]
  const columns = words === undefined || bits === undefined ? undefined : Math.floor((words * 32) / bits)
  if (columns !== undefined && groups !== undefined && groupSize !== undefined && columns !== groups * groupSize)
    return new Refused(
      `weight ${show(w.shape ?? [])} and scales ${show(scales.shape ?? [])}`,
      needed(columns, groupSize, bits),
      `[${op}] Shape of scales${mode === 'affine' ? ' and biases' : ''} does not match the matrix given the quantization parameters.`,
    )
  const made = columns ?? (groups !== undefined && groupSize !== undefined ? groups * groupSize : undefined)
  const added = mode === 'affine' && biases ? last(biases.shape) : groups
  // Biases of another number of groups are broadcast on a CPU and misread on a GPU.
  const isClear = added === groups && !w.shape?.includes(0)
  return w.shape && [...w.shape.slice(0, -1), isClear ? made : undefined]
}

/** True where two shapes differ in rank or in any size but the last. */
function sameRows(a: Dims, b: Dims): true | undefined {
  if (!a || !b) return undefined
  if (a.length !== b.length) return true
  return a.slice(0, -1).some((d, i) => d !== undefined && b[i] !== undefined && d !== b[i]) ? true : undefined
}

const groupSizes = [32, 64, 128]
const allBits = [1, 2, 3, 4, 5, 6, 8]

/** Shapes of weight and scales that `quantize` gives; biases are shaped like the scales in the affine mode. */
export function quantize(
  w: Operand,
  { groupSize, bits, mode }: Packing,
): { readonly weight: Dims; readonly scales: Dims } | Refused {
  const op = 'quantize'
  if (w.dtype !== undefined && !isReal(w.dtype))
    return new Refused(
      `the matrix is ${w.dtype}`,
      'floats',
      `[${op}] Only real floating types can be quantized but w has type ${mlxName(w.dtype)}.`,
    )
  if (w.shape && w.shape.length < 2)
    return new Refused(
      `the matrix is ${show(w.shape)}`,
      'at least 2 dimensions',
      `[${op}] The matrix to be quantized must have at least 2 dimension but it has only ${w.shape.length}.`,
    )
  const columns = last(w.shape)
  if (columns !== undefined && groupSize !== undefined && columns % groupSize !== 0)
    return new Refused(
      `the matrix is ${show(w.shape ?? [])}`,
      `columns in groups of ${groupSize}`,
      `[${op}] The last dimension of the matrix needs to be divisible by the quantization group size ${groupSize}. However the provided  matrix has shape ${mlxShow(w.shape ?? [])}`,
    )
  const known = mode === undefined ? undefined : defaults[mode]
  if (mode === 'affine') {
    if (groupSize !== undefined && !groupSizes.includes(groupSize))
      return new Refused(
        `group_size=${groupSize}`,
        '32, 64 or 128',
        `[${op}] The requested group size ${groupSize} is not supported. The supported group sizes are 32, 64, and 128.`,
      )
    if (bits !== undefined && !allBits.includes(bits))
      return new Refused(
        `bits=${bits}`,
        '1, 2, 3, 4, 5, 6 or 8',
        `[${op}] The requested number of bits ${bits} is not supported. The supported bits are 1, 2, 3, 4, 5, 6 and 8.`,
      )
  } else if (known) {
    const other = otherThanMode(groupSize, bits, mode, known, op)
    if (other) return other
  }
  if (!w.shape) return { weight: undefined, scales: undefined }
  const rows = w.shape.slice(0, -1)
  return {
    weight: [...rows, columns === undefined || bits === undefined ? undefined : (columns * bits) / 32],
    scales: [...rows, columns === undefined || groupSize === undefined ? undefined : columns / groupSize],
  }
}

/** Columns of what is packed. */
const unpacked = (w: Operand, bits: number | undefined): number | undefined => {
  const words = last(w.shape)
  return words === undefined || !bits ? undefined : Math.floor((words * 32) / bits)
}

/** What products ask of a packed weight and its scales. */
function unfitting(
  w: Operand,
  scales: Operand,
  groupSize: number | undefined,
  bits: number | undefined,
  op: string,
): Refused | undefined {
  const batch = w.shape?.slice(0, -2)
  if (w.shape && scales.shape && batch && (w.shape.length < 2 || differ(batch, scales.shape.slice(0, batch.length))))
    return new Refused(
      `weight ${show(w.shape)} and scales ${show(scales.shape)}`,
      'the same sizes but for the last two',
      `[${op}] Weight and scales should have the same batch shape. Received weight with shape ${mlxShow(w.shape)}, scales with ${mlxShow(scales.shape)}.`,
    )
  const groups = last(scales.shape)
  const columns = unpacked(w, bits)
  if (columns !== undefined && groups !== undefined && groupSize !== undefined && columns !== groups * groupSize)
    return new Refused(
      `weight ${show(w.shape ?? [])} and scales ${show(scales.shape ?? [])}`,
      needed(columns, groupSize, bits),
      `[${op}] The shapes of the weight and scales are incompatible based on bits and group_size. w.shape() == ${mlxShow(w.shape ?? [])} and scales.shape() == ${mlxShow(scales.shape ?? [])} with group_size=${groupSize} and bits=${bits}`,
    )
  return undefined
}

/** `quantized_matmul`, and `gather_qmm` where indices choose among matrices. */
export function quantizedMatmul(
  x: Operand,
  w: Operand,
  scales: Operand,
  biases: Operand | null | undefined,
  { groupSize, bits, mode }: Packing,
  isTurned: boolean | undefined,
  op: 'quantized_matmul' | 'gather_qmm' = 'quantized_matmul',
): ShapeResult {
  const bad = members(scales, biases, mode, op)
  if (bad) return bad
  if (w.dtype !== undefined && w.dtype !== 'U32')
    return new Refused(
      `the weight is ${w.dtype}`,
      'packed words, U32',
      `[${op}] The weight matrix should be uint32 but received ${mlxName(w.dtype)}`,
    )
  if (mode === 'affine' && biases && differ(scales.shape, biases.shape))
    return new Refused(
      `scales ${show(scales.shape ?? [])} and biases ${show(biases.shape ?? [])}`,
      'the same shape',
      `[${op}] Scales and biases should have the same shape. Received scales with shape ${mlxShow(scales.shape ?? [])} and biases with ${mlxShow(biases.shape ?? [])}`,
    )
  const odd = unfitting(w, scales, groupSize, bits, op)
  if (odd) return odd
  const columns = unpacked(w, bits)
  const rows = w.shape?.[w.shape.length - 2]
  if (x.shape?.length === 0) return new Refused('a scalar', 'an array', 'SmallVector out of range.', 'IndexError')
  const [inner, outer] = isTurned === undefined ? [] : isTurned ? [columns, rows] : [rows, columns]
  const width = last(x.shape)
  if (inner !== undefined && width !== undefined && inner !== width)
    return new Refused(
      `the left factor is ${show(x.shape ?? [])}`,
      `${inner} columns for the packed ${show([rows, columns])}`,
      `[${op}] Last dimension of first input with shape (..., ${width}) does not match the expanded quantized matrix (${inner}, ${outer ?? '?'}) computed from shape ${mlxShow(w.shape ?? [])} with group_size=${groupSize}, bits=${bits} and transpose=${isTurned}`,
    )
  const meet = mode === 'affine' ? promote(x.dtype, promote(scales.dtype, biases?.dtype)) : x.dtype
  if (mode !== undefined && meet !== undefined && !isReal(meet))
    return new Refused(
      `an input of ${x.dtype}`,
      'floats',
      `[${op}] Only real floating types are supported but x.dtype() == ${mlxName(x.dtype ?? '')}.`,
    )
  if (op === 'gather_qmm' || !x.shape || !w.shape) return undefined
  if (x.shape.length <= 2 || w.shape.length <= 2) return [...x.shape.slice(0, -1), outer]
  const both = broadcast(x.shape.slice(0, -2), w.shape.slice(0, -2))
  const made = both instanceof Refused ? both : broadcast(both, scales.shape?.slice(0, -2) ?? [])
  return made instanceof Refused || !made ? made : [...made, x.shape[x.shape.length - 2], outer]
}

const differ = (a: Dims, b: Dims): boolean =>
  a !== undefined &&
  b !== undefined &&
  (a.length !== b.length || a.some((d, i) => d !== undefined && b[i] !== undefined && d !== b[i]))

/**
 * `qqmm`: both factors are packed, or become so; the right one may be packed already, [out, words] with its scales. What
 * has more axes than two is taken as rows.
 */
export function packedProduct(
  x: Operand,
  w: Operand,
  scales: Operand | null,
  { groupSize, bits }: Packing,
): ShapeResult {
  const op = 'qqmm'
  const isFlat = w.shape?.length === 2 && x.shape !== undefined && x.shape.length > 2
  const left = isFlat
    ? [product(x.shape?.slice(0, -1)), last(x.shape)]
    : x.shape?.length === 1
      ? [1, ...x.shape]
      : x.shape
  if (left && w.shape && (left.length > 2 || w.shape.length > 2))
    return new Refused(
      `${show(left)} and ${show(w.shape)}`,
      'two dimensions',
      `[${op}] Only 2D inputs are supported but x.ndim() == ${left.length} and w.ndim() == ${w.shape.length}.`,
    )
  const isPacked = w.dtype === undefined ? undefined : w.dtype === 'U32'
  if (isPacked && !scales)
    return new Refused(
      'a packed weight',
      'its scales',
      `[${op}] Scales must be provided if second argument is quantized.`,
    )
  if (isPacked && scales) {
    const bad = unfitting(w, scales, groupSize, bits, op)
    if (bad) return bad
  }
  const floats = (dtype: string | undefined, which: string) =>
    dtype !== undefined && (!isReal(dtype) || dtype === 'F64')
      ? new Refused(
          `a ${which} argument of ${dtype}`,
          'floats',
          `[${op}] Only real floating types except float64 are supported but ${which} argument dtype == ${mlxName(dtype)}.`,
        )
      : undefined
  const wrong = (isPacked === false ? floats(w.dtype, 'second') : undefined) ?? floats(x.dtype, 'first')
  if (wrong) return wrong
  const tooFew = new Refused('too few dimensions', 'at least 1 and 2', 'SmallVector out of range.', 'IndexError')
  if (left?.length === 0) return tooFew
  if (isPacked === undefined || !left || !w.shape) return undefined
  const [inner, width, rows] = [last(w.shape), last(left), w.shape[w.shape.length - 2]]
  const columns = isPacked ? unpacked(w, bits) : inner
  if (columns !== undefined && width !== undefined && columns !== width)
    return new Refused(
      `the left factor is ${show(x.shape ?? [])}`,
      `${columns} columns for ${show(w.shape)}`,
      isPacked
        ? `[${op}] Last dimension of first input with shape (..., ${width}) does not match the expanded quantized matrix (${columns}, ${rows}) computed from shape ${mlxShow(w.shape)} with group_size=${groupSize}, bits=${bits} and transpose=true`
        : `[${op}] Last dimension of first input with shape ${mlxShow(left)} must match last dimension of second input with shape ${mlxShow(w.shape)}.`,
    )
  if (w.shape.length < 2) return tooFew
  return x.shape && [...x.shape.slice(0, -1), rows]
}
