// compressed-tensors `mxfp4-pack-quantized`: U8 `weight_packed` [out, in/2], low nibble first, and U8 `weight_scale`
// [out, in/32], powers of two: MLX's mxfp4 under other names (compressed-tensors, compressors/mxfp4).

import { group, type Format, type Found, type Members, type Shape, type Weight } from './format'
import { find, isE8M0, last, member, membersOf, sameRows, showMembers } from './shapes'

export const ctMxfp4: Format = {
  id: 'ct-mxfp4',
  name: 'compressed-tensors MXFP4',
  methods: ['compressed-tensors'],
  members: { required: ['weight_packed', 'weight_scale'], optional: ['bias'] },
  recognise({ members }: Weight): Found | undefined {
    const packed = find(members, 'weight_packed', 'U8')
    const scale = members.get('weight_scale')
    if (!packed || !isE8M0(scale) || members.has('weight_global_scale')) return undefined
    if (!sameRows(packed.shape, scale.shape) || last(packed.shape) !== last(scale.shape) * 16) return undefined
    return {
      main: 'weight_packed',
      parameters: { bits: 4, grouping: group(32) },
      logical: [...packed.shape.slice(0, -1), last(packed.shape) * 2],
      evidence: [
        `${showMembers(members, 'weight_packed', 'weight_scale')}: one byte of scale for every 16 bytes of codes`,
      ],
    }
  },
  stored(logical: Shape): Members | undefined {
    if (last(logical) % 32 !== 0) return undefined
    const before = logical.slice(0, -1)
    return membersOf({
      weight_packed: member('U8', ...before, last(logical) / 2),
      weight_scale: member('U8', ...before, last(logical) / 32),
    })
  },
  logical(members: Members): Shape | undefined {
    const packed = members.get('weight_packed')
    return packed && [...packed.shape.slice(0, -1), last(packed.shape) * 2]
  },
  notMlx: "the bytes are MLX's mxfp4, but as U8 and under other names",
  convert: () => ({
    kind: 'exact',
    how: 'view weight_packed as U32 and rename: weight, scales; mode mxfp4, group size 32',
  }),
}
