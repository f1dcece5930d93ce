// FP8 as DeepSeek publishes it: `weight` with `weight_scale_inv`, a factor for every block of 128 by 128, or one for all
// (0-d). Despite its name the factor is multiplied. Hugging Face's "mxfp8" method uses the same names with a byte for
// every 32 inputs; DeepSeek-V4 says `scale` (DeepSeek-V3, README_WEIGHTS.md; transformers, finegrained_fp8.py).

import { fp8Conversion, fp8NotMlx } from './ctFp8'
import type { Conversion, Format, Found, Members, Parameters, Shape, Weight } from './format'
import { groupingOf, isE8M0, isFloat, isFp8, member, membersOf, scaleShape, showMembers } from './shapes'

/** Names of the factor: DeepSeek-V3 and Hugging Face, DeepSeek-V4, Mistral's own files, ComfyUI. */
const scaleNames = ['weight_scale_inv', 'scale', 'qscale_weight', 'scale_weight']

export const fp8Block: Format = {
  id: 'fp8-block',
  name: 'FP8',
  methods: ['fp8', 'mxfp8'],
  members: {
    required: ['weight', 'weight_scale_inv'],
    optional: ['activation_scale', 'input_scale', 'qscale_act', 'scale', 'qscale_weight', 'scale_weight', 'bias'],
  },
  recognise({ members, hints }: Weight): Found | undefined {
    const weight = members.get('weight')
    const name = scaleNames.find(each => members.has(each))
    const scale = members.get(name ?? '')
    if (!isFp8(weight) || weight.shape.length < 2 || !name || !scale || !(isFloat(scale) || isE8M0(scale)))
      return undefined
    const grouping = groupingOf(scale.shape, weight.shape, hints.blockSize)
    if (!grouping) return undefined
    return {
      main: 'weight',
      parameters: { bits: 8, grouping },
      logical: weight.shape,
      evidence: [
        `${showMembers(members, 'weight', name, 'activation_scale')}: FP8 codes; ${name} is multiplied, whatever it is called`,
        ...(isE8M0(scale) ? ['scales in a byte are powers of two'] : []),
      ],
    }
  },
  stored(logical: Shape, { grouping }: Parameters): Members | undefined {
    const scale = grouping.kind === 'tensor' ? [] : scaleShape(logical, grouping)
    return scale && membersOf({ weight: member('F8_E4M3', ...logical), weight_scale_inv: member('F32', ...scale) })
  },
  logical: (members: Members) => members.get('weight')?.shape,
  notMlx: fp8NotMlx(),
  convert(found: Found): Conversion {
    return found.evidence.some(line => line.endsWith('powers of two'))
      ? {
          kind: 'exact',
          how: "view weight as U32 and repeat the scales for every row and every 32 inputs: MLX's mode mxfp8",
        }
      : fp8Conversion()
  },
}
