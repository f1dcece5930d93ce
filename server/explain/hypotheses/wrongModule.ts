// Did tensors end in the wrong place: scales of another module beside a weight, a name that the checkpoint does not have,
// or a matrix whose width is not what its name asks for?

import { count } from '../../rules/show'
import { isCrossed } from '../../rules/sites'
import { type Dossier, storedTriple } from '../dossier'
import { atPlace, atLine, code, prose } from '../markdown'
import { moduleList } from '../show'
import type { Hypothesis, Judged } from './hypothesis'

const rulesOfNames = ['crossed-tensors', 'absent-tensor']

export const wrongModule: Hypothesis = {
  id: 'wrong-module',
  title: 'Tensors are mapped to the wrong module',
  judge(dossier: Dossier): Judged {
    const { deliveries, findings, weights, show, analysis } = dossier
    const named = findings.filter(f => rulesOfNames.includes(f.rule))
    const crossed = deliveries.filter(isCrossed)
    if (named.length > 0 || crossed.length > 0)
      return {
        answer: 'confirmed',
        summary: `${count(Math.max(named.length, 1), 'place')} in the loader ${named.length > 1 ? 'ask' : 'asks'} for tensors that do not belong there.`,
        evidence: [
          ...named.slice(0, 4).map(f => `${atLine(show, f.path, f.range.start)}: ${prose(f.message)}`),
          ...(named.length === 0
            ? crossed
                .slice(0, 2)
                .map(d => `${atPlace(show, d.site)}: ${code(d.weight.tensor.name)} meets ${code(d.scales.tensor.name)}`)
            : []),
        ],
      }
    // A width that no pair gives: the matrix is another one's, or the config another model's.
    const strange = weights.filter(w => {
      const triple = storedTriple(w)
      return (
        triple?.width !== undefined &&
        w.scales.tensor.dtype !== 'U8' &&
        !triple.pairs.some(p => (triple.packedColumns * 32) / p.bits === triple.width?.value)
      )
    })
    if (strange.length > 0)
      return {
        answer: 'undecided',
        summary: `${count(strange.length, 'module')} ${strange.length === 1 ? 'has' : 'have'} another input width than the model’s sizes ask for: a slice, another module’s matrix, or another model’s config.`,
        evidence: strange.slice(0, 3).map(w => {
          const triple = storedTriple(w)
          const widths = [...new Set((triple?.pairs ?? []).map(p => ((triple?.packedColumns ?? 0) * 32) / p.bits))]
          return `${code(w.module)} is ${widths.join(' or ')} wide, but ${prose(triple?.width?.why ?? '')}`
        }),
      }
    const lost = analysis.unknown.length
    const unfollowed =
      lost > 0
        ? [
            `${count(lost, 'load')} could not be followed, first at ${atLine(show, analysis.unknown[0]?.path ?? '', analysis.unknown[0]?.range.start ?? { line: 0, character: 0 })}`,
          ]
        : []
    if (deliveries.length === 0)
      return {
        answer: 'undecided',
        summary: 'No source of the workspace was seen to hand these tensors over, so nothing says where they end.',
        evidence: unfollowed,
      }
    // Loads that were not followed do not matter where every quantized weight was met all the same.
    const unmet = weights.filter(w => w.deliveries.length === 0)
    const sites = new Map(deliveries.map(d => [atPlace(show, d.site), d]))
    return {
      answer: unmet.length > 0 ? 'undecided' : 'refuted',
      summary: `At each of ${count(sites.size, 'call')} that was followed, weight, scales and biases come from one module${unmet.length > 0 ? `; ${count(unmet.length, 'quantized weight')} were not seen to be handed over` : ''}.`,
      evidence: [
        ...[...sites]
          .slice(0, 6)
          .map(
            ([at, d]) =>
              `${at}: ${count(new Set(deliveries.filter(x => atPlace(show, x.site) === at).map(x => x.module)).size, 'module')}, for one ${code(d.weight.tensor.name)} with ${code(d.scales.tensor.name)}`,
          ),
        ...(unmet.length > 0 ? [`not seen: ${moduleList(unmet)}`, ...unfollowed] : []),
      ],
    }
  },
}
