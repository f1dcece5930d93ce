// mlx.core's products and the fused operations of mlx.core.fast. Signatures as of MLX 0.32.4 (python/src/ops.cpp, fast.cpp).

import { anyArray, shapesOnly } from '../arrays'
import type { LibraryCall } from '../calls'
import { carried, noteAttention } from '../heads'
import { operate } from '../operate'
import { multiply } from '../products'
import { promote } from '../shapes/dtypes'
import { broadcast } from '../shapes/elementwise'
import { attention, layerNorm, rmsNorm, rope } from '../shapes/layers'
import { convolve, einsum, inner, kron, matmul, outer } from '../shapes/products'
import { type Dim, type Dims, Refused, type ShapeResult } from '../shapes/shape'
import { type ArrayValue, type ArrayVariant, isString, none, type Value } from '../value'
import { asArray, isNone, libraryCalled, numberOf, sizes } from './arguments'
import type { LibraryModel } from './index'

const lost = (c: LibraryCall): ArrayValue => ({ ...anyArray(c.m.frame.activation), library: libraryCalled(c.name) })

/** `matmul(a, b)`. */
export const product = (c: LibraryCall): Value =>
  multiply(c.m, c.get(0, 'a') ?? none, c.get(1, 'b') ?? none, c.at, c.placeOf(1, 'b'), libraryCalled(c.name))

const shapeOf = (v: ArrayVariant | undefined): Dims => v?.shape

/** An operation on arrays at the first positions; one that is None is null. */
function fused(
  c: LibraryCall,
  values: readonly (Value | undefined)[],
  f: (shapes: readonly (Dims | null)[], dtypes: readonly (string | undefined)[]) => ShapeResult,
  /** Whether every axis but the last stays where it was in the first array. */
  keepsAxes = false,
  attended = false,
): Value {
  const given = values.map(v => (isNone(v) ? null : asArray(c, v)))
  const arrays = given.filter(a => a !== null)
  if (c.args.open || !arrays.every((a): a is ArrayValue => a !== undefined)) return lost(c)
  return operate(
    c,
    arrays.map((a, i) => (i === 0 ? a : shapesOnly(a))),
    variants => {
      const rest = [...variants]
      const inOrder = given.map(a => (a === null ? null : (rest.shift() ?? null)))
      const dtypes = inOrder.flatMap(v => (v ? [v.dtype] : []))
      const shape = f(
        inOrder.map(v => (v === null ? null : shapeOf(v))),
        dtypes,
      )
      if (shape instanceof Refused) return shape
      const made = { shape, dtype: dtypes.reduce((a, b) => promote(a, b)) }
      return keepsAxes ? carried(made, variants.slice(0, 1), attended) : made
    },
    libraryCalled(c.name),
  )
}

const two =
  (f: (a: Dims, b: Dims) => ShapeResult) =>
  (c: LibraryCall): Value =>
    fused(c, [c.get(0, 'a'), c.get(1, 'b')], ([a, b]) => f(a ?? undefined, b ?? undefined))

/** `addmm(c, a, b)`: the product, and what is added to it. */
function addmm(c: LibraryCall): Value {
  return fused(c, [c.get(0, 'c'), c.get(1, 'a'), c.get(2, 'b')], ([added, a, b]) => {
    const made = matmul(a ?? undefined, b ?? undefined, 'addmm')
    return made instanceof Refused ? made : broadcast(made, added ?? undefined)
  })
}

function einsums(c: LibraryCall): Value {
  const [equation, ...operands] = c.args.positional.map(a => a.value)
  if (!equation || !isString(equation)) return lost(c)
  return fused(c, operands, shapes =>
    einsum(
      equation.value,
      shapes.map(s => s ?? undefined),
    ),
  )
}

/** A number for every axis of space, from one number or a list. */
export function perAxis(c: LibraryCall, v: Value | undefined, otherwise: number, space: number): readonly Dim[] {
  if (v === undefined) return Array.from({ length: space }, () => otherwise)
  const number = numberOf(v)
  if (v.kind === 'list') return sizes(c, v) ?? []
  return Array.from({ length: space }, () => number)
}

/** `conv1d(input, weight, stride, padding, dilation, groups)`. */
const convolution =
  (space: number) =>
  (c: LibraryCall): Value => {
    const groups = c.get(5, 'groups')
    return fused(c, [c.get(0, 'input'), c.get(1, 'weight')], ([x, w]) =>
      convolve(x ?? undefined, w ?? undefined, {
        space,
        stride: perAxis(c, c.get(2, 'stride'), 1, space),
        padding: perAxis(c, c.get(3, 'padding'), 0, space),
        dilation: perAxis(c, c.get(4, 'dilation'), 1, space),
        groups: groups === undefined ? 1 : numberOf(groups),
      }),
    )
  }

/** `scaled_dot_product_attention(q, k, v, scale=, mask=)`. */
function sdpa(c: LibraryCall): Value {
  const mask = c.get(-1, 'mask')
  const asText = mask && isString(mask)
  const given = [c.get(0, 'q'), c.get(1, 'k'), c.get(2, 'v')]
  // What comes of a mixed-up attention is its consequence.
  const isMixedUp = noteAttention(c.m, given, c.at)
  return fused(
    c,
    [...given, asText ? none : mask],
    ([q, k, v, m]) => attention(q ?? undefined, k ?? undefined, v ?? undefined, m ?? undefined),
    !isMixedUp,
    true,
  )
}

export const mlxProducts: LibraryModel = {
  calls: {
    'mlx.core.matmul': product,
    'mlx.core.addmm': addmm,
    'mlx.core.inner': two(inner),
    'mlx.core.outer': two(outer),
    'mlx.core.kron': two(kron),
    'mlx.core.einsum': einsums,
    'mlx.core.conv1d': convolution(1),
    'mlx.core.conv2d': convolution(2),
    'mlx.core.conv3d': convolution(3),
    'mlx.core.fast.rms_norm': c =>
      fused(c, [c.get(0, 'x'), c.get(1, 'weight')], ([x, w], [dtype]) => rmsNorm(x ?? undefined, w, dtype), true),
    'mlx.core.fast.layer_norm': c =>
      fused(
        c,
        [c.get(0, 'x'), c.get(1, 'weight'), c.get(2, 'bias')],
        ([x, w, b], [dtype]) => layerNorm(x ?? undefined, w, b, dtype),
        true,
      ),
    'mlx.core.fast.rope': c => {
      const dims = numberOf(c.get(1, 'dims'))
      return fused(c, [c.get(0, 'a')], ([x], [dtype]) => rope(x ?? undefined, dims, dtype), true)
    },
    'mlx.core.fast.scaled_dot_product_attention': sdpa,
    'numpy.matmul': product,
    'numpy.dot': product,
    'numpy.outer': two(outer),
    'numpy.kron': two(kron),
    'numpy.einsum': einsums,
  },
}
