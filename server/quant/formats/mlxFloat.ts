// What MLX's three floating-point modes share: U32 `weight` packed along the inputs, U8 `scales`, no `biases`. Each mode
// allows one pair of bits and group size, and the three products differ, so shapes tell them apart
// (ml-explore/mlx, quantization_params_from_mode, 0.32.4).

import { floatModes, logicalColumns, storedShapes } from '../affine'
import { group, type Format, type Found, type Members, type Shape, type Weight } from './format'
import { find, last, member, membersOf, sameRows, showMembers } from './shapes'

/** The format of one mode. */
export function mlxFloat(mode: keyof typeof floatModes): Format {
  const pair = floatModes[mode]
  const parameters = { bits: pair.bits, grouping: group(pair.groupSize) }
  const fits = (weight: Shape, scales: Shape) =>
    sameRows(weight, scales) && last(weight) > 0 && last(weight) * 32 === last(scales) * pair.groupSize * pair.bits
  const logical = (members: Members): Shape | undefined => {
    const weight = members.get('weight')
    return weight && [...weight.shape.slice(0, -1), logicalColumns(last(weight.shape), pair.bits)]
  }
  return {
    id: `mlx-${mode}`,
    name: `MLX ${mode}`,
    methods: [],
    members: { required: ['weight', 'scales'], optional: ['bias', 'global_scale'] },
    recognise({ members }: Weight): Found | undefined {
      const weight = find(members, 'weight', 'U32')
      const scales = find(members, 'scales', 'U8')
      if (!weight || !scales || members.has('biases') || !fits(weight.shape, scales.shape)) return undefined
      return {
        main: 'weight',
        parameters,
        logical: logical(members),
        evidence: [
          `${showMembers(members, 'weight', 'scales', 'global_scale')} without biases: a floating-point mode of MLX`,
          `bits × group size is ${pair.bits * pair.groupSize}, which only ${mode} has`,
        ],
      }
    },
    stored(shape: Shape): Members | undefined {
      const shapes = storedShapes(shape, pair)
      return shapes && membersOf({ weight: member('U32', ...shapes.weight), scales: member('U8', ...shapes.scales) })
    },
    logical,
  }
}
