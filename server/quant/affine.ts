// MLX's affine format: which tensors form one weight, which shapes go together, and what shapes alone can tell.
// Logical [.., out, in] at b bits in groups of g is stored as weight U32 [.., out, in*b/32] with scales and biases
// [.., out, in/g]. Shapes fix only the product b*g (ml-explore/mlx ops.cpp, quantize; checked against MLX 0.32.4).

/** Widths and group sizes that `mx.quantize` 0.32.4 can write; 1 bit only since that release. */
export const affineBits = [1, 2, 3, 4, 5, 6, 8] as const
export const affineGroupSizes = [32, 64, 128] as const

export interface Pair {
  readonly bits: number
  readonly groupSize: number
}

/** The pairs that a user would expect first: 4-bit before the exotic ones. */
const byLikelihood = [4, 8, 6, 3, 5, 2, 1]

/**
 * Every (bits, group size) that fits a packed width and a number of groups, in elements of the last axis; most likely
 * first, empty where nothing fits.
 */
export function fittingPairs(packedColumns: number, groups: number): readonly Pair[] {
  if (packedColumns <= 0 || groups <= 0) return []
  const pairs: Pair[] = []
  for (const bits of byLikelihood)
    for (const groupSize of affineGroupSizes)
      if (packedColumns * 32 === groups * groupSize * bits) pairs.push({ bits, groupSize })
  return pairs
}

/**
 * Pairs of the floating-point modes, whose scales are U8 and which have no biases: mode → its only pair
 * (ml-explore/mlx ops.cpp, quantization_params_from_mode).
 */
export const floatModes = {
  mxfp4: { bits: 4, groupSize: 32 },
  mxfp8: { bits: 8, groupSize: 32 },
  nvfp4: { bits: 4, groupSize: 16 },
} as const satisfies Record<string, Pair>

/** Like `fittingPairs`, for a floating-point mode. */
export const fittingFloatPairs = (packedColumns: number, groups: number): readonly Pair[] =>
  packedColumns <= 0 || groups <= 0
    ? []
    : Object.values(floatModes).filter(p => packedColumns * 32 === groups * p.groupSize * p.bits)

/** Logical columns of a packed width: elements. */
export const logicalColumns = (packedColumns: number, bits: number) => (packedColumns * 32) / bits

/** Stored shapes of a logical [.., out, in] weight; undefined where `in` is not a whole number of groups. */
export function storedShapes(
  logical: readonly number[],
  { bits, groupSize }: Pair,
): { weight: readonly number[]; scales: readonly number[] } | undefined {
  const columns = logical[logical.length - 1]
  if (logical.length < 2 || columns === undefined || columns % groupSize !== 0) return undefined
  const rows = logical.slice(0, -1)
  return { weight: [...rows, (columns * bits) / 32], scales: [...rows, columns / groupSize] }
}

export const showPair = ({ bits, groupSize }: Pair) => `${bits}-bit g${groupSize}`
export const showPairs = (pairs: readonly Pair[]) => pairs.map(showPair).join(' or ')
