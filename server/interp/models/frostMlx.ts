// `@frost-beta/mlx` 0.0.7 for Node: `import { core as mx, nn } from '@frost-beta/mlx'`. Arguments are positional:
// dequantize(w, scales, biases, groupSize, bits), quantizedMatmul(x, w, scales, biases, transpose, groupSize, bits).
// It has no modes, no gather_qmm and no contiguous; what it lacks is not invented here.

import { anyArray } from '../arrays'
import { none } from '../value'
import { asFunction, operations } from './mlxArray'
import type { LibraryModel } from './index'
import { arange, literal, ofShape } from './creation'
import { concatenate, split, stack } from './joining'
import { load, quantize, save } from './mlxCore'
import { product } from './mlxProducts'
import { sink } from './sinks'

export const frostMlx: LibraryModel = {
  calls: {
    'frost.core.load': c => load(c),
    'frost.core.dequantize': c =>
      sink(c, 'dequantize', { weight: [0], scales: [1], biases: [2], groupSize: [3], bits: [4] }),
    'frost.core.saveSafetensors': save,
    'frost.core.quantize': quantize,
    'frost.core.quantizedMatmul': c =>
      sink(c, 'quantized_matmul', {
        weight: [1],
        scales: [2],
        biases: [3],
        groupSize: [5],
        bits: [6],
        x: [0],
        transpose: [4],
      }),
    'frost.core.array': literal,
    'frost.core.matmul': product,
    'frost.core.concatenate': concatenate,
    'frost.core.stack': stack,
    'frost.core.split': split,
    'frost.core.zeros': ofShape(0),
    'frost.core.ones': ofShape(0),
    'frost.core.arange': arange,
    'frost.core.random.normal': ofShape(0),
    'frost.core.eval': () => none,
    'frost.core.tidy': c => c.get(0) ?? none,
    ...Object.fromEntries(
      (['transpose', 'swapaxes', 'moveaxis', 'reshape'] as const).flatMap(name => {
        const operation = operations[name]
        return operation ? [[`frost.core.${name}`, asFunction(operation)] as const] : []
      }),
    ),
    ...Object.fromEntries(
      ['addmm', 'softmax', 'add', 'multiply'].map(name => [`frost.core.${name}`, () => anyArray()] as const),
    ),
  },
  aliases: { '@frost-beta/mlx': 'frost', '@frost-beta/mlx.core': 'frost.core' },
}
