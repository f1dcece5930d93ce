// Marlin: weights shuffled for one CUDA kernel. AutoGPTQ's files call them `B` and `s`; others keep `qweight`, tiled
// [in/16, 2·out], and say marlin in the config (AutoGPTQ, qlinear_marlin.py).

import { group, type Format, type Found, type Weight } from './format'
import { find, isFloat, last, rows, showMembers, whole } from './shapes'

const tile = 16

export const marlin: Format = {
  id: 'marlin',
  name: 'Marlin',
  methods: ['marlin', 'gptq', 'awq'],
  members: { required: ['B', 's'], optional: ['workspace', 'bias'] },
  recognise({ members, hints }: Weight): Found | undefined {
    const named = find(members, 'B', 'I32', 2)
    const isMarlin = hints.layout?.startsWith('marlin') === true || hints.method?.startsWith('marlin') === true
    const codes = named ?? (isMarlin ? find(members, 'qweight', 'I32', 2) : undefined)
    const scales = named ? members.get('s') : members.get('scales')
    if (!codes || !isFloat(scales) || scales.shape.length !== 2) return undefined
    const [inputs, out] = [rows(codes.shape) * tile, last(scales.shape)]
    // A tile of 16 inputs holds 16 × out codes in last(codes) words of 32 bits.
    const bits = whole((last(codes.shape) * 32) / (tile * out))
    // Marlin has no other widths; 2 bits would be the shapes of plain GPTQ.
    if (bits !== 4 && bits !== 8) return undefined
    const size = whole(inputs / rows(scales.shape))
    return {
      main: named ? 'B' : 'qweight',
      ...(size ? { parameters: { bits, grouping: rows(scales.shape) === 1 ? { kind: 'channel' } : group(size) } } : {}),
      logical: [out, inputs],
      evidence: [
        named
          ? `${showMembers(members, 'B', 's')}: Marlin's names, in tiles of 16 inputs`
          : `${showMembers(members, 'qweight', 'scales')}: in tiles of 16 inputs, and the config says marlin`,
      ],
    }
  },
  notMlx: 'its codes are shuffled in tiles for one CUDA kernel and cannot be unpacked in order',
  convert: () => ({
    kind: 'none',
    how: "no tool turns it into MLX's format; take the GPTQ or AWQ files it was made from, or the original weights, and run mlx_lm.convert -q",
  }),
}
