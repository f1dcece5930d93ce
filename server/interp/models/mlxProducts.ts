// mlx.core's products and the fused operations of mlx.core.fast. Signatures as of MLX 0.32.4 (python/src/ops.cpp, fast.cpp).

import { anyArray, shapesOnly } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { carried, noteAttention } from '../arrays/heads'
import { operate, refuse } from '../run/operate'
import { multiply } from '../arrays/products'
import { promote } from '../shapes/dtypes'
import { attention, layerNorm, normDType, olderNorm, rmsNorm, rope } from '../shapes/layers'
import { broadcast } from '../shapes/elementwise'
import { gatheredProduct } from '../shapes/gathered'
import { addmm as sum, convolve, einsum, floatsOnly, inner, kron, matmul, outer } from '../shapes/products'
import { type Dim, type Dims, Refused, type ShapeResult } from '../shapes/shape'
import { type ArrayValue, type ArrayVariant, isString, none, type Value } from '../values/value'
import { asArray, isNone, libraryCalled, numberOf, sizes } from './arguments'
import type { LibraryModel } from './index'

const lost = (c: LibraryCall): ArrayValue => ({ ...anyArray(c.m.frame.activation), library: libraryCalled(c.name) })

/** `matmul(a, b)`. */
export const product = (c: LibraryCall): Value =>
  multiply(c.m, c.get(0, 'a') ?? none, c.get(1, 'b') ?? none, c.at, c.placeOf(1, 'b'), libraryCalled(c.name))

const shapeOf = (v: ArrayVariant | undefined): Dims => v?.shape

/** An operation on arrays at the first positions; one that is None is null. */
export function fused(
  c: LibraryCall,
  values: readonly (Value | undefined)[],
  f: (shapes: readonly (Dims | null)[], dtypes: readonly (string | undefined)[]) => ShapeResult,
  /** The dtype of the result; that in which all meet where it is not said. Null where there is no array. */
  result?: (dtypes: readonly (string | null | undefined)[]) => string | undefined,
  /** Whether every axis but the last stays where it was in the first array. */
  keepsAxes = false,
  /** Which array the last axis comes from. */
  last?: number,
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
      const all = inOrder.map(v => (v === null ? null : v.dtype))
      const made = { shape, dtype: result ? result(all) : dtypes.reduce((a, b) => promote(a, b)) }
      return keepsAxes ? carried(made, variants, last === undefined ? undefined : { right: variants[last] }) : made
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
  const isMlx = libraryCalled(c.name) === 'mlx'
  return fused(
    c,
    [c.get(0, 'c'), c.get(1, 'a'), c.get(2, 'b')],
    ([added, a, b], dtypes) => {
      if (isMlx) return sum(added ?? undefined, a ?? undefined, b ?? undefined, dtypes)
      // The older MLX of Node takes more than broadcasts to the product, and then nobody knows what comes out.
      const made = matmul(a ?? undefined, b ?? undefined, 'addmm')
      const whole = made instanceof Refused ? made : broadcast(added ?? undefined, made)
      const isAlike = !(whole instanceof Refused) && !(made instanceof Refused) && whole?.length === made?.length
      return isAlike || whole instanceof Refused ? whole : undefined
    },
    // The order counts: half floats and whole numbers do not meet alike in every order.
    ([added, a, b]) => promote(promote(a ?? undefined, b ?? undefined), added ?? undefined),
  )
}

/** `gather_mm(a, b, lhs_indices, rhs_indices)`: rows and matrices chosen by indices, all of them in order without any. */
function gatherMm(c: LibraryCall): Value {
  const [left, right] = [c.get(2, 'lhs_indices'), c.get(3, 'rhs_indices')]
  if (isNone(left) && isNone(right)) return product(c)
  return fused(
    c,
    [c.get(0, 'a'), c.get(1, 'b'), left, right],
    ([a, b, i, j], dtypes) => {
      const [x, y, ...rest] = dtypes
      const [lhs = null, rhs = null] = [i, j].map(s => (s === null ? null : { shape: s, dtype: rest.shift() }))
      return gatheredProduct(a ?? undefined, b ?? undefined, lhs, rhs, [x, y])
    },
    ([x, y]) => promote(x ?? undefined, y ?? undefined),
  )
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
    return fused(c, [c.get(0, 'input'), c.get(1, 'weight')], ([x, w], [dtype]) =>
      convolve(
        x ?? undefined,
        w ?? undefined,
        {
          stride: perAxis(c, c.get(2, 'stride'), 1, space),
          padding: perAxis(c, c.get(3, 'padding'), 0, space),
          dilation: perAxis(c, c.get(4, 'dilation'), 1, space),
          groups: groups === undefined ? 1 : numberOf(groups),
        },
        libraryCalled(c.name) === 'mlx' ? dtype : undefined,
      ),
    )
  }

