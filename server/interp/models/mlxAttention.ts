// nn.MultiHeadAttention: four projections and attention between them. Its parameters are those of its projections.
// Source: mlx/python/mlx/nn/layers/transformer.py of MLX 0.32.4.

import { anyArray } from '../arrays/arrays'
import { callValue, libraryInstance, noArguments } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { operate } from '../run/operate'
import { failPython } from '../run/refusals'
import { attention } from '../shapes/layers'
import { unflatten } from '../shapes/rearrange'
import { type Dims, Refused, type ShapeResult, show } from '../shapes/shape'
import { constant, isString, type Value } from '../values/value'
import { asArray, isNone, numberOf } from './arguments'
import type { LibraryModel } from './index'
import { callOf } from './mlxLayers'

const isScript = (c: LibraryCall): boolean => c.name.startsWith('frost.')
const lost = (c: LibraryCall): Value => ({ ...anyArray(c.m.frame.activation), library: isScript(c) ? 'frost' : 'mlx' })

/** The name of a projection in its library. */
const projection = (c: LibraryCall, name: string): string => (isScript(c) ? `${name}Proj` : `${name}_proj`)

/** Calls one of the layers. */
const applied = (c: LibraryCall, layer: Value, x: Value): Value =>
  callValue(c.m, layer, { ...noArguments, positional: [{ value: x }] }, { expr: callOf(c), scope: c.scope, at: c.at })

const names = ['query_input_dims', 'key_input_dims', 'value_input_dims', 'value_dims', 'value_output_dims'] as const

/** The constructor: four layers. */
function make(c: LibraryCall): Value {
  const made = libraryInstance(c.m, c.name, noArguments)
  const [dims, heads] = [c.get(0, 'dims'), c.get(1, 'num_heads')]
  const [size, count] = [numberOf(dims), numberOf(heads)]
  if (size !== undefined && count && size % count !== 0) {
    const text = `The input feature dimensions should be divisible by the number of heads (${size} % ${count}) != 0`
    failPython(c.m, c.at, 'ValueError', `${count} heads for ${size} dimensions`, 'a divisor', text)
  }
  const given = names.map((name, i) => {
    const v = c.get(i + 2, name)
    return isNone(v) || numberOf(v) === 0 ? undefined : v
  })
  const [query = dims, key = dims, ownValue, value = dims, out = dims] = given
  const bias = c.get(7, 'bias') ?? constant(false)
  const project = (name: string, input: Value | undefined, output: Value | undefined) => {
    const layer = libraryInstance(c.m, `${isScript(c) ? 'frost' : 'mlx'}.nn.Linear`, noArguments)
    if (input) layer.attributes.set('input_dims', input)
    if (output) layer.attributes.set('output_dims', output)
    layer.attributes.set('bias', bias)
    made.attributes.set(projection(c, name), layer)
  }
  if (heads) made.attributes.set('num_heads', heads)
  project('query', query, dims)
  project('key', key, dims)
  project('value', ownValue ?? key, value)
  project('out', value, out)
  return made
}

/** [B, L, heads * D] as [B, heads, L, D]. */
function inHeads(x: Dims, heads: number | undefined): ShapeResult {
  if (!x || heads === undefined) return undefined
  const made = unflatten(x, -1, [heads, -1])
  if (made instanceof Refused || !made) return made
  if (made.length !== 4)
    return new Refused(
      `an input of ${show(x)}`,
      '3 dimensions',
      `[transpose] Received 4 axes for array with ${made.length} dimensions.`,
    )
  return [made[0], made[2], made[1], made[3]]
}

/** `attention(queries, keys, values, mask)`. */
function call(c: LibraryCall): Value {
  const layer = c.self?.kind === 'instance' ? c.self : undefined
  const mask = c.get(3, 'mask')
  const heads = numberOf(layer?.attributes.get('num_heads'))
  const projected = (['query', 'key', 'value'] as const).map((name, i) => {
    const [part, x] = [layer?.attributes.get(projection(c, name)), c.get(i, name === 'query' ? 'queries' : `${name}s`)]
    return part && x ? asArray(c, applied(c, part, x)) : undefined
  })
  const out = layer?.attributes.get(projection(c, 'out'))
  if (c.args.open || !out || !projected.every(p => p !== undefined)) return lost(c)
  const given = isNone(mask) || (mask && isString(mask)) ? undefined : asArray(c, mask)
  const made = operate(
    c,
    [...projected, ...(given ? [given] : [])],
    ([q, k, v, m]) => {
      const [a, b, d] = [q, k, v].map(x => inHeads(x?.shape, heads))
      for (const one of [a, b, d]) if (one instanceof Refused) return one
      if (a instanceof Refused || b instanceof Refused || d instanceof Refused)
        return { shape: undefined, dtype: undefined }
      const shape = attention(a, b, d, m ?? null, q?.dtype)
      if (shape instanceof Refused) return shape
      const [batch, , length, width] = shape ?? []
      const columns = heads !== undefined && width !== undefined ? heads * width : undefined
      return { shape: shape && [batch, length, columns], dtype: q?.dtype }
    },
    isScript(c) ? 'frost' : 'mlx',
  )
  return applied(c, out, made)
}

export const mlxAttention: LibraryModel = {
  calls: {
    'mlx.nn.MultiHeadAttention': make,
    'mlx.nn.MultiHeadAttention.__call__': call,
    'frost.nn.MultiHeadAttention': make,
    'frost.nn.MultiHeadAttention.forward': call,
  },
}
