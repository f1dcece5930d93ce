// SpQR: `dense_weights` I64, one-dimensional, with the outliers beside it as a sparse matrix, `row_offsets` and `col_vals`
// (SpQR, inference_lib/src/spqr_quant/inference.py).

import type { Format, Found, Weight } from './format'
import { find, showMembers } from './shapes'

export const spqr: Format = {
  id: 'spqr',
  name: 'SpQR',
  methods: ['spqr'],
  members: { required: ['dense_weights', 'row_offsets', 'col_vals'], optional: ['in_perm', 'bias'] },
  recognise({ members }: Weight): Found | undefined {
    if (!find(members, 'dense_weights', 'I64', 1) || !(members.has('row_offsets') || members.has('col_vals')))
      return undefined
    return {
      main: 'dense_weights',
      evidence: [
        `${showMembers(members, 'dense_weights', 'row_offsets', 'col_vals')}: dense codes in one run and sparse outliers`,
      ],
    }
  },
  notMlx: 'its scales are quantized inside the codes and its outliers are a sparse matrix',
  convert: () => ({
    kind: 'lossy',
    how: 'dequantize with spqr_quant and run mlx_lm.convert -q; better from the original weights',
  }),
}
