// AQLM: `codes` [out/og, in/ig, K] choose vectors from `codebooks` [K, 2^n, og, ig]; `scales` has rank 4
// (AQLM, inference_lib/src/aqlm/utils.py).

import type { Format, Found, Weight } from './format'
import { showMembers } from './shapes'

export const aqlm: Format = {
  id: 'aqlm',
  name: 'AQLM',
  methods: ['aqlm'],
  members: { required: ['codes', 'codebooks', 'scales'], optional: ['bias'] },
  recognise({ members }: Weight): Found | undefined {
    const codes = members.get('codes')?.shape
    const books = members.get('codebooks')?.shape
    if (codes?.length !== 3 || books?.length !== 4 || codes[2] !== books[0]) return undefined
    const [, size = 1, outGroup = 1, inGroup = 1] = books
    return {
      main: 'codes',
      variant: `${books[0]}x${Math.log2(size)}`,
      logical: [(codes[0] ?? 0) * outGroup, (codes[1] ?? 0) * inGroup],
      evidence: [
        `${showMembers(members, 'codes', 'codebooks', 'scales')}: ${books[0]} codebooks of ${size} vectors of ${inGroup}`,
      ],
    }
  },
  notMlx: 'its codes choose vectors from codebooks, which no MLX mode has',
  convert: () => ({
    kind: 'lossy',
    how: 'dequantize with aqlm and run mlx_lm.convert -q; better from the original weights',
  }),
}
