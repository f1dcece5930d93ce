// VPTQ: `indices` choose vectors from `centroids.weight`, mostly with a second set for the rest, and `perm` orders the
// inputs (VPTQ, layers/vqlinear.py).

import type { Format, Found, Weight } from './format'
import { showMembers } from './shapes'

export const vptq: Format = {
  id: 'vptq',
  name: 'VPTQ',
  methods: ['vptq'],
  members: {
    required: ['indices', 'centroids.weight'],
    optional: ['res_centroids.weight', 'outlier_centroids.weight', 'perm', 'weight_scale', 'weight_bias', 'bias'],
  },
  recognise({ members }: Weight): Found | undefined {
    if (!members.has('indices') || !members.has('centroids.weight')) return undefined
    const inputs = members.get('perm')?.shape[0] ?? members.get('weight_scale')?.shape[0]
    return {
      main: 'indices',
      evidence: [
        `${showMembers(members, 'indices', 'centroids.weight', 'res_centroids.weight')}: indices into tables of vectors`,
        ...(inputs ? [`${inputs} inputs by ${members.has('perm') ? 'perm' : 'weight_scale'}`] : []),
      ],
    }
  },
  notMlx: 'its indices choose vectors from tables of centroids, which no MLX mode has',
  convert: () => ({
    kind: 'lossy',
    how: 'dequantize with vptq and run mlx_lm.convert -q; better from the original weights',
  }),
}
