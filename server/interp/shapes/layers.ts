// Norms, rotary embeddings and attention: what mlx.core.fast asks of its arguments. Source: mlx/fast.cpp of MLX 0.32.4,
// measured. A weight is null where there is none.

import { isReal, mlxName, promote } from './dtypes'
import { broadcast, broadcastTo } from './elementwise'
import { type Dims, mlxShow, Refused, type Shape, type ShapeResult, show } from './shape'

const floatsOnly = (dtype: string | undefined, op: string): Refused | undefined =>
  dtype !== undefined && !isReal(dtype)
    ? new Refused(`an array of ${dtype}`, 'floats', `[${op}] Received unsupported type ${mlxName(dtype)}.`)
    : undefined

/** A vector as long as the last axis. */
function vector(x: Dims, w: Dims | null | undefined, op: string, name: string): Refused | undefined {
  if (!w) return undefined
  if (w.length !== 1)
    return new Refused(
      `the ${name.replace(/\W/g, '')} is ${show(w)}`,
      'one dimension',
      `[${op}] ${name} must have 1 dimension but has ${w.length} dimensions.`,
    )
  const [size, last] = [w[0], x?.[x.length - 1]]
  if (size === undefined || last === undefined || size === last) return undefined
  return new Refused(
    `the ${name.replace(/\W/g, '')} is ${show(w)} and the input ${show(x ?? [])}`,
    `${last} elements`,
    `[${op}] ${name} must have the same size as the last dimension of x but has ${size} elements.`,
  )
}

const scalar = (x: Dims, op: string): Refused | undefined =>
  x?.length === 0
    ? new Refused(
        'a scalar',
        'at least 1 dimension',
        `[${op}] Input must have at least 1 dimension but got input with 0 dimensions.`,
      )
    : undefined

/** The dtype that a norm computes in: its weight has a say, a bias without a weight has none. */
export const normDType = (x: string | undefined, w: string | null | undefined, b: string | null | undefined = null) =>
  w === null ? x : promote(promote(x, w), b === null ? w : b)

export const rmsNorm = (x: Dims, w: Dims | null | undefined, dtype: string | undefined): ShapeResult =>
  scalar(x, 'rms_norm') ?? vector(x, w, 'rms_norm', '(*weight)') ?? floatsOnly(dtype, 'rms_norm') ?? x

export const layerNorm = (
  x: Dims,
  w: Dims | null | undefined,
  b: Dims | null | undefined,
  dtype: string | undefined,
): ShapeResult =>
  scalar(x, 'layer_norm') ??
  vector(x, w, 'layer_norm', 'weight') ??
  vector(x, b, 'layer_norm', 'bias') ??
  floatsOnly(dtype, 'layer_norm') ??
  x

/** Norms of the MLX inside the binding for Node: weight and bias have one dimension, and are multiplied and added as any. */
export function olderNorm(x: Dims, w: Dims | null | undefined, b: Dims | null | undefined): ShapeResult {
  let made: ShapeResult = x
  for (const one of [w, b]) {
    if (!one || made instanceof Refused) continue
    if (one.length !== 1)
      return new Refused(`a weight of ${show(one)}`, 'one dimension', 'weight must have 1 dimension')
    const sum = broadcast(one, made)
    made =
      sum instanceof Refused
        ? new Refused(`the weight is ${show(one)} and the input ${show(x ?? [])}`, `${x?.at(-1)} elements`, sum.raises)
        : sum
  }
  return made
}

export function rope(x: Dims, dims: number | undefined, dtype: string | undefined): ShapeResult {
  if (!x) return undefined
  const refused = (found: string, expected: string, text: string) => new Refused(found, expected, `[rope] ${text}`)
  if (x.length < 3)
    return refused(
      `the input is ${show(x)}`,
      'at least 3 dimensions',
      `Input must have at least 3 dimensions but got input with ${x.length} dimensions.`,
    )
  if (dtype !== undefined && !isReal(dtype))
    return refused(`an array of ${dtype}`, 'floats', `Input must be a floating type but got ${mlxName(dtype)}.`)
  const last = x[x.length - 1]
  if (dims === undefined) return x
  if (dims <= 0) return refused(`dims is ${dims}`, 'a number above 0', `dims must be positive but got ${dims}.`)
  if (dims % 2 !== 0) return refused(`dims is ${dims}`, 'an even number', `dims must be even but got ${dims}.`)
  if (last !== undefined && dims > last)
    return refused(
      `dims is ${dims} and the input ${show(x)}`,
      `at most ${last}`,
      `dims must not exceed the input's last dimension (${last}) but got ${dims}.`,
    )
  return x
}

