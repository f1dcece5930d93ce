// Was a weight sliced for a rank and its scales not, or the other way round? Then their rows are a fraction of each other.

import { count } from '../../rules/show'
import { type Dossier, storedTriple, verdictOf, type WeightFacts } from '../dossier'
import { code } from '../markdown'
import { examples, moduleList, storedShapes } from '../show'
import type { Hypothesis, Judged } from './hypothesis'

export const slicedUnevenly: Hypothesis = {
  id: 'sliced-unevenly',
  title: 'Weight and scales were sliced differently',
  judge({ weights, show }: Dossier): Judged {
    if (weights.length === 0)
      return { answer: 'undecided', summary: 'There is no quantized weight to judge.', evidence: [] }
    const sliced = weights.filter(w => verdictOf(w).kind === 'sliced')
    if (sliced.length > 0)
      return {
        answer: 'confirmed',
        summary: `${count(sliced.length, 'weight')} ${sliced.length === 1 ? 'has' : 'have'} other rows than the scales: ${moduleList(sliced)}.`,
        evidence: examples(sliced, 3).map(w => `${code(w.module)} in ${code(show(w.weight.shard.path))}: ${rows(w)}`),
      }
    const judged = weights.filter(w => ['fits', 'turned'].includes(verdictOf(w).kind))
    const misfits = weights.length - judged.length
    const example = judged[0]
    if (!example)
      return {
        answer: 'undecided',
        summary: 'The shapes are no fraction of one another, and no bits and group size fit them.',
        evidence: examples(weights, 2).map(w => `${code(w.module)}: ${storedShapes(w)}`),
      }
    const whole = judged.filter(w => {
      const triple = storedTriple(w)
      return (
        triple?.width !== undefined &&
        triple.likely.some(p => (triple.packedColumns * 32) / p.bits === triple.width?.value)
      )
    })
    return {
      answer: misfits > 0 ? 'undecided' : 'refuted',
      summary:
        misfits > 0
          ? `${count(misfits, 'weight')} fit nothing; the rest have as many rows as their scales.`
          : `Weight, scales and biases of ${judged.length === 1 ? 'the one module' : `all ${judged.length} modules`} have the same rows.`,
      evidence: [
        ...examples(judged, 2).map(
          w => `${code(w.module)}: ${storedShapes(w)}: ${storedTriple(w)?.rows ?? '?'} rows in each`,
        ),
        ...(whole.length > 0
          ? [
              `the columns are whole too: the input width of ${count(whole.length, 'module')} is what ${storedTriple(whole[0] ?? example)?.width?.why ?? 'the config'} and its like ask for`,
            ]
          : []),
      ],
    }
  },
}

function rows(w: WeightFacts): string {
  const verdict = verdictOf(w)
  const d = w.deliveries.find(each => each.verdict.kind === 'sliced')
  const shapes =
    d && w.stored.kind !== 'sliced'
      ? `stored whole, handed over as ${code('weight')} [${d.weight.shape.join(', ')}] and ${code('scales')} [${d.scales.shape.join(', ')}]`
      : storedShapes(w)
  if (verdict.kind !== 'sliced') return shapes
  const { weightRows, scalesRows, turned } = verdict
  const parts = Math.max(weightRows, scalesRows) / Math.min(weightRows, scalesRows)
  const cut = weightRows < scalesRows ? 'the weight was cut' : 'scales and biases were cut'
  return `${shapes}: ${weightRows} ${turned ? 'columns' : 'rows'} of weight against ${scalesRows} of scales, so ${cut} into ${parts} and the other was not`
}
