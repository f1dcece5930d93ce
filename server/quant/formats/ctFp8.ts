// FP8 with `weight_scale`, a factor to multiply with: compressed-tensors' `float-quantized` writes it for each row
// [out, 1], for all [1], or for blocks of 128 by 128 (compressed-tensors, config/base.py). FBGEMM's and ModelOpt's files
// look the same where they have one factor for a row or for all; the config tells, and where it does not, that is said.

import type { Format, Found, Members, Parameters, Shape, Weight } from './format'
import { groupingOf, isFloat, isFp8, member, membersOf, scaleShape, showMembers } from './shapes'

export const ctFp8: Format = {
  id: 'ct-fp8',
  name: 'compressed-tensors FP8',
  methods: ['compressed-tensors'],
  members: { required: ['weight', 'weight_scale'], optional: ['input_scale', 'bias'] },
  recognise(weight: Weight): Found | undefined {
    const found = scaledFp8(weight)
    if (!found) return undefined
    if (weight.hints.method || found.parameters?.grouping.kind !== 'channel') return found
    return { ...found, evidence: [...found.evidence, 'no config says whether compressed-tensors or FBGEMM wrote it'] }
  },
  stored(logical: Shape, { grouping }: Parameters): Members | undefined {
    const scale = scaleShape(logical, grouping)
    return scale && membersOf({ weight: member('F8_E4M3', ...logical), weight_scale: member('F32', ...scale) })
  },
  logical: (members: Members) => members.get('weight')?.shape,
  notMlx: fp8NotMlx(),
  convert: fp8Conversion,
}

/** F8 `weight` with a floating-point `weight_scale` of a shape that fits; whoever wrote it. */
export function scaledFp8({ members, hints }: Weight): Found | undefined {
  const weight = members.get('weight')
  const scale = members.get('weight_scale')
  if (!isFp8(weight) || weight.shape.length < 2 || !isFloat(scale)) return undefined
  const grouping = groupingOf(scale.shape, weight.shape, hints.blockSize)
  if (!grouping) return undefined
  return {
    main: 'weight',
    parameters: { bits: 8, grouping },
    logical: weight.shape,
    evidence: [
      `${showMembers(members, 'weight', 'weight_scale', 'input_scale')}: FP8 codes with scales to multiply with`,
    ],
  }
}

export function fp8NotMlx(): string {
  return 'MLX reads FP8 as plain bytes (uint8) and has no mode for its scales'
}

export function fp8Conversion(): { kind: 'lossy'; how: string } {
  return {
    kind: 'lossy',
    how: 'decode with mx.from_fp8, multiply with the scales, keep BF16 or run mlx_lm.convert -q on the result',
  }
}
