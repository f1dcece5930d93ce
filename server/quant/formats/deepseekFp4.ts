// DeepSeek-V4's experts: I8 `weight` [out, in/2], two E2M1 codes to a byte, low nibble first, and `scale` F8_E8M0
// [out, in/32] (GPTQModel, utils/model_dequant.py).

import { group, type Format, type Found, type Members, type Shape, type Weight } from './format'
import { find, last, member, membersOf, sameRows, showMembers } from './shapes'

export const deepseekFp4: Format = {
  id: 'deepseek-fp4',
  name: 'DeepSeek-V4 FP4',
  methods: ['fp8'],
  members: { required: ['weight', 'scale'], optional: ['bias'] },
  recognise({ members }: Weight): Found | undefined {
    const weight = find(members, 'weight', 'I8')
    const scale = find(members, 'scale', 'F8_E8M0')
    if (!weight || !scale || weight.shape.length < 2) return undefined
    if (!sameRows(weight.shape, scale.shape) || last(weight.shape) !== last(scale.shape) * 16) return undefined
    return {
      main: 'weight',
      parameters: { bits: 4, grouping: group(32) },
      logical: [...weight.shape.slice(0, -1), last(weight.shape) * 2],
      evidence: [
        `${showMembers(members, 'weight', 'scale')}: one E8M0 scale for every 16 bytes, so two codes to a byte`,
      ],
    }
  },
  stored(logical: Shape): Members | undefined {
    if (last(logical) % 32 !== 0) return undefined
    const before = logical.slice(0, -1)
    return membersOf({
      weight: member('I8', ...before, last(logical) / 2),
      scale: member('F8_E8M0', ...before, last(logical) / 32),
    })
  },
  logical(members: Members): Shape | undefined {
    const weight = members.get('weight')
    return weight && [...weight.shape.slice(0, -1), last(weight.shape) * 2]
  },
  notMlx: "the bytes are MLX's mxfp4, but as I8 and with a scale under another name",
  convert: () => ({ kind: 'exact', how: 'view weight as U32 and rename scale to scales; mode mxfp4, group size 32' }),
}
