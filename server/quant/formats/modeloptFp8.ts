// NVIDIA ModelOpt's FP8: `weight` with one factor `weight_scale` for all, a scalar, and mostly an `input_scale`. The
// config tells it from compressed-tensors; without one, a scalar is ModelOpt's way and [1] compressed-tensors'
// (TensorRT-Model-Optimizer, torch/export/quant_utils.py).

import { fp8Conversion, fp8NotMlx, scaledFp8 } from './ctFp8'
import type { Format, Found, Members, Shape, Weight } from './format'
import { member, membersOf } from './shapes'

export const modeloptFp8: Format = {
  id: 'modelopt-fp8',
  name: 'ModelOpt FP8',
  methods: ['modelopt'],
  members: { required: ['weight', 'weight_scale'], optional: ['input_scale', 'bias'] },
  recognise(weight: Weight): Found | undefined {
    const found = scaledFp8(weight)
    const { method } = weight.hints
    const isScalar = weight.members.get('weight_scale')?.shape.length === 0
    if (!found || (method !== undefined && !method.startsWith('modelopt')) || (!method && !isScalar)) return undefined
    const why = method ? `config says ${method}` : 'the scale is a scalar, as ModelOpt writes it; no config says more'
    return { ...found, evidence: [...found.evidence, why] }
  },
  stored: (logical: Shape) =>
    membersOf({ weight: member('F8_E4M3', ...logical), weight_scale: member('F32'), input_scale: member('F32') }),
  logical: (members: Members) => members.get('weight')?.shape,
  notMlx: fp8NotMlx(),
  convert: fp8Conversion,
}