/** `scaled_dot_product_attention(q, k, v, scale=, mask=)`. */
function sdpa(c: LibraryCall): Value {
  const mask = c.get(-1, 'mask')
  const asText = mask && isString(mask)
  const given = [c.get(0, 'q'), c.get(1, 'k'), c.get(2, 'v')]
  // What comes of a mixed-up attention is its consequence.
  const isMixedUp = noteAttention(c.m, given, c.at)
  const meet = ([q, k, v]: readonly (string | null | undefined)[]) =>
    promote(promote(q ?? undefined, k ?? undefined), v ?? undefined)
  return fused(
    c,
    [...given, asText ? none : mask],
    ([q, k, v, m], dtypes) =>
      attention(
        q ?? undefined,
        k ?? undefined,
        v ?? undefined,
        m ? { shape: m, dtype: dtypes[3] } : null,
        libraryCalled(c.name) === 'mlx' ? meet(dtypes) : undefined,
      ),
    meet,
    !isMixedUp,
    2,
  )
}

/** `rms_norm(x, weight, eps)` and `layer_norm(x, weight, bias, eps)`. */
const norm =
  (hasBias: boolean) =>
  (c: LibraryCall): Value => {
    const dtypeOf = ([x, w, b]: readonly (string | null | undefined)[]) =>
      normDType(x ?? undefined, w, hasBias ? b : null)
    const given = [c.get(0, 'x'), c.get(1, 'weight'), ...(hasBias ? [c.get(2, 'bias')] : [])]
    return fused(
      c,
      given,
      ([x, w, b], dtypes) => {
        const rest = [...dtypes]
        const dtype = dtypeOf([x, w, b].map(s => (s === null ? null : rest.shift())))
        if (libraryCalled(c.name) === 'frost') return olderNorm(x ?? undefined, w, b)
        return hasBias ? layerNorm(x ?? undefined, w, b, dtype) : rmsNorm(x ?? undefined, w, dtype)
      },
      dtypeOf,
      true,
    )
  }

/** `rope(a, dims, traditional=, base=, scale=, offset=, freqs=)`. */
function rotary(c: LibraryCall): Value {
  const dims = numberOf(c.get(1, 'dims'))
  const [base, freqs] = [c.get(-1, 'base'), c.get(-1, 'freqs')]
  const isNothing = (v: Value | undefined) => v?.kind === 'const' && v.value === null
  if (libraryCalled(c.name) === 'mlx' && !c.args.open && isNothing(base) && isNone(freqs)) {
    refuse(
      c,
      new Refused('neither base nor freqs', 'one of them', '[rope] Neither base nor freqs has a value.'),
      [],
      'mlx',
    )
    return lost(c)
  }
  return fused(c, [c.get(0, 'a')], ([x], [dtype]) => rope(x ?? undefined, dims, dtype), undefined, true)
}

export const mlxProducts: LibraryModel = {
  calls: {
    'mlx.core.matmul': product,
    'mlx.core.addmm': addmm,
    'mlx.core.gather_mm': gatherMm,
    'mlx.core.inner': c =>
      fused(c, [c.get(0, 'a'), c.get(1, 'b')], ([a, b], [x, y]) => {
        const made = inner(a ?? undefined, b ?? undefined)
        const isProduct = a && b && a.length > 0 && b.length > 0
        return (made instanceof Refused || !isProduct ? undefined : floatsOnly(x, y)) ?? made
      }),
    'mlx.core.outer': two(outer),
    'mlx.core.kron': two(kron),
    'mlx.core.einsum': einsums,
    'mlx.core.conv1d': convolution(1),
    'mlx.core.conv2d': convolution(2),
    'mlx.core.conv3d': convolution(3),
    'mlx.core.fast.rms_norm': norm(false),
    'mlx.core.fast.layer_norm': norm(true),
    'mlx.core.fast.rope': rotary,
    'mlx.core.fast.scaled_dot_product_attention': sdpa,
    'numpy.matmul': product,
    'numpy.dot': product,
    'numpy.outer': two(outer),
    'numpy.kron': two(kron),
    'numpy.einsum': einsums,
  },
}
