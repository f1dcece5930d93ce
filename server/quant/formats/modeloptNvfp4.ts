// NVIDIA ModelOpt's NVFP4: U8 `weight` [out, in/2], low nibble first, E4M3 `weight_scale` [out, in/16], and
// `weight_scale_2`, by which the scales are *multiplied*. Stacked experts may lie with the inputs first
// (TensorRT-Model-Optimizer, torch/quantization/qtensor/nvfp4_tensor.py).

import { group, type Format, type Found, type Members, type Shape, type Weight } from './format'
import { find, last, member, membersOf, sameRows, showMembers } from './shapes'

export const modeloptNvfp4: Format = {
  id: 'modelopt-nvfp4',
  name: 'ModelOpt NVFP4',
  methods: ['modelopt', 'modelopt_fp4'],
  members: {
    required: ['weight', 'weight_scale', 'weight_scale_2'],
    optional: ['input_scale', 'pre_quant_scale', 'bias'],
  },
  recognise({ members }: Weight): Found | undefined {
    const weight = find(members, 'weight', 'U8')
    const scale = find(members, 'weight_scale', 'F8_E4M3')
    if (!weight || !scale || !members.has('weight_scale_2')) return undefined
    const evidence = `${showMembers(members, 'weight', 'weight_scale', 'weight_scale_2')}: one E4M3 scale for every 8 bytes, and a second scale to multiply with`
    const parameters = { bits: 4, grouping: group(16) }
    if (sameRows(weight.shape, scale.shape) && last(weight.shape) === last(scale.shape) * 8)
      return {
        main: 'weight',
        parameters,
        logical: [...weight.shape.slice(0, -1), last(weight.shape) * 2],
        evidence: [evidence],
      }
    const [inputs, out] = [weight.shape.at(-2) ?? 0, last(weight.shape)]
    if (weight.shape.length !== 3 || last(scale.shape) !== out || inputs !== (scale.shape.at(-2) ?? 0) * 8)
      return undefined
    return {
      main: 'weight',
      parameters,
      logical: [...weight.shape.slice(0, -2), out, inputs * 2],
      evidence: [evidence, 'stacked experts stored with the inputs first'],
    }
  },
  stored(logical: Shape): Members | undefined {
    if (last(logical) % 16 !== 0) return undefined
    const before = logical.slice(0, -1)
    return membersOf({
      weight: member('U8', ...before, last(logical) / 2),
      weight_scale: member('F8_E4M3', ...before, last(logical) / 16),
      weight_scale_2: member('F32'),
      input_scale: member('F32'),
    })
  },
  logical(members: Members): Shape | undefined {
    const weight = members.get('weight')
    return weight && [...weight.shape.slice(0, -1), last(weight.shape) * 2]
  },
  notMlx: "codes and scales are MLX's nvfp4 byte for byte, but as bytes and with a second scale that multiplies",
  convert: () => ({
    kind: 'exact',
    how: 'view weight as U32, rename weight_scale to scales, global_scale = 2688 × weight_scale_2 where the layer takes one; folding it into the scales is lossy',
  }),
}
