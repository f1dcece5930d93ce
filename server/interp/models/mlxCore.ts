// mlx.core: loading, the operations that move axes, and the two sinks this tool exists for.
// Signatures as of MLX 0.32.4 (python/src/ops.cpp): dequantize(w, scales, biases, group_size, bits, mode, …) and
// quantized_matmul(x, w, scales, biases, transpose, group_size, bits, mode).

import { anyArray, transpose } from '../arrays'
import type { LibraryCall } from '../calls'
import { loadWeights } from '../checkpoints'
import type { Reader } from '../machine'
import { list, dict, none, truth, type Value } from '../value'
import { asFunction, operations } from './mlxArray'
import type { LibraryModel } from './index'
import { sink } from './sinks'

export function load(c: LibraryCall, reader: Reader = 'mlx'): Value {
  const path = c.get(0, 'file', 'filename')
  if (!path) return dict([], true)
  const weights = loadWeights(c.m, path.kind === 'file' ? path.path : path, c.at, reader)
  const both = c.get(-1, 'return_metadata')
  return both && truth(both, false) ? list([weights, dict([], true)], 'tuple') : weights
}

const result = (c: LibraryCall): Value => anyArray(c.m.frame.activation)

export const mlxCore: LibraryModel = {
  calls: {
    'mlx.core.load': c => load(c),
    'mlx.core.load_safetensors': c => load(c),
    'mlx.core.dequantize': c =>
      sink(c, 'dequantize', {
        weight: [0, 'w'],
        scales: [1, 'scales'],
        biases: [2, 'biases'],
        groupSize: [3, 'group_size'],
        bits: [4, 'bits'],
        mode: [5, 'mode'],
      }),
    'mlx.core.quantized_matmul': c =>
      sink(c, 'quantized_matmul', {
        weight: [1, 'w'],
        scales: [2, 'scales'],
        biases: [3, 'biases'],
        groupSize: [5, 'group_size'],
        bits: [6, 'bits'],
        mode: [7, 'mode'],
      }),
    'mlx.core.array': c => {
      const v = c.get(0)
      return v?.kind === 'array' ? { ...v, at: c.at } : result(c)
    },
    'mlx.core.contiguous': asFunction((c, array) => operations.contiguous?.(c, array, []) ?? array),
    'mlx.core.stop_gradient': c => c.get(0) ?? none,
    'mlx.core.eval': () => none,
    'mlx.core.async_eval': () => none,
    ...Object.fromEntries(
      ['transpose', 'swapaxes', 'moveaxis', 'reshape'].flatMap(name => {
        const operation = operations[name]
        return operation ? [[`mlx.core.${name}`, asFunction(operation)] as const] : []
      }),
    ),
    ...Object.fromEntries(
      [
        'matmul',
        'addmm',
        'concatenate',
        'stack',
        'zeros',
        'ones',
        'arange',
        'softmax',
        'add',
        'multiply',
        'split',
        'full',
        'where',
        'take',
      ].map(name => [`mlx.core.${name}`, result] as const),
    ),
    'numpy.array': c => (c.get(0)?.kind === 'array' ? (c.get(0) ?? none) : result(c)),
    'numpy.asarray': c => (c.get(0)?.kind === 'array' ? (c.get(0) ?? none) : result(c)),
    'numpy.ascontiguousarray': c => (c.get(0)?.kind === 'array' ? (c.get(0) ?? none) : result(c)),
    'numpy.transpose': asFunction(
      (c, array, args) => operations.transpose?.(c, array, args) ?? transpose(array, undefined, c.at),
    ),
  },
}
