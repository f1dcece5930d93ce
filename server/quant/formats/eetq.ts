// EETQ: I8 `weight` [in, out], transposed and permuted for tensor cores, with one scale `weight_scales` F16 [out]; EETQ's
// own files say `qweight` (EETQ, python/eetq/modules/qlinear.py).

import type { Format, Found, Members, Shape, Weight } from './format'
import { find, isFloat, last, member, membersOf, rows, showMembers } from './shapes'

export const eetq: Format = {
  id: 'eetq',
  name: 'EETQ',
  methods: ['eetq'],
  members: { required: ['weight', 'weight_scales'], optional: ['qweight', 'bias'] },
  recognise({ members }: Weight): Found | undefined {
    const main = members.has('weight') ? 'weight' : 'qweight'
    const weight = find(members, main, 'I8', 2)
    const scales = members.get('weight_scales')
    if (!weight || !isFloat(scales) || scales.shape.length !== 1 || last(weight.shape) !== scales.shape[0])
      return undefined
    return {
      main,
      parameters: { bits: 8, grouping: { kind: 'channel' } },
      logical: [last(weight.shape), rows(weight.shape)],
      evidence: [`${showMembers(members, main, 'weight_scales')}: one scale for each column, so stored transposed`],
    }
  },
  stored(logical: Shape): Members | undefined {
    if (logical.length !== 2) return undefined
    return membersOf({
      weight: member('I8', last(logical), rows(logical)),
      weight_scales: member('F16', rows(logical)),
    })
  },
  logical(members: Members): Shape | undefined {
    const weight = members.get('weight')
    return weight && [last(weight.shape), rows(weight.shape)]
  },
  notMlx: 'its bytes are transposed and permuted for tensor cores',
  convert: () => ({
    kind: 'none',
    how: 'no tool undoes the permutation; take the original weights and run mlx_lm.convert -q',
  }),
}
