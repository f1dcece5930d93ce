// Are the tensors another format's? GPTQ, AWQ, bitsandbytes and the rest have members that MLX's formats do not have.

import { findNodeAtLocation } from 'jsonc-parser'
import { count, rangeIn } from '../../rules/show'
import type { Dossier } from '../dossier'
import { foreignMembers, foreignWeights } from '../foreign'
import { atLine, code, prose } from '../markdown'
import { moduleList, storedShapes } from '../show'
import type { Hypothesis, Judged } from './hypothesis'
import { grouped } from '../../util/numbers'

export const foreignFormat: Hypothesis = {
  id: 'foreign-format',
  title: 'The tensors are in another format than MLX’s',
  judge(dossier: Dossier): Judged {
    const { models, weights } = dossier
    const methods = methodsOf(dossier)
    const foreign = models.flatMap(model => foreignWeights(model))
    if (foreign.length > 0)
      return {
        answer: 'confirmed',
        summary: `${foreign.map(f => `${count(f.weights.length, 'weight')} ${f.weights.length === 1 ? 'is' : 'are'} ${prose(f.format)}`).join(', ')}.`,
        evidence: [
          ...foreign.flatMap(f => [
            `${prose(f.format)}: ${moduleList(f.weights.map(module => ({ module })))}`,
            ...f.evidence.map(prose),
            `not MLX’s: ${prose(f.why)}`,
            ...(f.conversion === undefined ? [] : [`to convert: ${prose(f.conversion)}`]),
          ]),
          ...methods,
        ],
      }
    const packed = weights.filter(w => w.weight.tensor.dtype === 'U32')
    const odd = weights.find(w => w.weight.tensor.dtype !== 'U32')
    const tensors = models.reduce((sum, m) => sum + m.shards.reduce((inner, s) => inner + s.tensors.count, 0), 0)
    const example = packed[0]
    if (odd || !example)
      return {
        answer: 'undecided',
        summary: odd
          ? `${code(odd.module)} has scales, but its weight is ${odd.weight.tensor.dtype}, not U32 as MLX packs it; no format that is known claims it.`
          : 'There is no quantized weight of any format that is known.',
        evidence: methods,
      }
    const writers = [...new Set(models.flatMap(m => m.shards.flatMap(s => s.metadata.get('format') ?? [])))]
    return {
      answer: methods.length > 0 ? 'undecided' : 'refuted',
      summary:
        methods.length > 0
          ? 'The members are MLX’s own, but the config names another method.'
          : `Every quantized weight has the members and dtypes of MLX’s ${example.biases ? 'affine' : 'floating-point'} format.`,
      evidence: [
        ...methods,
        `${code(example.module)}: ${storedShapes(example)}${packed.length > 1 ? `; the members of all ${packed.length} are of this kind` : ''}`,
        `none of ${grouped(tensors)} tensors is one of the members by which other formats are known: ${foreignMembers.slice(0, 12).map(code).join(', ')}${foreignMembers.length > 12 ? ', …' : ''}`,
        ...(methods.length === 0 ? [`no ${code('quant_method')} in the config`] : []),
        ...(writers.length > 0 ? [`the shards’ metadata says format ${writers.map(code).join(', ')}`] : []),
      ],
    }
  },
}

/** The foreign methods that configs name, each with its place. */
function methodsOf({ models, show }: Dossier): string[] {
  const files = new Set(models.flatMap(m => m.configs))
  return [...files].flatMap(file =>
    ['quantization', 'quantization_config'].flatMap(key => {
      const node = file.root && findNodeAtLocation(file.root, [key, 'quant_method'])
      if (node?.type !== 'string') return []
      const { start } = rangeIn(file, node.offset, node.offset + node.length)
      return [`${atLine(show, file.path, start)} says ${code('quant_method')} ${code(String(node.value))}`]
    }),
  )
}
