// BitNet as transformers packs it: U8 `weight` [out/4, in], four rows a quarter of the matrix apart in one byte, 2 bits
// each for -1, 0, 1, and one `weight_scale` for all (transformers, integrations/bitnet.py, pack_weights).

import type { Format, Found, Members, Shape, Weight } from './format'
import { find, isFloat, last, member, membersOf, rows, showMembers, sizeOf } from './shapes'

export const bitnet: Format = {
  id: 'bitnet',
  name: 'BitNet',
  methods: ['bitnet'],
  members: { required: ['weight', 'weight_scale'], optional: ['bias'] },
  recognise({ members }: Weight): Found | undefined {
    const weight = find(members, 'weight', 'U8', 2)
    const scale = members.get('weight_scale')
    if (!weight || !isFloat(scale) || sizeOf(scale.shape) !== 1 || members.has('weight_scale_2')) return undefined
    return {
      main: 'weight',
      parameters: { bits: 2, grouping: { kind: 'tensor' } },
      logical: [rows(weight.shape) * 4, last(weight.shape)],
      evidence: [`${showMembers(members, 'weight', 'weight_scale')}: bytes of four rows, one scale for all`],
    }
  },
  stored(logical: Shape): Members | undefined {
    if (logical.length !== 2 || rows(logical) % 4 !== 0) return undefined
    return membersOf({ weight: member('U8', rows(logical) / 4, last(logical)), weight_scale: member('BF16', 1) })
  },
  logical(members: Members): Shape | undefined {
    const weight = members.get('weight')
    return weight && [rows(weight.shape) * 4, last(weight.shape)]
  },
  notMlx: 'a byte holds four rows of ternary codes; mx.dequantize does not decode it, mlx-lm has a kernel of its own',
  convert: () => ({
    kind: 'exact',
    how: 'as affine 2-bit: pack the codes along the inputs, biases = -scale',
  }),
}
