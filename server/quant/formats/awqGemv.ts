// AWQ's GEMV layout: I32 `qweight` [out, in/8] packed along the inputs in natural order, which is byte for byte MLX's
// 4-bit packing; but `qzeros` I32 [out, W] are packed and `scales` [out, 8·W] are padded to whole words
// (AutoAWQ, modules/linear/gemv.py).

import { group, type Format, type Found, type Members, type Parameters, type Shape, type Weight } from './format'
import { ceilDiv, find, isFloat, last, member, membersOf, rows, showMembers } from './shapes'

const perWord = 8

/** Words of zeros in a row: AutoAWQ pads them more for small groups. */
export function zerosWidth(inputs: number, groupSize: number): number {
  const multiple = groupSize >= 128 ? 1 : groupSize === 64 ? 2 : groupSize === 32 ? 4 : 0
  return multiple === 0 ? 0 : ceilDiv(ceilDiv(ceilDiv(inputs, groupSize), perWord), multiple) * multiple
}

export const awqGemv: Format = {
  id: 'awq-gemv',
  name: 'AWQ GEMV',
  methods: ['awq'],
  members: { required: ['qweight', 'qzeros', 'scales'], optional: ['bias'] },
  recognise({ members, hints }: Weight): Found | undefined {
    const qweight = find(members, 'qweight', 'I32', 2)
    const qzeros = find(members, 'qzeros', 'I32', 2)
    const scales = members.get('scales')
    if (!qweight || !qzeros || !isFloat(scales) || scales.shape.length !== 2) return undefined
    const [out, width] = [rows(qweight.shape), last(qzeros.shape)]
    if (rows(qzeros.shape) !== out || rows(scales.shape) !== out || last(scales.shape) !== width * perWord)
      return undefined
    const inputs = last(qweight.shape) * perWord
    const fitting = [128, 64, 32].filter(size => zerosWidth(inputs, size) === width)
    const said =
      hints.groupSize !== undefined && zerosWidth(inputs, hints.groupSize) === width ? hints.groupSize : undefined
    const size = said ?? (fitting.length === 1 ? fitting[0] : undefined)
    return {
      main: 'qweight',
      ...(size ? { parameters: { bits: 4, grouping: group(size) } } : {}),
      logical: [out, inputs],
      evidence: [
        `${showMembers(members, 'qweight', 'qzeros', 'scales')}: as many rows in all three, scales 8 times as wide as qzeros`,
        size
          ? `${width * perWord} columns of scales hold ${ceilDiv(inputs, size)} groups of ${size}, the rest is padding`
          : `groups of ${fitting.join(' or ') || 'no known size'} would give as many padded columns of scales`,
      ],
    }
  },
  stored(logical: Shape, { grouping }: Parameters): Members | undefined {
    const [out, inputs] = [rows(logical), last(logical)]
    const width = grouping.kind === 'group' ? zerosWidth(inputs, grouping.size) : 0
    if (logical.length !== 2 || width === 0 || inputs % perWord !== 0) return undefined
    return membersOf({
      qweight: member('I32', out, inputs / perWord),
      qzeros: member('I32', out, width),
      scales: member('F16', out, width * perWord),
    })
  },
  logical(members: Members): Shape | undefined {
    const qweight = members.get('qweight')
    return qweight && [rows(qweight.shape), last(qweight.shape) * perWord]
  },
  notMlx: 'the codes lie as MLX wants them, but scales are padded and packed qzeros stand where MLX has biases',
  convert: () => ({
    kind: 'exact',
    how: 'view qweight as U32, cut the padding off scales, unpack qzeros, biases = -zero × scale, in F32 unless the zeros are powers of two; mlx-lm takes it for GEMM and does not read it',
  }),
}
