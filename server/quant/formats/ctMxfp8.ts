// compressed-tensors `mxfp8-quantized`: E4M3 `weight` [out, in] with a power of two in a byte for every 32 inputs, the
// same as MLX's mxfp8 under other names (compressed-tensors, config/base.py).

import { group, type Format, type Found, type Members, type Shape, type Weight } from './format'
import { find, isE8M0, last, member, membersOf, sameRows, showMembers } from './shapes'

export const ctMxfp8: Format = {
  id: 'ct-mxfp8',
  name: 'compressed-tensors MXFP8',
  methods: ['compressed-tensors'],
  members: { required: ['weight', 'weight_scale'], optional: ['bias'] },
  recognise({ members }: Weight): Found | undefined {
    const weight = find(members, 'weight', 'F8_E4M3')
    const scale = members.get('weight_scale')
    if (!weight || !isE8M0(scale)) return undefined
    if (!sameRows(weight.shape, scale.shape) || last(weight.shape) !== last(scale.shape) * 32) return undefined
    return {
      main: 'weight',
      parameters: { bits: 8, grouping: group(32) },
      logical: weight.shape,
      evidence: [`${showMembers(members, 'weight', 'weight_scale')}: one byte of scale for every 32 FP8 codes`],
    }
  },
  stored(logical: Shape): Members | undefined {
    if (last(logical) % 32 !== 0) return undefined
    return membersOf({
      weight: member('F8_E4M3', ...logical),
      weight_scale: member('U8', ...logical.slice(0, -1), last(logical) / 32),
    })
  },
  logical: (members: Members) => members.get('weight')?.shape,
  notMlx: "the bytes are MLX's mxfp8, but one to an element and under other names",
  convert: () => ({
    kind: 'exact',
    how: 'view weight as U32 and rename weight_scale to scales; mode mxfp8, group size 32',
  }),
}
