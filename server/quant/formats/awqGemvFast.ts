// AWQ's gemv_fast layout, which is llm-awq's: I16 `qweight` [out/4, in] with four rows interleaved in runs of 64 columns;
// `scales` and `qzeros` both F16 [padded groups, out], where qzeros already hold -scale × zero
// (AutoAWQ, modules/linear/gemv_fast.py).

import { group, type Format, type Found, type Members, type Parameters, type Shape, type Weight } from './format'
import { zerosWidth } from './awqGemv'
import { find, isFloat, last, member, membersOf, rows, sameShape, showMembers } from './shapes'

const interleaved = 4

export const awqGemvFast: Format = {
  id: 'awq-gemv-fast',
  name: 'AWQ gemv_fast (llm-awq)',
  methods: ['awq'],
  members: { required: ['qweight', 'scales', 'qzeros'], optional: ['bias'] },
  recognise({ members, hints }: Weight): Found | undefined {
    const qweight = find(members, 'qweight', 'I16', 2)
    const scales = members.get('scales')
    const qzeros = members.get('qzeros')
    if (!qweight || !isFloat(scales) || !isFloat(qzeros) || !sameShape(scales.shape, qzeros.shape)) return undefined
    const [out, inputs] = [rows(qweight.shape) * interleaved, last(qweight.shape)]
    if (last(scales.shape) !== out) return undefined
    const fits = (size: number) => zerosWidth(inputs, size) * 8 === rows(scales.shape)
    const fitting = [128, 64, 32].filter(fits)
    const said = hints.groupSize !== undefined && fits(hints.groupSize) ? hints.groupSize : undefined
    const size = said ?? (fitting.length === 1 ? fitting[0] : undefined)
    return {
      main: 'qweight',
      ...(size ? { parameters: { bits: 4, grouping: group(size) } } : {}),
      logical: [out, inputs],
      evidence: [
        `${showMembers(members, 'qweight', 'scales', 'qzeros')}: 16-bit words, floating-point qzeros, a quarter of the rows`,
      ],
    }
  },
  stored(logical: Shape, { grouping }: Parameters): Members | undefined {
    const [out, inputs] = [rows(logical), last(logical)]
    const width = grouping.kind === 'group' ? zerosWidth(inputs, grouping.size) : 0
    if (logical.length !== 2 || width === 0 || out % interleaved !== 0) return undefined
    const side = member('F16', width * 8, out)
    return membersOf({ qweight: member('I16', out / interleaved, inputs), scales: side, qzeros: side })
  },
  logical(members: Members): Shape | undefined {
    const qweight = members.get('qweight')
    return qweight && [rows(qweight.shape) * interleaved, last(qweight.shape)]
  },
  notMlx: 'its 16-bit words interleave four rows, [out / 4, in], and scales lie with the groups first',
  convert: () => ({
    kind: 'exact',
    how: "undo the interleaving, pack into U32, transpose scales and qzeros; qzeros are then MLX's biases as they are",
  }),
}
