// Are the last two axes of packed tensors the wrong way round? Shapes alone answer: MLX packs along the last axis, so the
// words and the groups of a row must stand in one of a few ratios, and leading dimensions must agree.

import { turn } from '../../quant/triple'
import { count, showShape } from '../../rules/show'
import { type Dossier, storedTriple, verdictOf, type WeightFacts } from '../dossier'
import { atPlace, code } from '../markdown'
import { predictedError } from '../predict'
import { arithmetic, examples, moduleList, storedShapes } from '../show'
import type { Hypothesis, Judged } from './hypothesis'

export const transposed: Hypothesis = {
  id: 'transposed',
  title: 'The tensors are transposed',
  judge(dossier: Dossier): Judged {
    const { weights, show } = dossier
    if (weights.length === 0)
      return { answer: 'undecided', summary: 'There is no quantized weight to judge.', evidence: [] }
    const turned = weights.filter(w => verdictOf(w).kind === 'turned')
    const fitting = weights.filter(w => verdictOf(w).kind === 'fits')
    if (turned.length === 0) return notTurned(weights, fitting)
    const evidence = examples(turned, 3).map(
      w => `${code(w.module)} in ${code(show(w.weight.shard.path))}: ${turnedShapes(w)}`,
    )
    const call = turned.flatMap(w => w.deliveries).find(d => d.verdict.kind === 'turned')
    const error = call && predictedError(call)
    if (call && error)
      evidence.push(
        `${atPlace(show, call.site)} hands ${code(call.module)} over so, and the ${code(call.sink.op)} at ${atPlace(show, call.sink.call)} raises ${code(error)}`,
      )
    if (fitting.length > 0)
      evidence.push(
        `not transposed: ${moduleList(fitting)} (${storedShapes(fitting[0] as WeightFacts)}), so turning everything would break ${fitting.length === 1 ? 'it' : 'them'}`,
      )
    return {
      answer: 'confirmed',
      summary: `${turned.length} of ${count(weights.length, 'quantized weight')} ${turned.length === 1 ? 'fits' : 'fit'} only with the last two axes exchanged: ${moduleList(turned, 8)}.`,
      evidence,
    }
  },
}

function turnedShapes(w: WeightFacts): string {
  const verdict = verdictOf(w)
  const triple = storedTriple(w)
  if (verdict.kind !== 'turned') return storedShapes(w)
  const { turned } = verdict
  const stored = w.stored.kind === 'turned'
  const delivered = w.deliveries.find(d => d.verdict.kind === 'turned')
  const found =
    stored || !delivered
      ? `stored as ${storedShapes(w)}`
      : `stored as ${storedShapes(w)}, which is right, but handed over as ${code('weight')} ${showShape(delivered.weight.shape)}, ${code('scales')} ${showShape(delivered.scales.shape)}`
  const members = (['weight', 'scales', 'biases'] as const).filter(m => turned[m] && w[m])
  const shapes = delivered && !stored ? delivered : { weight: w.weight.tensor, scales: w.scales.tensor }
  const right = `${showShape(turned.weight ? turn(shapes.weight.shape) : shapes.weight.shape)} and ${showShape(turned.scales ? turn(shapes.scales.shape) : shapes.scales.shape)}`
  const which = members.length === (w.biases ? 3 : 2) ? 'all of them' : `only ${members.map(code).join(' and ')}`
  return `${found}. With ${which} turned it is ${right}${triple ? `: ${arithmetic(triple)}` : ''}`
}

function notTurned(weights: readonly WeightFacts[], fitting: readonly WeightFacts[]): Judged {
  const others = weights.filter(w => verdictOf(w).kind !== 'fits')
  const shown = examples(fitting, 2).map(w => `${code(w.module)}: ${storedShapes(w)} fits as it is`)
  const strange = examples(others, 2).map(w => {
    const verdict = verdictOf(w)
    const why =
      verdict.kind === 'misfit' ? `: ${verdict.why}` : verdict.kind === 'sliced' ? ': the rows differ, see below' : ''
    return `${code(w.module)}: ${storedShapes(w)} fits in neither orientation${why}`
  })
  const ambiguous = others.some(w => {
    const verdict = verdictOf(w)
    return verdict.kind === 'misfit' && verdict.why.includes('transpositions')
  })
  return {
    answer: ambiguous ? 'undecided' : 'refuted',
    summary: ambiguous
      ? 'Several different transpositions would make the shapes fit.'
      : others.length === 0
        ? `${weights.length === 1 ? 'The quantized weight fits as it is' : `All ${weights.length} quantized weights fit as they are`}.`
        : `${fitting.length} of ${count(weights.length, 'quantized weight')} fit as they are, and turning helps none of the others.`,
    evidence: [...shown, ...strange],
  }
}
