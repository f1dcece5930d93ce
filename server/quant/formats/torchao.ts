// torchao: the file describes itself, `__metadata__.tensor_names` lists the tensors and one entry for each holds its
// class (`_type`); the parts are `_weight_qdata`, `_weight_scale`, `_weight_zero_point` and others
// (torchao, prototype/safetensors/safetensors_support.py).

import type { Format, Found, Weight } from './format'
import { showMembers } from './shapes'

/** Entries of the metadata that are looked at for a class; all layers of a file mostly have one. */
const entriesToLookAt = 200

export const torchao: Format = {
  id: 'torchao',
  name: 'torchao',
  methods: ['torchao'],
  members: {
    required: ['_weight_qdata'],
    optional: ['_weight_scale', '_weight_zero_point', '_weight_scale_and_zero', '_weight_per_tensor_scale', 'bias'],
  },
  recognise({ members, metadata }: Weight): Found | undefined {
    const main = ['_weight_qdata', 'weight_qdata'].find(name => members.has(name))
    if (!main) return undefined
    const parts = [...members.keys()].filter(name => name !== 'bias')
    const classes = classesOf(metadata)
    return {
      main,
      ...(classes.length === 1 ? { variant: classes[0] } : {}),
      evidence: [
        `${showMembers(members, ...parts)}: torchao's names for the parts of a tensor`,
        metadata.has('tensor_names')
          ? `__metadata__ has tensor_names${classes.length > 0 ? ` and the class ${classes.join(', ')}` : ''}`
          : '__metadata__ has no tensor_names, so the class of the tensor is not known',
      ],
    }
  },
  notMlx: 'its tensors are the parts of a torchao class, whose packing the class decides',
  convert: () => ({
    kind: 'lossy',
    how: 'dequantize with torchao and run mlx_lm.convert -q; better from the original weights',
  }),
}

function classesOf(metadata: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>()
  let left = entriesToLookAt
  for (const [, value] of metadata) {
    if (left-- <= 0) break
    const type = /"_type"\s*:\s*"(\w{1,40})"/.exec(value.slice(0, 400))?.[1]
    if (type && type !== 'Tensor') found.add(type)
  }
  return [...found].sort()
}
