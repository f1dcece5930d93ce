// EXL3 (exllamav3): trellis-coded weights, `trellis` I16 [in/16, out/16, 16·b] with sign vectors `suh` and `svh`.

import type { Format, Found, Weight } from './format'
import { showMembers } from './shapes'

const tile = 16

export const exl3: Format = {
  id: 'exl3',
  name: 'EXL3',
  methods: ['exl3'],
  members: { required: ['trellis'], optional: ['suh', 'svh', 'su', 'sv', 'mcg', 'mul1', 'bias'] },
  recognise({ members }: Weight): Found | undefined {
    const trellis = members.get('trellis')
    if (!trellis) return undefined
    const { shape } = trellis
    return {
      main: 'trellis',
      ...(shape.length === 3 ? { logical: [(shape[1] ?? 0) * tile, (shape[0] ?? 0) * tile] } : {}),
      evidence: [`${showMembers(members, 'trellis', 'suh', 'svh')}: EXL3's name for its trellis codes`],
    }
  },
  notMlx: 'its codes are paths through a trellis, which no MLX mode has',
  convert: () => ({ kind: 'none', how: 'no tool converts it; take the original weights and run mlx_lm.convert -q' }),
}
