// Products: matrices, sums over letters, convolutions. Source: mlx/ops.cpp of MLX 0.32.4, measured.

import { broadcast } from './elementwise'
import { type Dim, type Dims, mlxShow, product, Refused, type Shape, type ShapeResult, show } from './shape'

export function matmul(a: Dims, b: Dims, op = 'matmul'): ShapeResult {
  if (a?.length === 0 || b?.length === 0)
    return new Refused('a scalar', 'arrays', `[${op}] Got 0 dimension input. Inputs must have at least one dimension.`)
  const left = a && (a.length === 1 ? [1, ...a] : a)
  const right = b && (b.length === 1 ? [...b, 1] : b)
  const [x, y] = [left?.[left.length - 1], right?.[right.length - 2]]
  if (left && right && x !== undefined && y !== undefined && x !== y)
    return new Refused(
      `${show(a)} times ${show(b)}`,
      `${x} rows on the right`,
      `[${op}] Last dimension of first input with shape ${mlxShow(left)} must match second to last dimension of second input with shape ${mlxShow(right)}.`,
    )
  if (!left || !right || !a || !b) return undefined
  const batch = broadcast(left.slice(0, -2), right.slice(0, -2))
  if (batch instanceof Refused || !batch) return batch
  return [
    ...batch,
    ...(a.length === 1 ? [] : [left[left.length - 2]]),
    ...(b.length === 1 ? [] : [right[right.length - 1]]),
  ]
}

export function outer(a: Dims, b: Dims): ShapeResult {
  return a && b && [product(a), product(b)]
}

export function inner(a: Dims, b: Dims): ShapeResult {
  if (!a || !b) return undefined
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  const [x, y] = [a[a.length - 1], b[b.length - 1]]
  if (x !== undefined && y !== undefined && x !== y)
    return new Refused(
      `${show(a)} and ${show(b)}`,
      'equal last sizes',
      '[inner] a and b must have the same last dimension.',
    )
  return [...a.slice(0, -1), ...b.slice(0, -1)]
}

export function kron(a: Dims, b: Dims): ShapeResult {
  if (!a || !b) return undefined
  const rank = Math.max(a.length, b.length)
  const at = (s: Shape, i: number) => (i < rank - s.length ? 1 : s[i - rank + s.length])
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [at(a, i), at(b, i)]
    return x === undefined || y === undefined ? undefined : x * y
  })
}

/** `einsum` with plain letters; with an ellipsis the shape is not followed. */
export function einsum(equation: string, shapes: readonly Dims[]): ShapeResult {
  const text = equation.replace(/\s/g, '')
  const [left = '', given] = text.split('->')
  const terms = left.split(',')
  if (text.includes('.') || terms.length !== shapes.length) return undefined
  const sizes = new Map<string, Dim>()
  for (const [i, term] of terms.entries()) {
    const shape = shapes[i]
    if (!shape) continue
    if (shape.length !== term.length)
      return new Refused(
        `${show(shape)} for the letters ${term}`,
        `${term.length} dimensions`,
        `[einsum] Invalid number of subscripts ${term.length} for input ${i} with ${shape.length} dimensions.`,
      )
    for (const [k, letter] of [...term].entries()) {
      const [size, known] = [shape[k], sizes.get(letter)]
      if (size !== undefined && known !== undefined && size !== known && size !== 1 && known !== 1)
        return new Refused(
          `${letter} is ${known} and ${size}`,
          'one size for each letter',
          `[einsum] Cannot broadcast dimension ${k} of input ${i} with shape ${mlxShow(shape)} to size ${known}.`,
        )
      if (known === undefined || known === 1) sizes.set(letter, size ?? known)
    }
  }
  const letters = [...left.replace(/,/g, '')]
  const out =
    given ??
    letters
      .filter((l, i) => letters.indexOf(l) === i && letters.lastIndexOf(l) === i)
      .sort()
      .join('')
  return [...out].map(letter => sizes.get(letter))
}

export interface Convolution {
  /** Axes of space. */
  readonly space: number
  readonly stride: readonly Dim[]
  readonly padding: readonly Dim[]
  readonly dilation: readonly Dim[]
  readonly groups: Dim
}

/** Input [N, …, C], weight [out, …, C / groups]. */
export function convolve(x: Dims, w: Dims, given: Convolution): ShapeResult {
  if (!x || !w) return undefined
  if (x.length !== given.space + 2 || w.length !== x.length)
    return new Refused(
      `input ${show(x)} and weight ${show(w)}`,
      `${given.space + 2} dimensions of both`,
      `[conv] Only works for inputs with 1-3 spatial dimensions. The inputs must be in the format [N, ..., C_in]`,
    )
  const [channels, taken] = [x[x.length - 1], w[w.length - 1]]
  const { groups } = given
  if (channels !== undefined && taken !== undefined && groups !== undefined && channels !== taken * groups)
    return new Refused(
      `input ${show(x)} has ${channels} channels`,
      `${taken * groups} for weight ${show(w)}`,
      `[conv] Expect the input channels in the input and weight array to match but got shapes - input: ${mlxShow(x)} and weight: ${mlxShow(w)}`,
    )
  const size = (i: number): Dim | Refused => {
    const [n, k, stride, pad, step] = [x[i + 1], w[i + 1], given.stride[i], given.padding[i], given.dilation[i]]
    if (n === undefined || k === undefined || stride === undefined || pad === undefined || step === undefined)
      return undefined
    const reach = step * (k - 1) + 1
    if (n + 2 * pad < reach)
      return new Refused(
        `input ${show(x)}, padded, has size ${n + 2 * pad} on axis ${i + 1}`,
        `at least ${reach} for weight ${show(w)}`,
        `[conv] Spatial dimensions of input after padding cannot be smaller than weight spatial dimensions. Got error at axis ${i + 1} for input with shape ${mlxShow(x)}, padding low ${mlxShow(given.padding)}, padding high ${mlxShow(given.padding)}, and weight of shape ${mlxShow(w)}.`,
      )
    return Math.floor((n + 2 * pad - reach) / stride) + 1
  }
  const sizes: Dim[] = []
  for (let i = 0; i < given.space; i++) {
    const one = size(i)
    if (one instanceof Refused) return one
    sizes.push(one)
  }
  return [x[0], ...sizes, w[0]]
}
