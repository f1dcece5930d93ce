// Which of the pairs that a triple's shapes allow is meant: for what is only shown, not judged.

import type { Model } from '../checkpoint/facts'
import type { Pair } from './affine'
import { parametersOf, quantizationConfigs } from './config'
import { expectedWidth, withEvidence } from './dimensions'

/** Evidence from outside the module first; where it is silent, what the config says, as far as it fits. */
export function likeliest(
  pairs: readonly Pair[],
  packedColumns: number,
  module: string,
  model: Model,
): readonly Pair[] {
  const left = withEvidence(pairs, packedColumns, expectedWidth(model, module))
  const config = model.configs.flatMap(quantizationConfigs)[0]
  const said = config && parametersOf(config, module)?.pair
  if (left.length < 2 || !said) return left
  const sameBits = left.filter(({ bits }) => bits === said.bits)
  return sameBits.length > 0 ? sameBits : left
}
