// HQQ: `W_q` holds the grouped matrix packed along its rows, first half in the high bits; `scale` and `zero` are [n, 1]
// for axis 1 and [1, n] for axis 0, and the meta data (nbits, group_size, shape) are tensors, so that their values are not
// in the header (hqq, core/quantize.py and core/bitpack.py).

import type { Format, Found, Weight } from './format'
import { group } from './format'
import { last, rows, showMembers } from './shapes'

export const hqq: Format = {
  id: 'hqq',
  name: 'HQQ',
  methods: ['hqq'],
  members: {
    required: ['W_q', 'scale', 'zero'],
    optional: ['nbits', 'group_size', 'shape', 'axis', 'packing', 'view_as_float', 'bias'],
  },
  recognise({ members, hints }: Weight): Found | undefined {
    const codes = members.get('W_q')
    const scale = members.get('scale')
    if (!codes || !(scale || members.has('nbits') || members.has('packing'))) return undefined
    const axis =
      scale && scale.shape.length === 2
        ? last(scale.shape) === 1
          ? 1
          : rows(scale.shape) === 1
            ? 0
            : undefined
        : undefined
    const bits = codes.dtype === 'I32' ? 3 : hints.bits
    return {
      main: 'W_q',
      ...(axis === undefined ? {} : { variant: `axis ${axis}` }),
      ...(bits && hints.groupSize && hints.groupSize > 0
        ? { parameters: { bits, grouping: group(hints.groupSize) } }
        : {}),
      evidence: [
        `${showMembers(members, 'W_q', 'scale', 'zero')}: HQQ's names${axis === undefined ? '' : `, groups along axis ${axis} by the shape of scale`}`,
        bits
          ? `${bits}-bit by ${codes.dtype === 'I32' ? 'its 32-bit words' : 'the config'}`
          : 'bits, group size and shape are values of small tensors, not in the header',
      ],
    }
  },
  notMlx: 'it packs rows of the regrouped matrix, first half in the high bits, and subtracts a floating-point zero',
  convert: ({ variant }: Found) =>
    variant === 'axis 1'
      ? {
          kind: 'exact',
          how: 'unpack, pack along the inputs, biases = -zero × scale, which rounds; groups of 32, 64 or 128',
        }
      : { kind: 'lossy', how: 'dequantize with hqq and run mlx_lm.convert -q; better from the original weights' },
}
