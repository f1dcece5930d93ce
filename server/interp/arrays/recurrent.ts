// Parameters of the recurrent layers of mlx.nn, which the binding for Node holds the other way round.
// Sources: mlx/python/mlx/nn/layers/recurrent.py, MLX 0.32.4; lib/nn/layers/recurrent.ts of @frost-beta/mlx 0.0.7.

import type { Dimensions } from './arrays'

/** How many gates a layer has. */
const gates: Readonly<Record<string, number>> = { RNN: 1, GRU: 3, LSTM: 4 }

/** Shapes by name; undefined for what is no such layer. */
export function recurrentParameters(
  name: string,
  input: number | undefined,
  hidden: number | undefined,
  hasBias: boolean,
  isScript: boolean,
): Readonly<Record<string, Dimensions>> | undefined {
  const count = gates[name]
  if (count === undefined) return undefined
  const wide = hidden === undefined ? undefined : hidden * count
  const turned = (dims: [number | undefined, number | undefined]): Dimensions => (isScript ? [dims[1], dims[0]] : dims)
  const [x, h] = name === 'RNN' ? ['Wxh', 'Whh'] : ['Wx', 'Wh']
  const bias = name === 'GRU' ? { b: [wide], bhn: [hidden] } : { bias: [wide] }
  return { [x as string]: turned([wide, input]), [h as string]: turned([wide, hidden]), ...(hasBias ? bias : {}) }
}
