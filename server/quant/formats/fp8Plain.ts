// FP8 `weight` with no scale at all, as image models are often cast. MLX reads such bytes as uint8.

import type { Format, Found, Weight } from './format'
import { isFp8, showMembers } from './shapes'

export const fp8Plain: Format = {
  id: 'fp8-plain',
  name: 'FP8 without scales',
  methods: ['fp8'],
  members: { required: ['weight'], optional: ['bias'] },
  recognise({ members }: Weight): Found | undefined {
    const weight = members.get('weight')
    if (!isFp8(weight) || weight.shape.length < 2) return undefined
    if ([...members.keys()].some(name => /scale/.test(name))) return undefined
    return {
      main: 'weight',
      logical: weight.shape,
      evidence: [`${showMembers(members, 'weight')}: FP8 numbers, and no scale beside them`],
    }
  },
  notMlx: 'MLX reads FP8 as plain bytes (uint8), not as numbers',
  convert: () => ({ kind: 'exact', how: 'decode with mx.from_fp8; BF16 holds every FP8 number' }),
}
