// Tensors of other quantization formats: what the registry of formats says, in the words that an analysis needs.

import type { Model } from '../checkpoint/facts'
import { showRecognition } from '../quant/formats/format'
import { foreignGroups } from '../quant/formats/formatsOf'
import { formats } from '../quant/formats/index'

export interface ForeignWeights {
  readonly format: string
  /** Module paths, each once. */
  readonly weights: readonly string[]
  /** Whole phrases, without a full stop. */
  readonly evidence: readonly string[]
  /** Why MLX cannot take the bytes as they are. */
  readonly why: string
  /** What turns them into MLX's; undefined where nothing is known. */
  readonly conversion: string | undefined
}

/** Groups of weights that are in another format than MLX's. */
export const foreignWeights = (model: Model): readonly ForeignWeights[] =>
  foreignGroups(model).map(({ recognition, weights }) => ({
    format: showRecognition(recognition),
    weights: weights(),
    evidence: recognition.evidence,
    why: recognition.format.notMlx ?? '',
    conversion: recognition.format.convert?.(recognition).how,
  }))

/** Members by which foreign formats give themselves away: those that no format of MLX has. */
export const foreignMembers: readonly string[] = [
  ...new Set(
    formats
      .filter(format => format.notMlx !== undefined)
      .flatMap(format => format.members.required)
      .filter(name => !['weight', 'scales', 'biases', 'bias'].includes(name)),
  ),
].sort()
