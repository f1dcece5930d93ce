// gpt-oss' experts: `gate_up_proj_blocks` U8 [.., out, in/32, 16] and `gate_up_proj_scales` U8 [.., out, in/32];
// OpenAI's own files say `mlp1_weight.blocks`. Both arrive here as `blocks` and `scales` (weightsOf.ts). Low nibble first:
// MLX's mxfp4 with the bytes of a group on an axis of their own (transformers, integrations/mxfp4.py).

import { group, type Format, type Found, type Members, type Shape, type Weight } from './format'
import { find, last, member, membersOf, sameShape, showMembers } from './shapes'

const blockBytes = 16

export const gptOssMxfp4: Format = {
  id: 'gpt-oss-mxfp4',
  name: 'gpt-oss MXFP4',
  methods: ['mxfp4'],
  members: { required: ['blocks', 'scales'], optional: ['bias'] },
  recognise({ members }: Weight): Found | undefined {
    const blocks = find(members, 'blocks', 'U8')
    const scales = find(members, 'scales', 'U8')
    if (!blocks || !scales || blocks.shape.length < 3 || last(blocks.shape) !== blockBytes) return undefined
    if (!sameShape(blocks.shape.slice(0, -1), scales.shape)) return undefined
    return {
      main: 'blocks',
      parameters: { bits: 4, grouping: group(32) },
      logical: [...blocks.shape.slice(0, -2), (blocks.shape.at(-2) ?? 0) * 32],
      evidence: [`${showMembers(members, 'blocks', 'scales')}: 16 bytes of codes for every byte of scale`],
    }
  },
  stored(logical: Shape): Members | undefined {
    if (logical.length < 2 || last(logical) % 32 !== 0) return undefined
    const scales = [...logical.slice(0, -1), last(logical) / 32]
    return membersOf({ blocks: member('U8', ...scales, blockBytes), scales: member('U8', ...scales) })
  },
  logical(members: Members): Shape | undefined {
    const scales = members.get('scales')
    return scales && [...scales.shape.slice(0, -1), last(scales.shape) * 32]
  },
  notMlx: "the bytes are MLX's mxfp4, but as U8 blocks under other names, with the rows of gate and up interleaved",
  convert: () => ({
    kind: 'exact',
    how: 'view blocks as U32, flatten the last two axes, part even rows (gate) from odd rows (up)',
  }),
}
