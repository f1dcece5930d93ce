// compressed-tensors `int-quantized`: I8 `weight` [out, in] with `weight_scale` for each row or for all
// (compressed-tensors, config/base.py; W8A8).

import type { Format, Found, Members, Parameters, Shape, Weight } from './format'
import { find, groupingOf, isFloat, member, membersOf, scaleShape, showMembers } from './shapes'

export const ctInt8: Format = {
  id: 'ct-int8',
  name: 'compressed-tensors int8',
  methods: ['compressed-tensors'],
  members: {
    required: ['weight', 'weight_scale'],
    optional: ['weight_zero_point', 'input_scale', 'input_zero_point', 'bias'],
  },
  recognise({ members }: Weight): Found | undefined {
    const weight = find(members, 'weight', 'I8')
    const scale = members.get('weight_scale')
    if (!weight || weight.shape.length < 2 || !isFloat(scale)) return undefined
    const grouping = groupingOf(scale.shape, weight.shape)
    if (!grouping) return undefined
    return {
      main: 'weight',
      parameters: { bits: 8, grouping },
      logical: weight.shape,
      evidence: [
        `${showMembers(members, 'weight', 'weight_scale', 'weight_zero_point', 'input_scale')}: signed bytes with scales`,
      ],
    }
  },
  stored(logical: Shape, { grouping }: Parameters): Members | undefined {
    const scale = scaleShape(logical, grouping)
    return scale && membersOf({ weight: member('I8', ...logical), weight_scale: member('BF16', ...scale) })
  },
  logical: (members: Members) => members.get('weight')?.shape,
  notMlx: 'its codes are signed bytes with one scale for each row, not words with scales for each group',
  convert: () => ({
    kind: 'exact',
    how: 'flip the top bit of every byte, view as U32 at 8 bits, repeat the scale for every group, biases = -128 × scale',
  }),
}
