// Shapes of what works along axes of space or time besides plain convolutions: transposed ones, windows of pools,
// resampling. Inputs are [N, …, C]. Texts are those of MLX 0.32.4.

import { type Convolution, wrongOperands } from './products'
import { type Dim, type Dims, Refused, type ShapeResult, show } from './shape'

/** `conv_transposeNd`: the stride spreads the input, the output padding lengthens the result. */
export function convolveTransposed(
  x: Dims,
  w: Dims,
  given: Convolution & { readonly outputPadding: readonly Dim[] },
  dtype?: string,
): ShapeResult {
  const wrong = wrongOperands(x, w, given.groups, dtype)
  if (wrong) return wrong
  if (!x || !w) return undefined
  const sizes = x.slice(1, -1).map((n, i) => {
    const [k, lists] = [w[i + 1], [given.stride, given.padding, given.dilation, given.outputPadding]]
    const [step, pad, gap, more] = lists.map(list => (list.length > i ? list[i] : list[0]))
    const isKnown = [n, k, step, pad, gap, more].every(v => v !== undefined)
    if (!isKnown) return undefined
    return ((n ?? 0) - 1) * (step ?? 0) - 2 * (pad ?? 0) + (gap ?? 0) * ((k ?? 0) - 1) + (more ?? 0) + 1
  })
  // An input that the padding eats up is refused; that is left to MLX.
  return [x[0], ...sizes.map(n => (n !== undefined && n > 0 ? n : undefined)), w[0]]
}

const withoutSpace = (x: readonly Dim[], raises: string): Refused =>
  new Refused(`input ${show(x)}`, 'at least 3 dimensions', raises)

/** Windows of a pool: as many as fit, by the stride. */
export function pool(x: Dims, kernel: readonly Dim[], stride: readonly Dim[], padding: readonly Dim[]): ShapeResult {
  if (!x) return undefined
  const space = x.length - 2
  if (space < 1)
    return withoutSpace(
      x,
      `To extract sliding windows at least 1 spatial dimension (3 total) is needed but the input only has ${x.length} dimensions.`,
    )
  if (space !== kernel.length)
    return new Refused(
      `input ${show(x)}`,
      `${kernel.length + 2} dimensions`,
      `To extract sliding windows the window shapes and strides must have the same number of spatial dimensions as the signal but the signal has ${space} dims and the window shape has ${kernel.length} and strides have ${stride.length}.`,
    )
  const sizes = x.slice(1, -1).map((n, i) => {
    const [k, step, pad] = [kernel[i], stride[i], padding[i]]
    if (n === undefined || k === undefined || !step || pad === undefined) return undefined
    return Math.max(0, Math.floor((n + 2 * pad - k) / step) + 1)
  })
  return [x[0], ...sizes, x[x.length - 1]]
}

/** `nn.Upsample`: every axis of space times its factor. */
export function upsample(x: Dims, factors: readonly Dim[] | Dim): ShapeResult {
  if (!x) return undefined
  if (x.length < 3)
    return withoutSpace(
      x,
      `[Upsample] The input should have at least 1 spatial dimension which means it should be at least 3D but ${x.length}D was provided`,
    )
  const sizes = x.slice(1, -1).map((n, i) => {
    const factor = typeof factors === 'object' ? factors[i] : factors
    return n === undefined || factor === undefined ? undefined : Math.trunc(n * factor)
  })
  return [x[0], ...sizes, x[x.length - 1]]
}
