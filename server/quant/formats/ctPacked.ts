// compressed-tensors `pack-quantized`: I32 `weight_packed` [out, in·b/32] along the inputs, offset binary, which for 2, 4
// and 8 bits is MLX's own bit order; `weight_scale` [out, in/g], `weight_shape` [2], and where it is asymmetric a packed
// `weight_zero_point`. Before 0.18 other widths left bits unused: 3-bit [out, ceil(in/10)]
// (compressed-tensors, compressors/pack_quantized).

import type { Format, Found, Members, Parameters, Shape, Weight } from './format'
import {
  find,
  groupingOf,
  isFloat,
  last,
  lead,
  member,
  membersOf,
  rows,
  scaleShape,
  showMembers,
  whole,
} from './shapes'

export const ctPacked: Format = {
  id: 'ct-pack-quantized',
  name: 'compressed-tensors pack-quantized',
  methods: ['compressed-tensors'],
  members: {
    required: ['weight_packed', 'weight_scale'],
    optional: ['weight_shape', 'weight_zero_point', 'weight_g_idx', 'bias'],
  },
  recognise({ members, hints }: Weight): Found | undefined {
    const packed = find(members, 'weight_packed', 'I32')
    const scale = members.get('weight_scale')
    if (!packed || packed.shape.length < 2 || !isFloat(scale)) return undefined
    const evidence = [
      `${showMembers(members, 'weight_packed', 'weight_scale', 'weight_shape')}: MLX's order of axes, but I32 and compressed-tensors' names`,
    ]
    if (members.has('weight_zero_point')) evidence.push(`${showMembers(members, 'weight_zero_point')}: asymmetric`)
    const bits = hints.bits
    const groups = rows(scale.shape) === rows(packed.shape) ? last(scale.shape) : 1
    // Words with unused bits end in the middle of the row, so that a group size counts better than words do.
    const grouped =
      groups > 1 && hints.groupSize !== undefined && hints.groupSize > 0 ? groups * hints.groupSize : undefined
    const inputs = grouped ?? (bits && whole((last(packed.shape) * 32) / bits))
    if (!bits || !inputs) {
      const product = whole((last(packed.shape) * 32) / groups)
      if (groups > 1 && product) evidence.push(`the config states no bits; bits × group size is ${product}`)
      return { main: 'weight_packed', evidence }
    }
    evidence.push(`config says ${bits}-bit`)
    const dense = (inputs * bits) / 32
    if (last(packed.shape) !== Math.ceil(dense))
      evidence.push(`${last(packed.shape)} words for ${inputs} inputs: some bits are unused, as before version 0.18`)
    const logical = [...packed.shape.slice(0, -1), inputs]
    const grouping = groupingOf(scale.shape, logical)
    return { main: 'weight_packed', ...(grouping ? { parameters: { bits, grouping } } : {}), logical, evidence }
  },
  stored(logical: Shape, { bits, grouping }: Parameters): Members | undefined {
    const scale = scaleShape(logical, grouping)
    if (!scale || (last(logical) * bits) % 32 !== 0) return undefined
    return membersOf({
      weight_packed: member('I32', ...lead(logical), rows(logical), (last(logical) * bits) / 32),
      weight_scale: member('BF16', ...scale),
      weight_shape: member('I64', 2),
    })
  },
  logical(members: Members, { bits }: Parameters): Shape | undefined {
    const packed = members.get('weight_packed')
    return packed && [...packed.shape.slice(0, -1), (last(packed.shape) * 32) / bits]
  },
  notMlx: 'its codes are I32 words under other names, and the offset of the codes stands where MLX has biases',
  convert: ({ evidence }: Found) =>
    evidence.some(line => line.endsWith('asymmetric'))
      ? {
          kind: 'exact',
          how: 'view weight_packed as U32, biases = -zero point × scale, kept in F32; mlx-vlm drops the zero points and is silently wrong',
        }
      : {
          kind: 'exact',
          how: 'view weight_packed as U32, scales = weight_scale, biases = -2^(bits-1) × scale; groups larger than 128 are repeated',
        },
}
