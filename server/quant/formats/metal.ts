// transformers' `metal` quantization: MLX's affine bytes under other names, `qbiases` where MLX says `biases`
// (transformers, integrations/metal_quantization.py).

import { mlxAffine } from './mlxAffine'
import type { Format, Found, Members, Parameters, Shape, Weight } from './format'
import { find, isFloat, sameShape, showMembers } from './shapes'

const renamed = (members: Members, from: string, to: string): Members =>
  new Map([...members].map(([name, each]) => [name === from ? to : name, each]))

export const metal: Format = {
  id: 'metal',
  name: 'transformers metal',
  methods: ['metal'],
  members: { required: ['weight', 'scales', 'qbiases'], optional: ['bias'] },
  recognise(weight: Weight): Found | undefined {
    const { members } = weight
    const scales = members.get('scales')
    const qbiases = members.get('qbiases')
    if (!find(members, 'weight', 'U32') || !isFloat(scales) || !isFloat(qbiases)) return undefined
    if (!sameShape(scales.shape, qbiases.shape)) return undefined
    const inner = mlxAffine.recognise({ ...weight, members: renamed(members, 'qbiases', 'biases') })
    return {
      main: 'weight',
      parameters: inner?.parameters,
      logical: inner?.logical,
      evidence: [
        `${showMembers(members, 'weight', 'scales', 'qbiases')}: qbiases is transformers' name, MLX says biases`,
      ],
    }
  },
  stored(logical: Shape, parameters: Parameters): Members | undefined {
    const members = mlxAffine.stored?.(logical, parameters)
    return members && renamed(members, 'biases', 'qbiases')
  },
  logical: (members: Members, parameters: Parameters) =>
    mlxAffine.logical?.(renamed(members, 'qbiases', 'biases'), parameters),
  notMlx: "the bytes are MLX's affine format, but its biases are called qbiases",
  convert: () => ({ kind: 'rename', how: 'rename qbiases to biases and state bits and group_size in `quantization`' }),
}
