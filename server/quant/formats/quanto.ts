// optimum-quanto: `weight._data` and `weight._scale` for 8 bits; `weight._data._data`, packed along the rows of the
// grouped matrix, `weight._scale` and `weight._shift` for 4 and 2 (optimum-quanto, tensor/packed.py, tensor/grouped.py).

import { group, type Format, type Found, type Weight } from './format'
import { isFp8, last, rows, showMembers, whole } from './shapes'

export const quanto: Format = {
  id: 'quanto',
  name: 'quanto',
  methods: ['quanto'],
  members: {
    required: ['weight._scale'],
    optional: ['weight._data', 'weight._data._data', 'weight._shift', 'input_scale', 'output_scale', 'bias'],
  },
  recognise({ members }: Weight): Found | undefined {
    const packed = members.get('weight._data._data')
    const plain = members.get('weight._data')
    const scale = members.get('weight._scale')
    if (!(packed ?? plain) || !scale) return undefined
    const shown = showMembers(members, 'weight._data', 'weight._data._data', 'weight._scale', 'weight._shift')
    if (plain && !packed)
      return {
        main: 'weight._data',
        variant: isFp8(plain) ? 'qfloat8' : 'qint8',
        parameters: { bits: 8, grouping: { kind: 'channel' } },
        logical: plain.shape,
        evidence: [`${shown}: quanto's names, one element a byte`],
      }
    // [groups · bits / 8, group size], or [out · bits / 8, in] where nothing is grouped.
    const bits = whole((rows(packed?.shape ?? []) * 8) / rows(scale.shape))
    const known = bits === 4 || bits === 2
    return {
      main: 'weight._data._data',
      ...(known ? { variant: `qint${bits}`, parameters: { bits, grouping: group(last(packed?.shape ?? [])) } } : {}),
      evidence: [
        `${shown}: quanto's names; rows of codes to rows of scales ${known ? `make it ${bits}-bit` : 'do not say the bits'}`,
        'the shape of the weight is not in the header',
      ],
    }
  },
  notMlx: 'it packs rows of the regrouped matrix, first half in the low bits, and subtracts a shift',
  convert: ({ parameters }: Found) =>
    parameters?.bits === 8
      ? {
          kind: 'exact',
          how: 'int8: flip the top bit, view as U32 at 8 bits, repeat the scale, biases = -128 × scale; float8: decode',
        }
      : {
          kind: 'exact',
          how: 'unpack, pack along the inputs, biases = -shift where the shift is floating-point; groups of 32, 64 or 128',
        },
}
