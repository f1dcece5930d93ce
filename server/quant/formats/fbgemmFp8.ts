// FBGEMM FP8: `weight` with one factor `weight_scale` for each row, F32 [out, 1]. Nothing but the config tells it from
// compressed-tensors' files (transformers, integrations/fbgemm_fp8.py).

import { ctFp8, fp8Conversion, fp8NotMlx, scaledFp8 } from './ctFp8'
import type { Format, Found, Weight } from './format'

export const fbgemmFp8: Format = {
  id: 'fbgemm-fp8',
  name: 'FBGEMM FP8',
  methods: ['fbgemm_fp8'],
  members: { required: ['weight', 'weight_scale'], optional: ['input_scale_ub', 'bias'] },
  recognise(weight: Weight): Found | undefined {
    const found = weight.hints.method === 'fbgemm_fp8' ? scaledFp8(weight) : undefined
    if (found?.parameters?.grouping.kind !== 'channel') return undefined
    return { ...found, evidence: [...found.evidence, 'config says fbgemm_fp8'] }
  },
  stored: ctFp8.stored,
  logical: ctFp8.logical,
  notMlx: fp8NotMlx(),
  convert: fp8Conversion,
}
