// Every place that says bits or a group size for quantized weights, with what the tensors say: values in config.json as
// MLX resolves them, and what programs pass. The evidence for and against "wrong parameters".

import type { Delivery } from '../interp/deliveries'
import type { Value } from '../interp/values/value'
import type { Range } from '../protocol'
import { type Pair } from '../quant/affine'
import { judgeParameters, type Judgement, type Parameter, passed, tripleOf } from '../rules/parameters'
import { rangeIn, rangeOf } from '../rules/show'
import { configured, type Dossier, storedTriple, type WeightFacts } from './dossier'

/** A value and where it is written. */
export interface Source {
  readonly path: string
  readonly range: Range
  /** `"group_size": 32`, `group_size=32`, or what leaves it out. */
  readonly text: string
  readonly value: number
  readonly isConfig: boolean
}

export interface Statement {
  readonly weight: WeightFacts
  readonly which: Parameter
  readonly source: Source
  readonly given: { readonly groupSize: number | undefined; readonly bits: number | undefined }
  /** Undefined where the tensors agree. */
  readonly judgement: Judgement | undefined
}

export const keyword = { groupSize: 'group_size', bits: 'bits' } as const
const both = ['bits', 'groupSize'] as const

/** All statements about the weights whose stored triple fits in some orientation. */
export const statementsOf = ({ weights }: Dossier): readonly Statement[] =>
  weights.flatMap(w => [...fromConfig(w), ...fromPrograms(w)])

function fromConfig(weight: WeightFacts): Statement[] {
  const triple = storedTriple(weight)
  const said = configured(weight)
  if (!triple || !said || said.mode !== 'affine' || weight.scales.tensor.dtype === 'U8') return []
  const judgement = judgeParameters(said.pair, triple)
  const { block } = said.parameters
  const { file } = said.config
  return both.map(which => {
    const node = block[which]?.node
    const at = node ?? block.node
    const source: Source = {
      path: file.path,
      range: rangeIn(file, at.offset, at.offset + at.length),
      text: node ? `"${keyword[which]}": ${said.pair[which]}` : `no "${keyword[which]}", so ${said.pair[which]}`,
      value: said.pair[which],
      isConfig: true,
    }
    return {
      weight,
      which,
      source,
      given: said.pair,
      judgement: judgement?.wrong.includes(which) ? judgement : undefined,
    }
  })
}

function fromPrograms(weight: WeightFacts): Statement[] {
  return weight.deliveries.flatMap(d => {
    const triple = tripleOf(d)
    const given = { groupSize: passed(d.sink, 'groupSize').value, bits: passed(d.sink, 'bits').value }
    if (!triple || d.scales.dtype === 'U8') return []
    const judgement = judgeParameters(given, triple)
    return both.flatMap(which => {
      const { value, from } = passed(d.sink, which)
      const source = value === undefined ? undefined : sourceOf(d, which, value, from)
      const wrong = judgement?.wrong.includes(which) ? judgement : undefined
      return source ? [{ weight, which, source, given, judgement: wrong }] : []
    })
  })
}

/** Where a program has a value from; a value of the config is the config's own statement. */
function sourceOf(d: Delivery, which: Parameter, value: number, from: Value | undefined): Source | undefined {
  if (from?.kind === 'const' && from.config) {
    const { file, offset, length } = from.config
    const range = rangeIn(file, offset, offset + length)
    return { path: file.path, range, text: `"${keyword[which]}": ${value}`, value, isConfig: true }
  }
  const literal = from?.kind === 'const' && from.value !== null ? from.literal : undefined
  const place = literal ?? d.sink.call
  const text = literal ? `${keyword[which]} ${value}` : `no ${keyword[which]}, so MLX takes ${value}`
  return { path: place.program.path, range: rangeOf(place), text, value, isConfig: false }
}

/** A pair that MLX would take without a word although the tensors are of another. */
export const isSilent = (statement: Statement): boolean => statement.judgement?.silent === true

export const showGiven = ({ bits, groupSize }: Partial<Pair>): string => `${bits ?? '?'}-bit g${groupSize ?? '?'}`
