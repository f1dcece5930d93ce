// Messages of the matrix products with quantized weights (ml-explore/mlx, mlx/ops.cpp, validate_quantized_input and
// extract_quantized_matmul_dims; mlx/backend/cpu/quantized.cpp; 0.32.4).

import { code } from '../markdown'
import { widths } from './dequantizeMessages'
import { type Message, showShape } from './message'

export const matmulMessages: readonly Message[] = [
  {
    id: 'matmul-parameters-do-not-match',
    texts: [
      '[{op}] The shapes of the weight and scales are incompatible based on bits and group_size. w.shape() == {w:shape} and scales.shape() == {s:shape} with group_size={g:n} and bits={bits:n}',
    ],
    when: 'first use',
    meaning: r =>
      `The widths of weight and scales do not go together with the bits and group size that were passed: ${widths(r)}.`,
  },
  {
    id: 'input-width-differs',
    texts: [
      '[{op}] Last dimension of first input with shape (..., {inner:n}) does not match the expanded quantized matrix ({rows:n}, {columns:n}) computed from shape {w:shape} with group_size={g:n}, bits={bits:n} and transpose={flag:word}',
    ],
    when: 'first use',
    meaning: r =>
      `The input has ${r.number('inner')} features, the weight takes ${r.number('rows')} (it is ${showShape(r.shape('w'))} words at ${r.number('bits')} bits). Either the pair of bits and group size has the right product and the wrong parts, or ${code('transpose')} is ${r.text('flag') === 'true' ? 'true where it should be false' : 'false where it should be true'}, or the weight is another module’s.`,
  },
  {
    id: 'scales-and-biases-differ',
    texts: [
      '[{op}] Scales and biases should have the same shape. Received scales with shape {s:shape} and biases with {b:shape}',
    ],
    when: 'first use',
    meaning: r =>
      `Scales are ${showShape(r.shape('s'))}, biases ${showShape(r.shape('b'))}: one of them was sliced or taken from another module.`,
  },
  {
    id: 'batches-differ',
    texts: [
      '[{op}] Weight and scales should have the same batch shape. Received weight with shape {w:shape}, scales with {s:shape}',
    ],
    when: 'first use',
    meaning: r =>
      `The dimensions before the last two differ: weight ${showShape(r.shape('w'))}, scales ${showShape(r.shape('s'))}: experts were stacked or sliced in one and not in the other.`,
  },
  {
    id: 'input-not-floating',
    texts: [
      '[{op}] Only real floating types are supported but x.dtype() == {dtype:word}',
      '[{op}] Only real floating types except float64 are supported but {which:word} argument dtype == {dtype:word}',
    ],
    when: 'first use',
    meaning: r => `The input is ${code(r.text('dtype') ?? '')}: token numbers, or an embedding that was not decoded.`,
  },
  {
    id: 'qqmm-shape',
    texts: [
      '[{op}] Last dimension of first input with shape {x:shape} must match last dimension of second input with shape {y:shape}',
      '[{op}] Only 2D inputs are supported but x.ndim() == {rank:n} and w.ndim() == {rank2:n}',
      '[{op}] Scales must be provided if second argument is quantized',
      '[QQMatmul] NYI for the general case',
      '[GatherQQMM] NYI',
    ],
    when: 'first use',
    meaning: () =>
      `${code('qqmm')} multiplies two quantized matrices and takes few combinations; ${code('quantized_matmul')} is what linear layers use.`,
  },
  {
    id: 'bad-indices',
    texts: ['[{op}] Got indices with invalid dtype. Indices must be integral'],
    when: 'first use',
    meaning: () => 'The choice of experts must be integers.',
  },
  {
    id: 'no-kernel',
    texts: [
      'Quantization group size must be 32, 64 or 128',
      'Quantization bits must be {listed:text}',
      '[{op}] No implementation for problem shape: {problem:text}',
      '[{op}] Group size {g:n} is not supported',
      '[{op}] {bits:n}-bit quantization is not supported',
    ],
    when: 'evaluation',
    meaning: () =>
      'The shapes went together, but the backend has no kernel for these bits and this group size: the pair is likely wrong.',
  },
  {
    id: 'matmul-shapes',
    texts: [
      '[matmul] Last dimension of first input with shape {x:shape} must match second to last dimension of second input with shape {y:shape}',
    ],
    when: 'first use',
    meaning: r => {
      const y = r.shape('y') ?? []
      const x = r.shape('x') ?? []
      const fits = y[y.length - 1] === x[x.length - 1]
      return fits
        ? `The second matrix is ${showShape(y)}, that is [out, in]: ${code('mx.dequantize')} returns it so, and ${code('x @ w')} needs ${code('w.T')}.`
        : `A plain product of ${showShape(x)} with ${showShape(y)}: neither axis of the second fits, so it may still be packed.`
    },
  },
]