/** An array as attention sees it. */
interface Given {
  readonly shape: Dims
  readonly dtype: string | undefined
}

/** q [B, heads, L, D], k [B, kv heads, S, D], v [B, kv heads, S, E]; the mask broadcasts to [B, heads, L, S]. */
export function attention(q: Dims, k: Dims, v: Dims, mask: Given | null, dtype: string | undefined): ShapeResult {
  const op = 'scaled_dot_product_attention'
  const refused = (found: string, expected: string, text: string) => new Refused(found, expected, `[${op}] ${text}`)
  for (const x of [q, k, v])
    if (x && x.length !== 4)
      return refused(
        `an input of shape ${show(x)}`,
        '4 dimensions',
        `input with shape ${mlxShow(x)} expected to be rank 4`,
      )
  if (mask?.shape && mask.shape.length > 4)
    return refused(
      `the mask is ${show(mask.shape)}`,
      '4 dimensions at most',
      `the mask with shape ${mlxShow(mask.shape)} expected to have at most rank 4.`,
    )
  if (!q || !k || !v) return undefined
  for (const x of [k, v])
    if (x[0] !== undefined && q[0] !== undefined && x[0] !== q[0])
      return refused(
        `queries ${show(q)} and an input ${show(x)}`,
        'one batch size',
        `mismatching batch dimension for input with shape ${mlxShow(x)}.`,
      )
  const [d, e] = [q[3], k[3]]
  if (d !== undefined && e !== undefined && d !== e)
    return refused(
      `queries ${show(q)} and keys ${show(k)}`,
      'equal last sizes',
      `query, keys expected to have matching last dimension; found query shape ${mlxShow(q)} for keys shape ${mlxShow(k)}.`,
    )
  const [heads, keyHeads, valueHeads] = [q[1], k[1], v[1]]
  if (keyHeads !== undefined && valueHeads !== undefined && keyHeads !== valueHeads)
    return refused(
      `keys ${show(k)} and values ${show(v)}`,
      'the same number of heads',
      `keys, values expected to have matching n_kv_heads; found keys with n_heads ${keyHeads} for values with n_heads ${valueHeads}.`,
    )
  if (heads !== undefined && keyHeads !== undefined && keyHeads > 0 && heads % keyHeads !== 0)
    return refused(
      `${heads} heads of queries and ${keyHeads} of keys`,
      'a multiple',
      `n_heads must be a multiple of n_kv_heads, found n_heads ${heads} for n_kv_heads ${keyHeads}.`,
    )
  const bad = floatsOnly(dtype, op)
  if (bad) return bad
  if (mask) {
    if (dtype !== undefined && mask.dtype !== undefined && promote(mask.dtype, dtype) !== dtype)
      return refused(
        `a mask of ${mask.dtype}`,
        `what ${dtype} holds`,
        `Mask type must promote to output type ${mlxName(dtype)}.`,
      )
    const masked = mask.shape && broadcastTo(mask.shape, [q[0], heads, q[2], k[2]])
    if (masked instanceof Refused) return masked
  }
  return valuesOf(q, k, v) ?? [q[0], heads, q[2], v[3]]
}

/** On a CPU the scores are multiplied with the values, where MLX speaks of the heads in groups. */
function valuesOf(q: Shape, k: Shape, v: Shape): Refused | undefined {
  const [length, keys] = [k[2], v[2]]
  if (length === undefined || keys === undefined || length === keys) return undefined
  const [heads, keyHeads] = [q[1], k[1]]
  const times = heads !== undefined && keyHeads ? heads / keyHeads : undefined
  const [left, right] =
    times === 1
      ? [[q[0], heads, q[2], length], v]
      : [
          [q[0], keyHeads, times, q[2], length],
          [v[0], v[1], 1, v[2], v[3]],
        ]
  return new Refused(
    `keys ${show(k)} and values ${show(v)}`,
    'equally many of both',
    `[matmul] Last dimension of first input with shape ${mlxShow(left)} must match second to last dimension of second input with shape ${mlxShow(right)}.`,
  )
}
