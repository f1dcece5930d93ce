// Messages about the tensors and parameters of a quantized weight (ml-explore/mlx, mlx/ops.cpp and
// mlx/primitives.cpp, 0.32.4), raised by dequantize, quantized_matmul, gather_qmm and qqmm alike.

import { fittingPairs, showPairs } from '../../quant/affine'
import { code } from '../markdown'
import type { Message } from './message'
import type { Reading } from './template'

const last = (shape: readonly number[] | undefined) => shape?.[shape.length - 1] ?? 0

/** "704 words × 32 / 4 bits = 5632, but 44 groups × 64 = 2816; the shapes fit …". */
export function widths(r: Reading): string {
  const [w, s, g, bits] = [r.shape('w'), r.shape('s'), r.number('g'), r.number('bits')]
  const pairs = fittingPairs(last(w), last(s))
  const fit = pairs.length > 0 ? `these columns fit ${showPairs(pairs)}` : 'these columns fit no pair of MLX'
  if (g === undefined || bits === undefined || bits === 0) return fit
  return `${last(w)} words × 32 / ${bits} bits = ${(last(w) * 32) / bits} inputs, but ${last(s)} groups × ${g} = ${last(s) * g}; ${fit}`
}

export const dequantizeMessages: readonly Message[] = [
  {
    id: 'parameters-do-not-match',
    texts: [
      '[{op}] Shape of scales and biases does not match the matrix given the quantization parameters. Provided matrix of shape {w:shape} and scales/biases of shape {s:shape} with group_size={g:n} and bits={bits:n}',
      '[{op}] Shape of scales does not match the matrix given the quantization parameters. Provided matrix of shape {w:shape} and scales of shape {s:shape}',
      '[{op}] Shape of scales and biases does not match the matrix given the quantization parameters',
      '[{op}] Shape of scales does not match the matrix given the quantization parameters',
    ],
    when: 'first use',
    meaning: r =>
      `The leading dimensions agree, but the widths do not go together with the bits and group size that were passed${r.shape('w') ? `: ${widths(r)}` : ''}.`,
  },
  {
    id: 'leading-dimensions-differ',
    texts: [
      '[{op}] Shape of scales and biases does not match the matrix',
      '[{op}] Shape of scales does not match the matrix',
    ],
    when: 'first use',
    meaning: () =>
      'A dimension before the last differs between weight, scales and biases, or they have different numbers of dimensions. Wrong bits or a wrong group size cannot cause this text: they give the longer one, with numbers.',
  },
  {
    id: 'weight-not-uint32',
    texts: [
      '[{op}] The matrix should be given as a uint32',
      '[{op}] The weight matrix should be uint32 but received {dtype:word}',
    ],
    when: 'first use',
    meaning: r =>
      `The weight is ${r.text('dtype') ? code(r.text('dtype') ?? '') : 'not uint32'}: it is not packed, it was cast, or it is another format’s.`,
  },
  {
    id: 'too-few-dimensions',
    texts: ['[{op}] The matrix to be dequantized must have at least 2 dimension but it has only {rank:n}'],
    when: 'first use',
    meaning: r =>
      `The weight has ${r.number('rank')} dimension: one row was taken out of it, or another tensor was passed.`,
  },
  {
    id: 'bad-parameter',
    texts: ['[{op}] Invalid value for bits: {bits:n}', '[{op}] Invalid value for group_size: {g:n}'],
    when: 'first use',
    meaning: () => 'Bits and group size must be positive: the value was not read from where it was meant to be.',
  },
  {
    id: 'biases-missing',
    texts: ['[{op}] Biases must be provided for affine quantization'],
    when: 'first use',
    meaning: () =>
      'The mode is affine, which is the default, but no biases were passed: they were left out, or the weight is mxfp4, mxfp8 or nvfp4 and the mode was lost.',
  },
  {
    id: 'biases-not-wanted',
    texts: ["[{op}] Biases must be null for quantization mode '{mode:word}'"],
    when: 'first use',
    meaning: r =>
      `Mode ${code(r.text('mode') ?? '')} has no biases, but some were passed: the weight is affine, or the mode is wrong.`,
  },
  {
    id: 'scales-not-uint8',
    texts: ['[{op}] Scale type must be uint8 but received type {dtype:word}'],
    when: 'first use',
    meaning: r =>
      `The floating-point modes store scales as uint8, but these are ${code(r.text('dtype') ?? '')}: the weight is affine, or a loader cast the scales.`,
  },
  {
    id: 'scales-not-floating',
    texts: [
      '[{op}] Only real floating types are supported but scales.dtype() == {dtype:word} and biases.dtype() == {dtype2:word}',
    ],
    when: 'first use',
    meaning: r =>
      `Affine scales and biases are floating-point, but these are ${code(r.text('dtype') ?? '')} and ${code(r.text('dtype2') ?? '')}: the weight is of a floating-point mode, or scales and zeros of another format were passed.`,
  },
  {
    id: 'bad-output-dtype',
    texts: ['[{op}] Only real floating types are supported but output dtype == {dtype:word}'],
    when: 'first use',
    meaning: r => `The ${code('dtype')} that was asked for, ${code(r.text('dtype') ?? '')}, is not floating-point.`,
  },
  {
    id: 'bad-global-scale',
    texts: [
      "[{op}] Global scale is only supported for 'nvfp4' quantization mode",
      '[{op}] Global scale must be a scalar but got shape {x:shape}',
      '[{op}] Global scale must have dtype float32 but got {dtype:word}',
      '[{op}] For nvfp4 mode, either both global_scale_x and global_scale_w must be provided, or neither',
    ],
    when: 'first use',
    meaning: () => 'A global scale is one F32 number and belongs to nvfp4 alone.',
  },
  {
    id: 'mode-and-parameters-disagree',
    texts: [
      '[{op}] {mode:word} quantization requires group size {wanted:n} but got {g:n}',
      '[{op}] {mode:word} quantization requires bits to be {wanted:n} but got {bits:n}',
    ],
    when: 'first use',
    meaning: r =>
      `Mode ${code(r.text('mode') ?? '')} has one pair of bits and group size only; ${r.number('g') ?? r.number('bits')} is not ${r.number('wanted')}.`,
  },
  {
    id: 'unknown-mode',
    texts: [
      "Invalid quantization mode '{mode:word}'. Valid modes are: {rest:text}",
      "[{op}] Invalid quantization mode '{mode:word}'",
      'Cannot infer the quantization mode of {key:path}',
    ],
    when: 'first use',
    meaning: r =>
      r.text('mode')
        ? `MLX knows no mode ${code(r.text('mode') ?? '')}: it knows affine, mxfp4, mxfp8 and nvfp4.`
        : 'mlx-lm found U8 scales, but bits and group size that no floating-point mode has.',
  },
  {
    id: 'biases-do-not-broadcast',
    texts: ['[broadcast_shapes] Shapes {grouped:shape} and {side:shape} cannot be broadcast'],
    when: 'first use',
    meaning: r => {
      const [a, b] = [r.shape('grouped') ?? [], r.shape('side') ?? []]
      return a.length === b.length && last(b) === 1
        ? `In ${code('dequantize')} this means that scales have ${a[a.length - 2]} columns (groups of ${last(a)}) and biases ${b[b.length - 2]}.`
        : 'Two arrays that are combined have sizes that do not go together.'
    },
  },
  {
    id: 'odd-width',
    texts: [
      '[reshape] Cannot reshape array of size {size:n} into shape {x:shape}',
      '[reshape] Cannot infer the shape of an empty array',
    ],
    when: 'first use',
    meaning: () =>
      `In ${code('dequantize')} this means that the packed columns hold no whole number of values of these bits, or that a dimension is 0.`,
  },
]
