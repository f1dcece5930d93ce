// Norms, rotary embeddings and attention: what mlx.core.fast asks of its arguments. Source: mlx/fast.cpp of MLX 0.32.4,
// measured. A weight is null where there is none.

import { isFloat, mlxName } from './dtypes'
import { broadcast } from './elementwise'
import { matmul } from './products'
import { type Dims, mlxShow, Refused, type ShapeResult, show } from './shape'

const floatsOnly = (dtype: string | undefined, op: string): Refused | undefined =>
  dtype !== undefined && !isFloat(dtype)
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

export function rope(x: Dims, dims: number | undefined, dtype: string | undefined): ShapeResult {
  if (!x) return undefined
  if (x.length < 3)
    return new Refused(
      `the input is ${show(x)}`,
      'at least 3 dimensions',
      `[rope] Input must have at least 3 dimensions but got input with ${x.length} dimensions.`,
    )
  const last = x[x.length - 1]
  if (dims !== undefined && last !== undefined && dims > last)
    return new Refused(
      `dims is ${dims} and the input ${show(x)}`,
      `at most ${last}`,
      `[rope] dims must not exceed the input's last dimension (${last}) but got ${dims}.`,
    )
  return floatsOnly(dtype, 'rope') ?? x
}

/** q [B, heads, L, D], k [B, kv heads, S, D], v [B, kv heads, S, E]; the mask broadcasts to [B, heads, L, S]. */
export function attention(q: Dims, k: Dims, v: Dims, mask: Dims | null | undefined): ShapeResult {
  const op = 'scaled_dot_product_attention'
  for (const x of [q, k, v])
    if (x && x.length !== 4)
      return new Refused(
        `an input of shape ${show(x)}`,
        '4 dimensions',
        `[${op}] input with shape ${mlxShow(x)} expected to be rank 4`,
      )
  if (!q || !k || !v) return undefined
  const [d, e] = [q[3], k[3]]
  if (d !== undefined && e !== undefined && d !== e)
    return new Refused(
      `queries ${show(q)} and keys ${show(k)}`,
      'equal last sizes',
      `[${op}] query, keys expected to have matching last dimension; found query shape ${mlxShow(q)} for keys shape ${mlxShow(k)}.`,
    )
  const [heads, keyHeads, valueHeads] = [q[1], k[1], v[1]]
  if (keyHeads !== undefined && valueHeads !== undefined && keyHeads !== valueHeads)
    return new Refused(
      `keys ${show(k)} and values ${show(v)}`,
      'the same number of heads',
      `[${op}] keys, values expected to have matching n_kv_heads; found keys with n_heads ${keyHeads} for values with n_heads ${valueHeads}.`,
    )
  if (heads !== undefined && keyHeads !== undefined && keyHeads > 0 && heads % keyHeads !== 0)
    return new Refused(
      `${heads} heads of queries and ${keyHeads} of keys`,
      'a multiple',
      `[${op}] n_heads must be a multiple of n_kv_heads, found n_heads ${heads} for n_kv_heads ${keyHeads}.`,
    )
  const scores = [q[0], heads, q[2], k[2]]
  const values = matmul([q[2], k[2]], [v[2], v[3]])
  if (values instanceof Refused) return values
  if (mask) {
    const masked = broadcast(mask, scores)
    if (masked instanceof Refused) return masked
  }
  return [q[0], heads, q[2], v[3]]
}
