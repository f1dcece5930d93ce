// MLX's affine format, as `mx.quantize` writes it: U32 `weight` packed along the inputs, with floating-point `scales` and
// `biases` of one shape. Shapes fix only bits × group size; where several pairs fit, all are named and none is chosen.
// How three shapes fit together is triple.ts's to judge: here suffixes and dtypes decide whose tensors they are.

import { fittingPairs, logicalColumns, showPair, storedShapes } from '../affine'
import { judgeTriple, turn } from '../triple'
import { group, type Format, type Found, type Members, type Parameters, type Shape, type Weight } from './format'
import { find, isFloat, last, member, membersOf, showMembers } from './shapes'

export const mlxAffine: Format = {
  id: 'mlx-affine',
  name: 'MLX affine',
  methods: [],
  members: { required: ['weight', 'scales', 'biases'], optional: ['bias'] },
  recognise({ members, hints }: Weight): Found | undefined {
    const weight = find(members, 'weight', 'U32')
    const scales = members.get('scales')
    const biases = members.get('biases')
    if (!weight || !isFloat(scales) || (biases && !isFloat(biases))) return undefined
    const evidence = [
      `${showMembers(members, 'weight', 'scales', 'biases')}: the names and dtypes that mx.quantize writes`,
    ]
    if (!biases) evidence.push('biases are missing, and MLX does not decode affine weights without them')
    if (hints.method) evidence.push(`quant_method ${hints.method} in the config is left over: the tensors are MLX's`)
    const verdict = judgeTriple({ weight: weight.shape, scales: scales.shape, biases: biases?.shape })
    if (verdict.kind !== 'fits' && verdict.kind !== 'turned')
      return { main: 'weight', evidence: [...evidence, 'their shapes do not fit together'] }
    const pairs = verdict.pairs
    const turned = verdict.kind === 'turned' && verdict.turned.weight
    const shape = turned ? turn(weight.shape) : weight.shape
    if (verdict.kind === 'turned') evidence.push('the shapes fit only transposed')
    const [first] = pairs
    if (pairs.length > 1 || !first)
      return {
        main: 'weight',
        evidence: [...evidence, `shapes fix only bits × group size: ${pairs.map(showPair).join(' or ')}`],
      }
    const parameters: Parameters = { bits: first.bits, grouping: group(first.groupSize) }
    return {
      main: 'weight',
      parameters,
      logical: [...shape.slice(0, -1), logicalColumns(last(shape), first.bits)],
      evidence,
    }
  },
  stored(logical: Shape, { bits, grouping }: Parameters): Members | undefined {
    const shapes = grouping.kind === 'group' ? storedShapes(logical, { bits, groupSize: grouping.size }) : undefined
    if (!shapes) return undefined
    const side = member('BF16', ...shapes.scales)
    return membersOf({ weight: member('U32', ...shapes.weight), scales: side, biases: side })
  },
  logical(members: Members, { bits, grouping }: Parameters): Shape | undefined {
    const weight = members.get('weight')
    const scales = members.get('scales')
    if (!weight || !scales || grouping.kind !== 'group') return undefined
    const fits = fittingPairs(last(weight.shape), last(scales.shape)).some(
      pair => pair.bits === bits && pair.groupSize === grouping.size,
    )
    return fits ? [...weight.shape.slice(0, -1), logicalColumns(last(weight.shape), bits)] : undefined
  },
}
