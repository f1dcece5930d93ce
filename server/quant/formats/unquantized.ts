// Plain numbers: floating-point weights, and buffers that no format claims. A module with packed integers or FP8 that no
// format recognises is not plain, and is left unrecognised.

import type { Format, Found, Weight } from './format'
import { isFloat, showMembers } from './shapes'

const packedDtypes: ReadonlySet<string> = new Set([
  'U8',
  'I8',
  'U16',
  'I16',
  'U32',
  'I32',
  'F4',
  'F6_E2M3',
  'F6_E3M2',
  'F8_E4M3',
  'F8_E5M2',
  'F8_E4M3FNUZ',
  'F8_E5M2FNUZ',
  'F8_E8M0',
])

export const unquantized: Format = {
  id: 'unquantized',
  name: 'not quantized',
  methods: [],
  members: { required: [], optional: ['weight', 'bias'] },
  recognise({ members }: Weight): Found | undefined {
    const weight = members.get('weight')
    if (weight ? !isFloat(weight) : [...members.values()].some(isPacked)) return undefined
    const [main = 'weight'] = weight ? ['weight'] : members.keys()
    return {
      main,
      ...(weight ? { logical: weight.shape } : {}),
      evidence: [`${showMembers(members, main)}: plain numbers`],
    }
  },
  stored: (logical, { bits }) => new Map([['weight', { dtype: bits === 32 ? 'F32' : 'BF16', shape: logical }]]),
  logical: members => members.get('weight')?.shape,
}

const isPacked = ({ dtype, shape }: { dtype: string; shape: readonly number[] }): boolean =>
  packedDtypes.has(dtype) && shape.length > 1
