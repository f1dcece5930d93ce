// Do bits or the group size contradict the tensors? Judged in the orientation that fits, so that a transposition and a
// wrong number are two faults and not one.

import { groupBy } from '../../util/groupBy'
import { count } from '../../rules/show'
import { type Dossier, storedTriple, type WeightFacts } from '../dossier'
import { atLine, code } from '../markdown'
import { isSilent, keyword, showGiven, type Statement, statementsOf } from '../parameters'
import { errorAfterTurning, predictedError } from '../predict'
import { arithmetic, moduleList, readings, storedShapes } from '../show'
import type { Hypothesis, Judged } from './hypothesis'

export const wrongParameters: Hypothesis = {
  id: 'wrong-parameters',
  title: 'Bits or group size are wrong',
  judge(dossier: Dossier): Judged {
    const statements = statementsOf(dossier)
    const wrong = statements.filter(s => s.judgement !== undefined)
    if (wrong.length > 0) return contradicted(dossier, wrong)
    if (statements.length === 0) return unsaid(dossier)
    return agreed(dossier, statements)
  },
}

const bySource = (statements: readonly Statement[]) =>
  groupBy(
    statements,
    s => `${s.source.path}\0${s.source.range.start.line}\0${s.source.range.start.character}\0${s.which}`,
  )

const weightsOf = (group: readonly Statement[]): readonly WeightFacts[] => [...new Set(group.map(s => s.weight))]

function contradicted(dossier: Dossier, wrong: readonly Statement[]): Judged {
  const groups = [...bySource(wrong).values()]
  const summaries = groups.slice(0, 3).map(group => {
    const { source, which } = group[0] as Statement
    const wanted = [...new Set(group.flatMap(s => s.judgement?.closest.map(p => p[which]) ?? []))]
    const weights = weightsOf(group)
    return `${atLine(dossier.show, source.path, source.range.start)} says ${code(source.text)}; ${weights.length === 1 ? 'the tensors of 1 module say' : `the tensors of ${weights.length} modules say`} ${wanted.join(' or ')}`
  })
  const more = groups.length > 3 ? `; ${groups.length - 3} more places` : ''
  return {
    answer: 'confirmed',
    summary: `${summaries.join('; ')}${more}.`,
    evidence: groups.slice(0, 4).flatMap(group => evidence(dossier, group)),
  }
}

function evidence({ show }: Dossier, group: readonly Statement[]): string[] {
  const first = group[0] as Statement
  const { weight, given } = first
  const triple = storedTriple(weight)
  const lines: string[] = []
  if (triple)
    lines.push(
      `${code(weight.module)}: ${storedShapes(weight)}: ${arithmetic(triple)}. ${showGiven(given)} would be ${(given.bits ?? 0) * (given.groupSize ?? 0)}`,
    )
  const delivery = weightsOf(group)
    .flatMap(w => w.deliveries)
    .find(d => errorAfterTurning(d)?.includes('given the quantization parameters'))
  const second = delivery && errorAfterTurning(delivery)
  if (second)
    lines.push(
      `a fault of its own, which the transposition hides: once ${code(delivery.module)} is turned, MLX raises ${code(second)}`,
    )
  const direct = weightsOf(group)
    .flatMap(w => w.deliveries)
    .find(d => d.verdict.kind === 'fits' && predictedError(d) !== undefined)
  const error = direct && predictedError(direct)
  if (error) lines.push(`with ${code(direct.module)} MLX raises ${code(error)}`)
  const silent = group.find(isSilent)
  if (silent)
    lines.push(
      `MLX takes ${showGiven(silent.given)} for ${code(silent.weight.module)} without an error and decodes a matrix of another width`,
    )
  const modules = weightsOf(group)
  if (modules.length > 1) lines.push(`concerns ${count(modules.length, 'module')}: ${moduleList(modules, 8)}`)
  if (first.source.isConfig)
    lines.push(
      `the value stands in ${code(`${show(first.source.path)}:${first.source.range.start.line + 1}`)} (${keyword[first.which]})`,
    )
  return lines
}

function unsaid({ weights }: Dossier): Judged {
  const triples = weights.flatMap(w => storedTriple(w) ?? [])
  if (triples.length === 0)
    return {
      answer: 'undecided',
      summary:
        weights.length === 0
          ? 'There is no quantized weight to judge.'
          : 'No quantized weight has shapes that any bits and group size of MLX fit.',
      evidence: [],
    }
  return {
    answer: 'undecided',
    summary: 'Neither a config.json nor a program was seen that says bits and group size.',
    evidence: [...new Set(triples.map(t => `the tensors say ${readings(t)}`))].slice(0, 4),
  }
}

function agreed(dossier: Dossier, statements: readonly Statement[]): Judged {
  const open = statements.filter(s => {
    const triple = storedTriple(s.weight)
    return triple !== undefined && triple.likely.length > 1
  })
  const sources = [...bySource(statements).values()].slice(0, 4).map(group => {
    const { source } = group[0] as Statement
    return `${atLine(dossier.show, source.path, source.range.start)} says ${code(source.text)}, as the tensors of ${count(weightsOf(group).length, 'module')} do`
  })
  const first = statements[0] as Statement
  const triple = storedTriple(first.weight)
  const example = triple ? [`${code(first.weight.module)}: ${storedShapes(first.weight)}: ${arithmetic(triple)}`] : []
  const judged = new Set(statements.map(s => s.weight)).size
  const unjudged = dossier.weights.length - judged
  const caveat = unjudged > 0 ? [`not judged, because no pair fits their shapes: ${count(unjudged, 'weight')}`] : []
  if (open.length > 0 && open.length === statements.length)
    return {
      answer: 'undecided',
      summary: 'What is said fits the shapes, but the shapes fit other pairs as well and nothing else decides.',
      evidence: [...example, ...sources, ...caveat],
    }
  return {
    answer: 'refuted',
    summary: `Bits and group size agree with the stored shapes of ${count(judged, 'quantized weight')}.`,
    evidence: [...sources, ...example, ...caveat],
  }
}
