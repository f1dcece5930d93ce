// compressed-tensors `nvfp4-pack-quantized`: U8 `weight_packed` [out, in/2], low nibble first, E4M3 `weight_scale`
// [out, in/16], and `weight_global_scale`, by which the scales are *divided* (compressed-tensors, compressors/nvfp4).

import { group, type Format, type Found, type Members, type Shape, type Weight } from './format'
import { find, last, member, membersOf, sameRows, showMembers } from './shapes'

export const ctNvfp4: Format = {
  id: 'ct-nvfp4',
  name: 'compressed-tensors NVFP4',
  methods: ['compressed-tensors'],
  members: {
    required: ['weight_packed', 'weight_scale', 'weight_global_scale'],
    optional: ['input_global_scale', 'bias'],
  },
  recognise({ members }: Weight): Found | undefined {
    const packed = find(members, 'weight_packed', 'U8')
    const scale = find(members, 'weight_scale', 'F8_E4M3')
    if (!packed || !scale || !members.has('weight_global_scale')) return undefined
    if (!sameRows(packed.shape, scale.shape) || last(packed.shape) !== last(scale.shape) * 8) return undefined
    return {
      main: 'weight_packed',
      parameters: { bits: 4, grouping: group(16) },
      logical: [...packed.shape.slice(0, -1), last(packed.shape) * 2],
      evidence: [
        `${showMembers(members, 'weight_packed', 'weight_scale', 'weight_global_scale')}: one E4M3 scale for every 8 bytes, and a global scale to divide by`,
      ],
    }
  },
  stored(logical: Shape): Members | undefined {
    if (last(logical) % 16 !== 0) return undefined
    const before = logical.slice(0, -1)
    return membersOf({
      weight_packed: member('U8', ...before, last(logical) / 2),
      weight_scale: member('F8_E4M3', ...before, last(logical) / 16),
      weight_global_scale: member('F32', 1),
    })
  },
  logical(members: Members): Shape | undefined {
    const packed = members.get('weight_packed')
    return packed && [...packed.shape.slice(0, -1), last(packed.shape) * 2]
  },
  notMlx:
    "codes and scales are MLX's nvfp4 byte for byte, but under other names, as bytes, and with a global scale that divides",
  convert: () => ({
    kind: 'exact',
    how: 'view weight_packed as U32, keep weight_scale as bytes, global_scale = 2688 / weight_global_scale where the layer takes one; folding it into the scales is lossy',
  }),
}
