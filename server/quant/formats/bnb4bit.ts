// bitsandbytes' 4-bit: the whole weight flattened, two codes to a byte, high nibble first, with `weight.absmax` for every
// block. Type and shape are in the bytes of `weight.quant_state.bitsandbytes__nf4` or `__fp4`; the type is in its name
// too, the shape is not in the header at all (bitsandbytes, functional.py, QuantState.as_dict).

import { dtypeBits } from '../../checkpoint/dtype'
import { group, type Format, type Found, type Members, type Parameters, type Shape, type Weight } from './format'
import { member, membersOf, showMembers, sizeOf } from './shapes'

const statePrefix = 'weight.quant_state.bitsandbytes__'
const types = ['nf4', 'fp4'] as const

export const bnb4bit: Format = {
  id: 'bnb-4bit',
  name: 'bitsandbytes',
  methods: ['bitsandbytes', 'bitsandbytes_4bit'],
  members: {
    required: ['weight', 'weight.absmax'],
    optional: [
      'weight.quant_map',
      'weight.nested_absmax',
      'weight.nested_quant_map',
      ...types.map(type => `${statePrefix}${type}`),
      'bias',
    ],
  },
  recognise({ members, hints }: Weight): Found | undefined {
    const weight = members.get('weight')
    const absmax = members.get('weight.absmax')
    const stated = types.find(type => members.has(`${statePrefix}${type}`))
    if (!weight || !absmax || (!stated && !members.has('weight.quant_map'))) return undefined
    const type = stated ?? types.find(each => each === hints.quantType)
    const elements = (sizeOf(weight.shape) * dtypeBits[weight.dtype]) / 4
    // The last block may be cut short, and block sizes are powers of two.
    const blockSize = 2 ** Math.ceil(Math.log2(elements / sizeOf(absmax.shape)))
    return {
      main: 'weight',
      variant: type,
      ...(Number.isFinite(blockSize) && blockSize >= 32 ? { parameters: { bits: 4, grouping: group(blockSize) } } : {}),
      evidence: [
        `${showMembers(members, 'weight', 'weight.absmax')}: flattened, one absmax for every ${blockSize} of ${elements} codes`,
        stated
          ? `${statePrefix}${stated} names the type; the shape of the weight is in its bytes`
          : `no quant_state names the type${type ? `, the config says ${type}` : ': nf4 or fp4'}`,
        ...(members.has('weight.nested_absmax') ? ['absmax is quantized itself: double quantization'] : []),
      ],
    }
  },
  stored(logical: Shape, { grouping }: Parameters): Members | undefined {
    const elements = sizeOf(logical)
    if (grouping.kind !== 'group' || elements % grouping.size !== 0) return undefined
    return membersOf({
      weight: member('U8', elements / 2, 1),
      'weight.absmax': member('F32', elements / grouping.size),
      'weight.quant_map': member('F32', 16),
      [`${statePrefix}nf4`]: member('U8', 64),
    })
  },
  notMlx: 'its codes are flattened, high nibble first, and stand for a table of 16 values that no MLX mode has',
  convert: () => ({
    kind: 'lossy',
    how: 'dequantize with bitsandbytes or transformers and run mlx_lm.convert -q; better from the original weights',
  }),
}
