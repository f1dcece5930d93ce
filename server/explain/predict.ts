// What MLX says to a delivery, in its own words and with its own numbers, as it arrives now and as it would arrive after
// the transposition alone: the error behind the error. Sources: quant/decode/validate.ts, mlx/ops.cpp 0.32.4.

import type { Delivery } from '../interp/deliveries'
import { modeDefaults } from '../quant/config'
import { showShape, type ShapedTensor, validateDequantize } from '../quant/decode/validate'
import { turn } from '../quant/triple'
import { passed } from '../rules/parameters'

interface Arriving {
  readonly weight: ShapedTensor
  readonly scales: ShapedTensor
  readonly biases: ShapedTensor | undefined
}

/** MLX's text for the tensors as they arrive; undefined where it takes them or where the parameters are not known. */
export const predictedError = (d: Delivery): string | undefined => errorOf(d, d)

/** The same once the members that are turned have been turned back; undefined where nothing was turned. */
export function errorAfterTurning(d: Delivery): string | undefined {
  if (d.verdict.kind !== 'turned') return undefined
  const { turned } = d.verdict
  const turnedBack = (t: ShapedTensor, is: boolean): ShapedTensor => (is ? { dtype: t.dtype, shape: turn(t.shape) } : t)
  return errorOf(d, {
    weight: turnedBack(d.weight, turned.weight),
    scales: turnedBack(d.scales, turned.scales),
    biases: d.biases && turnedBack(d.biases, turned.biases),
  })
}

/** The mode that a delivery's operation is given; undefined where the program computes it. */
export function modeOf({ sink: { mode } }: Delivery): string | undefined {
  if (mode === undefined || (mode.kind === 'const' && mode.value === null)) return 'affine'
  return mode.kind === 'const' && typeof mode.value === 'string' ? mode.value : undefined
}

function errorOf(d: Delivery, { weight, scales, biases }: Arriving): string | undefined {
  const mode = modeOf(d)
  if (mode === undefined) return undefined
  const [groupSize, bits] = [passed(d.sink, 'groupSize').value, passed(d.sink, 'bits').value]
  if (d.sink.op === 'quantized_matmul') return matmulError({ weight, scales, biases }, mode, groupSize, bits)
  // What differs in a leading dimension is refused whatever the parameters are.
  const defaults = modeDefaults(mode)
  const call = { weight, scales, ...(biases ? { biases } : {}), mode }
  const text = validateDequantize({
    ...call,
    groupSize: groupSize ?? defaults.groupSize,
    bits: bits ?? defaults.bits,
  })
  const needsNumbers = text?.includes('given the quantization parameters') === true
  return needsNumbers && (groupSize === undefined || bits === undefined) ? undefined : text
}

function matmulError(
  { weight, scales, biases }: Arriving,
  mode: string,
  groupSize: number | undefined,
  bits: number | undefined,
): string | undefined {
  const tag = '[quantized_matmul]'
  if (mode === 'affine' && !biases) return `${tag} Biases must be provided for affine quantization.`
  if (weight.dtype !== 'U32')
    return `${tag} The weight matrix should be uint32 but received ${weight.dtype.toLowerCase()}`
  if (biases && JSON.stringify(biases.shape) !== JSON.stringify(scales.shape))
    return `${tag} Scales and biases should have the same shape. Received scales with shape ${showShape(scales.shape)} and biases with ${showShape(biases.shape)}`
  if (groupSize === undefined || bits === undefined) return undefined
  const last = (shape: readonly number[]) => shape[shape.length - 1] ?? 0
  if ((last(weight.shape) * 32) / bits !== last(scales.shape) * groupSize)
    return `${tag} The shapes of the weight and scales are incompatible based on bits and group_size. w.shape() == ${showShape(weight.shape)} and scales.shape() == ${showShape(scales.shape)} with group_size=${groupSize} and bits=${bits}`
  return undefined
}
