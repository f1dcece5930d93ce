// NVIDIA ModelOpt's W4A16_AWQ: U8 `weight` [out/2, in], two output rows to a byte, signed nibbles, `weight_scale`
// [out, in/g], `pre_quant_scale` on the inputs (TensorRT-Model-Optimizer, torch/export/quant_utils.py).

import type { Format, Found, Members, Parameters, Shape, Weight } from './format'
import { find, groupingOf, isFloat, last, lead, member, membersOf, rows, scaleShape, showMembers } from './shapes'

export const modeloptW4a16: Format = {
  id: 'modelopt-w4a16',
  name: 'ModelOpt W4A16',
  methods: ['modelopt'],
  members: { required: ['weight', 'weight_scale'], optional: ['pre_quant_scale', 'input_scale', 'bias'] },
  recognise({ members }: Weight): Found | undefined {
    const weight = find(members, 'weight', 'U8')
    const scale = members.get('weight_scale')
    if (!weight || weight.shape.length < 2 || !isFloat(scale) || members.has('weight_scale_2')) return undefined
    if (scale.shape.length < 2 || rows(scale.shape) !== rows(weight.shape) * 2) return undefined
    const logical = [...lead(weight.shape), rows(scale.shape), last(weight.shape)]
    const grouping = groupingOf(scale.shape, logical)
    if (!grouping || grouping.kind === 'block') return undefined
    return {
      main: 'weight',
      parameters: { bits: 4, grouping },
      logical,
      evidence: [
        `${showMembers(members, 'weight', 'weight_scale', 'pre_quant_scale')}: half as many rows as scales, so two rows to a byte`,
      ],
    }
  },
  stored(logical: Shape, { grouping }: Parameters): Members | undefined {
    const scale = scaleShape(logical, grouping)
    if (!scale || rows(logical) % 2 !== 0) return undefined
    return membersOf({
      weight: member('U8', ...lead(logical), rows(logical) / 2, last(logical)),
      weight_scale: member('F32', ...scale),
      pre_quant_scale: member('BF16', last(logical)),
    })
  },
  logical(members: Members): Shape | undefined {
    const weight = members.get('weight')
    return weight && [...lead(weight.shape), rows(weight.shape) * 2, last(weight.shape)]
  },
  notMlx: 'a byte holds two output rows, and the inputs have to be scaled first (pre_quant_scale)',
  convert: () => ({
    kind: 'lossy',
    how: 'unpack, multiply with scales and pre_quant_scale and run mlx_lm.convert -q; better from the original weights',
  }),
}
