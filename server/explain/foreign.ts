// Tensors of other quantization formats, told by the names of their members: the small part of what the formats say that
// a written analysis needs.

import type { Model } from '../checkpoint/facts'
import { modulesOf, tensorOf } from '../checkpoint/modules'

export interface ForeignWeights {
  readonly format: string
  /** Module paths, each once. */
  readonly weights: readonly string[]
  readonly evidence: string
  /** Why MLX cannot take the bytes as they are. */
  readonly why: string
}

interface Mark {
  readonly parameter: string
  readonly format: string
  readonly why: string
}

/** The member that gives a format away; the first that is there counts. */
export const marks: readonly Mark[] = [
  { parameter: 'g_idx', format: 'GPTQ', why: 'it packs along the inputs in the first axis, with packed zeros' },
  { parameter: 'qweight', format: 'GPTQ or AWQ', why: 'its codes and zeros are packed in another order than MLX’s' },
  { parameter: 'weight_packed', format: 'compressed-tensors', why: 'names and scales differ from MLX’s' },
  {
    parameter: 'weight.absmax',
    format: 'bitsandbytes',
    why: 'its codes are flattened and stand for a table of values',
  },
  { parameter: 'SCB', format: 'bitsandbytes int8', why: 'it has one scale a row and signed bytes' },
  { parameter: 'weight_scale_inv', format: 'FP8 in blocks', why: 'its scales belong to square blocks of F8 values' },
  {
    parameter: 'weight_scale',
    format: 'FP8 or int8',
    why: 'its values are bytes, not U32 words with scales for groups',
  },
  { parameter: 'codebooks', format: 'AQLM', why: 'its codes choose vectors from codebooks' },
  { parameter: 'W_q', format: 'HQQ', why: 'it packs along the first axis' },
]

const byParameter = new Map(marks.map(mark => [mark.parameter, mark]))
const blocks = /_blocks$/

/** Groups of weights that are in another format than MLX's. */
export function foreignWeights(model: Model): readonly ForeignWeights[] {
  const found = new Map<string, { mark: Mark; weights: string[]; evidence: string }>()
  for (const [module, members] of modulesOf(model)) {
    for (const member of members) {
      const mark =
        byParameter.get(member.parameter) ??
        (blocks.test(member.parameter)
          ? {
              parameter: member.parameter,
              format: 'gpt-oss MXFP4',
              why: 'blocks and scales are bytes under other names',
            }
          : undefined)
      if (!mark) continue
      const tensor = tensorOf(member)
      const group = found.get(mark.format)
      if (group) group.weights.push(module)
      else
        found.set(mark.format, {
          mark,
          weights: [module],
          evidence: `${tensor.name} is ${tensor.dtype} [${tensor.shape.join(', ')}]`,
        })
      break
    }
  }
  return [...found.values()].map(({ mark, weights, evidence }) => ({
    format: mark.format,
    weights: [...new Set(weights)],
    evidence,
    why: mark.why,
  }))
}
