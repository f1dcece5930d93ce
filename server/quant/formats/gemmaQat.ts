// Gemma's quantization-aware checkpoints (`quant_method: gemma`): U8 `weight` [out, in/2] at 4 bits or [out, in/4] at 2,
// I8 [out, in] at 8, F32 `weight_scale` [out, 1], and scales for the activations. Low field first, offset binary. This is
// the U8 [out, in/2] that people take for MLX's layout (transformers, integrations/gemma_quant.py).

import type { Format, Found, Members, Parameters, Shape, Weight } from './format'
import { find, last, lead, member, membersOf, rows, sameShape, showMembers } from './shapes'

export const gemmaQat: Format = {
  id: 'gemma-qat',
  name: 'Gemma QAT',
  methods: ['gemma'],
  members: {
    required: ['weight', 'weight_scale'],
    optional: ['input_activation_scale', 'output_activation_scale', 'embedding_quantized', 'bias'],
  },
  recognise({ members, hints }: Weight): Found | undefined {
    const main = members.has('embedding_quantized') ? 'embedding_quantized' : 'weight'
    const weight = find(members, main, 'U8') ?? find(members, main, 'I8')
    const scale = find(members, 'weight_scale', 'F32')
    const activation = [...members.keys()].find(name => name.endsWith('_activation_scale'))
    if (!weight || weight.shape.length < 2 || !scale || (!activation && hints.method !== 'gemma')) return undefined
    if (!sameShape(scale.shape, [...weight.shape.slice(0, -1), 1])) return undefined
    const bits = weight.dtype === 'I8' ? 8 : hints.bits === 4 || hints.bits === 2 ? hints.bits : undefined
    const evidence = [
      `${showMembers(members, main, 'weight_scale', ...(activation ? [activation] : []))}: one scale for each row${activation ? ', and scales for the activations' : '; the config says gemma'}`,
      bits
        ? `${bits}-bit by ${weight.dtype === 'I8' ? 'its dtype' : 'the config'}`
        : 'headers cannot tell 4-bit from 2-bit',
    ]
    if (!bits) return { main, evidence }
    const logical = [...lead(weight.shape), rows(weight.shape), (last(weight.shape) * 8) / bits]
    return { main, parameters: { bits, grouping: { kind: 'channel' } }, logical, evidence }
  },
  stored(logical: Shape, { bits }: Parameters): Members | undefined {
    if (last(logical) % (8 / bits) !== 0) return undefined
    const before = logical.slice(0, -1)
    return membersOf({
      weight: member(bits === 8 ? 'I8' : 'U8', ...before, (last(logical) * bits) / 8),
      weight_scale: member('F32', ...before, 1),
      input_activation_scale: member('F32'),
    })
  },
  logical(members: Members, { bits }: Parameters): Shape | undefined {
    const weight = members.get('weight')
    return weight && [...weight.shape.slice(0, -1), (last(weight.shape) * 8) / bits]
  },
  notMlx: 'its codes are bytes with one scale for each row, not U32 words with scales and biases for each group',
  convert: () => ({
    kind: 'exact',
    how: 'view weight as U32 where the inputs fill whole words, repeat the scale for every group, biases = -2^(bits-1) × scale',
  }),
}
