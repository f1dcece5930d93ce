// Messages of quantize and of the layers that quantize (ml-explore/mlx, mlx/ops.cpp; python/mlx/nn/layers/quantized.py;
// 0.32.4).

import { code } from '../markdown'
import { type Message, showShape } from './message'

export const quantizeMessages: readonly Message[] = [
  {
    id: 'group-size-not-supported',
    texts: ['[{op}] The requested group size {g:n} is not supported. The supported group sizes are {listed:text}'],
    when: 'construction',
    meaning: r =>
      `A model was built with group size ${r.number('g')}: the config names it, or bits and group size were exchanged.`,
  },
  {
    id: 'bits-not-supported',
    texts: ['[{op}] The requested number of bits {bits:n} is not supported. The supported bits are {listed:text}'],
    when: 'construction',
    meaning: r =>
      `A model was built with ${r.number('bits')} bits: the config names it, or bits and group size were exchanged.`,
  },
  {
    id: 'quantize-not-divisible',
    texts: [
      '[{op}] The last dimension of the matrix needs to be divisible by the quantization group size {g:n}. However the provided matrix has shape {x:shape}',
    ],
    when: 'construction',
    meaning: r => {
      const x = r.shape('x') ?? []
      return `The matrix is ${showShape(x)}; ${x[x.length - 1]} is no multiple of ${r.number('g')}. Such a layer cannot be quantized in these groups: it must be left out, or the matrix lies transposed.`
    },
  },
  {
    id: 'quantize-not-floating',
    texts: [
      '[{op}] Only real floating types can be quantized but w has type {dtype:word}',
      '[{op}] Only supports floating point inputs',
    ],
    when: 'construction',
    meaning: r =>
      `The weight is ${r.text('dtype') ? code(r.text('dtype') ?? '') : 'not of a type that is supported'}: it is packed already, and would be quantized twice.`,
  },
  {
    id: 'quantize-too-few-dimensions',
    texts: ['[{op}] The matrix to be quantized must have at least 2 dimension but it has only {rank:n}'],
    when: 'construction',
    meaning: () => 'A vector (a norm, a bias) was chosen for quantization.',
  },
  {
    id: 'cannot-quantize-model',
    texts: [
      'Unable to quantize model of type {type:text}',
      '``class_predicate`` must return a bool or a dict of parameters to pass to ``to_quantized``',
      'QQLinear does not support bias yet',
    ],
    when: 'construction',
    meaning: () => 'The predicate or the config names a module that cannot be quantized so.',
  },
]
