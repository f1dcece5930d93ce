// bitsandbytes' LLM.int8: I8 `weight` [out, in], one F32 absolute maximum `SCB` for each row, and `weight_format`, a byte
// (bitsandbytes, nn/modules.py, Linear8bitLt).

import type { Format, Found, Members, Shape, Weight } from './format'
import { find, member, membersOf, showMembers } from './shapes'

export const bnbInt8: Format = {
  id: 'bnb-int8',
  name: 'bitsandbytes int8',
  methods: ['bitsandbytes', 'bitsandbytes_8bit'],
  members: { required: ['weight', 'SCB'], optional: ['weight_format', 'bias'] },
  recognise({ members }: Weight): Found | undefined {
    const weight = find(members, 'weight', 'I8', 2)
    const scale = members.get('SCB')
    if (!weight || !scale) return undefined
    return {
      main: 'weight',
      parameters: { bits: 8, grouping: { kind: 'channel' } },
      logical: weight.shape,
      evidence: [
        `${showMembers(members, 'weight', 'SCB', 'weight_format')}: rows of int8 with one absolute maximum each`,
      ],
    }
  },
  stored: (logical: Shape) =>
    membersOf({ weight: member('I8', ...logical), SCB: member('F32', logical[0] ?? 0), weight_format: member('U8') }),
  logical: (members: Members) => members.get('weight')?.shape,
  notMlx: 'its codes are signed bytes with one scale for each row, not words with scales for each group',
  convert: () => ({
    kind: 'exact',
    how: 'flip the top bit of every byte, view as U32 at 8 bits, scales = SCB / 127 for every group, biases = -128 × scale',
  }),
}
