// mlx.core: loading, the operations that move axes, and the two sinks this tool exists for.
// Signatures as of MLX 0.32.4 (python/src/ops.cpp): dequantize(w, scales, biases, group_size, bits, mode, …) and
// quantized_matmul(x, w, scales, biases, transpose, group_size, bits, mode).

import { anyArray, transpose } from '../arrays'
import type { LibraryCall } from '../calls'
import { loadWeights } from '../checkpoints'
import type { Reader } from '../machine'
import { multiply } from '../products'
import { list, dict, none, truth, type Value } from '../value'
import { arange, literal, ofShape } from './creation'
import { concatenate, split, stack } from './joining'
import { asFunction, operations } from './mlxArray'
import { literalSuffix, partsOf, textOf } from '../text'
import { noteWritten } from '../writtenFiles'
import type { LibraryModel } from './index'
import { sink } from './sinks'

export function load(c: LibraryCall, reader: Reader = 'mlx'): Value {
  const path = c.get(0, 'file', 'filename')
  if (!path) return dict([], true)
  const weights = loadWeights(c.m, path.kind === 'file' ? path.path : path, c.at, reader)
  const both = c.get(-1, 'return_metadata')
  return both && truth(both, false) ? list([weights, dict([], true)], 'tuple') : weights
}

/** `matmul(a, b)`. */
export const product = (c: LibraryCall): Value =>
  multiply(c.m, c.get(0, 'a') ?? none, c.get(1, 'b') ?? none, c.at, c.placeOf(1, 'b'))

/** Gives weight, scales and, in the affine mode, biases; a packed weight is noted, for it cannot be packed again. */
export function quantize(c: LibraryCall): Value {
  const array = c.get(0, 'w')
  if (array?.kind === 'array' && c.m.guarded === 0) c.m.quantizations.push({ call: c.at, array })
  return list([result(c), result(c), result(c)])
}

/** Every triple of a dict that is written to a file is a delivery: whoever loads the file will meet it. */
export function noteSaved(c: LibraryCall, written: Value | undefined): void {
  if (written?.kind !== 'dict') return
  for (const [key, weight] of written.map) {
    if (typeof key !== 'string' || !key.endsWith('.weight') || weight.kind !== 'array') continue
    const base = key.slice(0, -'.weight'.length)
    const [scales, biases] = [written.map.get(`${base}.scales`), written.map.get(`${base}.biases`)]
    if (scales?.kind !== 'array' || (biases && biases.kind !== 'array')) continue
    c.m.sinks.push({
      op: 'save_safetensors',
      call: c.at,
      weight,
      scales,
      biases,
      arguments: { weight: undefined, scales: undefined, biases: undefined },
      groupSize: undefined,
      bits: undefined,
      mode: undefined,
      activation: -1,
      uncertain: c.m.uncertain > 0 || c.m.alternative > 0,
      guarded: false,
    })
  }
}

/** `save_safetensors(file, arrays)`. */
export function save(c: LibraryCall): Value {
  const [file, written] = [c.get(0, 'file'), c.get(1, 'arrays')]
  noteSaved(c, written)
  const path = file?.kind === 'file' ? file.path : file
  if (path)
    noteWritten(
      c.m,
      literalSuffix(path).endsWith('.safetensors') ? path : textOf([...(partsOf(path) ?? []), '.safetensors']),
      written,
    )
  return none
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
        x: [0, 'x'],
        transpose: [4, 'transpose'],
      }),
    'mlx.core.gather_qmm': c =>
      sink(c, 'gather_qmm', {
        weight: [1, 'w'],
        scales: [2, 'scales'],
        biases: [3, 'biases'],
        groupSize: [7, 'group_size'],
        bits: [8, 'bits'],
        mode: [9, 'mode'],
      }),
    'mlx.core.quantize': quantize,
    'mlx.core.save_safetensors': save,
    'mlx.core.array': literal,
    'mlx.core.matmul': product,
    'mlx.core.concatenate': concatenate,
    'mlx.core.stack': stack,
    'mlx.core.split': split,
    'mlx.core.zeros': ofShape(0),
    'mlx.core.ones': ofShape(0),
    'mlx.core.full': ofShape(0),
    'mlx.core.arange': arange,
    'mlx.core.random.normal': ofShape(0),
    'mlx.core.random.uniform': ofShape(2),
    'mlx.core.random.randint': ofShape(2),
    'mlx.core.contiguous': asFunction((c, array) => operations.contiguous?.(c, array, []) ?? array),
    'mlx.core.stop_gradient': c => c.get(0) ?? none,
    'mlx.core.eval': () => none,
    'mlx.core.async_eval': () => none,
    ...Object.fromEntries(
      ['transpose', 'swapaxes', 'moveaxis', 'reshape', 'expand_dims', 'squeeze', 'flatten'].flatMap(name => {
        const operation = operations[name]
        return operation ? [[`mlx.core.${name}`, asFunction(operation)] as const] : []
      }),
    ),
    ...Object.fromEntries(
      ['addmm', 'softmax', 'add', 'multiply', 'where', 'take', 'exp', 'rsqrt', 'mean', 'argmax'].map(
        name => [`mlx.core.${name}`, result] as const,
      ),
    ),
    'numpy.zeros': ofShape(0),
    'numpy.ones': ofShape(0),
    'numpy.concatenate': concatenate,
    'numpy.stack': stack,
    'numpy.split': split,
    'numpy.matmul': product,
    'numpy.array': c => (c.get(0)?.kind === 'array' ? (c.get(0) ?? none) : result(c)),
    'numpy.asarray': c => (c.get(0)?.kind === 'array' ? (c.get(0) ?? none) : result(c)),
    'numpy.ascontiguousarray': c => (c.get(0)?.kind === 'array' ? (c.get(0) ?? none) : result(c)),
    'numpy.transpose': asFunction(
      (c, array, args) => operations.transpose?.(c, array, args) ?? transpose(array, undefined, c.at),
    ),
  },
}
