// AWQ's GEMM layout, AutoAWQ's default: I32 `qweight` [in, out/8] packed along the *outputs*, nibbles in the order
// 0,2,4,6,1,3,5,7; `qzeros` [G, out/8] likewise; `scales` [G, out] (AutoAWQ, modules/linear/gemm.py).

import { group, type Format, type Found, type Members, type Parameters, type Shape, type Weight } from './format'
import { find, isFloat, last, member, membersOf, rows, showMembers, whole } from './shapes'

const perWord = 8

export const awqGemm: Format = {
  id: 'awq-gemm',
  name: 'AWQ GEMM',
  methods: ['awq'],
  members: { required: ['qweight', 'scales'], optional: ['qzeros', 'bias'] },
  recognise({ members }: Weight): Found | undefined {
    const qweight = find(members, 'qweight', 'I32', 2)
    const scales = members.get('scales')
    const qzeros = members.get('qzeros')
    if (!qweight || !isFloat(scales) || scales.shape.length !== 2) return undefined
    const [inputs, out, groups] = [rows(qweight.shape), last(scales.shape), rows(scales.shape)]
    if (last(qweight.shape) === 0 || last(qweight.shape) * perWord !== out || inputs < groups) return undefined
    if (qzeros && (qzeros.dtype !== 'I32' || rows(qzeros.shape) !== groups || last(qzeros.shape) * perWord !== out))
      return undefined
    const size = whole(inputs / groups)
    return {
      main: 'qweight',
      ...(size ? { parameters: { bits: 4, grouping: groups === 1 ? { kind: 'channel' } : group(size) } } : {}),
      logical: [out, inputs],
      evidence: [
        `${showMembers(members, 'qweight', 'scales')}: 8 × ${last(qweight.shape)} columns are the ${out} of scales, so packed along the outputs (GPTQ would have as many in both)`,
        qzeros ? `${showMembers(members, 'qzeros')} is packed the same way` : 'no qzeros: the zero is 8 for all',
      ],
    }
  },
  stored(logical: Shape, { grouping }: Parameters): Members | undefined {
    const [out, inputs] = [rows(logical), last(logical)]
    const size = grouping.kind === 'channel' ? inputs : grouping.kind === 'group' ? grouping.size : 0
    if (logical.length !== 2 || size === 0 || inputs % size !== 0 || out % perWord !== 0) return undefined
    return membersOf({
      qweight: member('I32', inputs, out / perWord),
      qzeros: member('I32', inputs / size, out / perWord),
      scales: member('F16', inputs / size, out),
    })
  },
  logical(members: Members): Shape | undefined {
    const qweight = members.get('qweight')
    return qweight && [last(qweight.shape) * perWord, rows(qweight.shape)]
  },
  notMlx:
    'its I32 words are packed along the outputs, [in, out / 8], with shuffled nibbles, and packed qzeros stand where MLX has floating-point biases',
  convert: () => ({
    kind: 'exact',
    how: 'unpack, put the nibbles in order, transpose, pack again, biases = -zero × scale, in F32 unless the zeros are powers of two; mlx-lm does it while loading, where the architecture does not stack experts',
  }),
}
