// Layers of mlx.nn that work along axes of space or time: transposed convolutions, pools, resampling, recurrent layers, and
// the sines of positions. Source: mlx/python/mlx/nn/layers of MLX 0.32.4.

import { shaped } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { isFloat, promote } from '../shapes/dtypes'
import { matmul } from '../shapes/products'
import { splitBounds } from '../shapes/rearrange'
import { axisOf, type Dim, type Dims, Refused, type ShapeResult, withSize } from '../shapes/shape'
import { convolveTransposed, pool, upsample } from '../shapes/space'
import { list, type Value } from '../values/value'
import { dtypeOf, isNone, numberOf, sizes } from './arguments'
import type { LibraryModel } from './index'
import { plus, run, selfOf, turned } from './mlxLayers'
import { fused, perAxis } from './mlxProducts'

const settingOf =
  (c: LibraryCall) =>
  (name: string): Value | undefined =>
    selfOf(c)?.attributes.get(name)

const numbersFor = (c: LibraryCall, space: number, given: (name: string) => Value | undefined) => ({
  stride: perAxis(c, given('stride'), 1, space),
  padding: perAxis(c, given('padding'), 0, space),
  dilation: perAxis(c, given('dilation'), 1, space),
  outputPadding: perAxis(c, given('output_padding'), 0, space),
})

const transposedLayer =
  (space: number) =>
  (c: LibraryCall): Value =>
    run(c, ['weight', 'bias'], (x, [w, b]) =>
      plus(convolveTransposed(x.shape, w?.shape, { ...numbersFor(c, space, settingOf(c)), groups: 1 }, x.dtype), b),
    )

/** `conv_transpose1d(input, weight, stride, padding, dilation, output_padding, groups)`. */
const transposed =
  (space: number) =>
  (c: LibraryCall): Value => {
    const places = { stride: 2, padding: 3, dilation: 4, output_padding: 5, groups: 6 }
    const given = (name: string) => c.get(places[name as keyof typeof places], name)
    const groups = given('groups')
    return fused(c, [c.get(0, 'input'), c.get(1, 'weight')], ([x, w], [dtype]) =>
      convolveTransposed(
        x ?? undefined,
        w ?? undefined,
        { ...numbersFor(c, space, given), groups: groups === undefined ? 1 : numberOf(groups) },
        dtype,
      ),
    )
  }

const same = (x: string | undefined): string | undefined => x

const pooling =
  (space: number) =>
  (c: LibraryCall): Value => {
    const given = settingOf(c)
    const kernel = perAxis(c, given('kernel_size'), 1, space)
    const stride = isNone(given('stride')) ? kernel : perAxis(c, given('stride'), 1, space)
    return run(c, [], x => pool(x.shape, kernel, stride, perAxis(c, given('padding'), 0, space)), same)
  }

function resampled(c: LibraryCall): Value {
  const factor = settingOf(c)('scale_factor')
  const factors: readonly Dim[] | Dim = factor?.kind === 'list' ? (sizes(c, factor) ?? []) : numberOf(factor)
  return run(c, [], x => upsample(x.shape, factors), same)
}

/** Each state of a recurrent layer: as wide as a gate. */
const states =
  (gates: number, names: readonly string[]) =>
  (c: LibraryCall): Value =>
    run(c, names, (x, [w, , b]) => {
      const all = plus(matmul(x.shape, turned(w?.shape), b ? 'addmm' : 'matmul'), b)
      const last = all instanceof Refused ? undefined : all?.[all.length - 1]
      return all instanceof Refused || !all
        ? all
        : withSize(all, all.length - 1, last === undefined ? undefined : last / gates)
    })

/** One half of an axis, by the other. */
function gated(c: LibraryCall, x: Dims): ShapeResult {
  const given = selfOf(c) ? settingOf(c)('axis') : c.get(1, 'axis')
  const axis = given === undefined ? -1 : numberOf(given)
  if (!x || axis === undefined) return undefined
  const bounds = splitBounds(x, 2, axis)
  const [at, half] = [axisOf(axis, x.length), bounds instanceof Refused ? undefined : bounds?.[0]?.[1]]
  return bounds instanceof Refused ? bounds : withSize(x, at ?? 0, half)
}

/** `MultiHeadAttention.create_additive_causal_mask(N, dtype)`. */
function causalMask(c: LibraryCall): Value {
  const [n, dtype] = [numberOf(c.get(0, 'N')), c.get(1, 'dtype')]
  return shaped([n, n], c.m.frame.activation, dtype === undefined ? 'F32' : dtypeOf(dtype), 'mlx')
}

/** As wide as it was made, in single precision at least. */
const sines = (c: LibraryCall): Value =>
  run(
    c,
    [],
    x => x.shape && [...x.shape, numberOf(settingOf(c)('dims'))],
    x => (x === undefined || isFloat(x) ? promote(x, 'F32') : 'F32'),
  )

const spaces = [1, 2, 3] as const

export const mlxSpace: LibraryModel = {
  calls: {
    ...Object.fromEntries(
      spaces.flatMap(n => [
        [`mlx.core.conv_transpose${n}d`, transposed(n)] as const,
        [`mlx.nn.ConvTranspose${n}d.__call__`, transposedLayer(n)] as const,
        [`mlx.nn.AvgPool${n}d.__call__`, pooling(n)] as const,
        [`mlx.nn.MaxPool${n}d.__call__`, pooling(n)] as const,
      ]),
    ),
    'mlx.nn.Upsample.__call__': resampled,
    'mlx.nn.SinusoidalPositionalEncoding.__call__': sines,
    'mlx.nn.MultiHeadAttention.create_additive_causal_mask': causalMask,
    'mlx.nn.RNN.__call__': states(1, ['Wxh', 'Whh', 'bias']),
    'mlx.nn.GRU.__call__': states(3, ['Wx', 'Wh', 'b']),
    'mlx.nn.LSTM.__call__': c => {
      const state = states(4, ['Wx', 'Wh', 'bias'])(c)
      return list([state, state], 'tuple')
    },
    'mlx.nn.GLU.__call__': c => run(c, [], x => gated(c, x.shape), same),
    'mlx.nn.glu': c => fused(c, [c.get(0, 'x')], ([x]) => gated(c, x ?? undefined)),
    'mlx.nn.PReLU.__call__': c => run(c, [], x => x.shape, same),
  },
}
