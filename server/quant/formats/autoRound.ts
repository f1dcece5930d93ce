// AutoRound: the layouts of GPTQ or AWQ under `quant_method: auto-round`, whose `packing_format` says which and how the
// zeros are meant. Its `mlx` packing is MLX's own format and is recognised as that, its FP8 and llm-compressor packings as
// theirs: the tensors decide (auto-round, inference/backend.py).

import { awqGemm } from './awqGemm'
import type { Format, Found, Weight } from './format'
import { gptq, gptqLayout } from './gptq'

export const autoRound: Format = {
  id: 'auto-round',
  name: 'AutoRound',
  methods: ['auto-round', 'intel/auto-round'],
  members: { required: ['qweight', 'scales'], optional: ['qzeros', 'g_idx', 'bias'] },
  recognise(weight: Weight): Found | undefined {
    const { method, layout } = weight.hints
    if (!method || !autoRound.methods.includes(method)) return undefined
    const inGptq = gptqLayout(weight)
    const found = inGptq ?? awqGemm.recognise(weight)
    if (!found) return undefined
    const zeros = !inGptq
      ? 'zeros as AWQ has them'
      : layout?.endsWith('auto_gptq')
        ? 'zeros as GPTQ v1 has them, one too small'
        : layout
          ? 'zeros as they are'
          : 'no packing_format says whether zeros are one too small'
    return {
      ...found,
      variant: inGptq ? '(GPTQ layout)' : '(AWQ layout)',
      evidence: [...found.evidence, `config says ${method}${layout ? `, packing ${layout}` : ''}: ${zeros}`],
    }
  },
  notMlx: 'it packs as GPTQ or AWQ do, not as MLX does, and packed qzeros stand where MLX has biases',
  convert: found =>
    found.variant === '(AWQ layout)'
      ? (awqGemm.convert?.(found) ?? { kind: 'none', how: '' })
      : { ...(gptq.convert?.(found) ?? { kind: 'none', how: '' }) },
}
