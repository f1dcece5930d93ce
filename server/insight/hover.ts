// What a hover says: of a key, the tensors that it can mean; of a quantized operation, what arrives and how it reads.

import type { Model } from '../checkpoint/facts'
import type { Analysis } from '../engine'
import { code } from '../explain/markdown'
import type { Place } from '../interp/values/value'
import type { Range } from '../protocol'
import { modelName, rangeOf, textAt } from '../rules/show'
import type { Program } from '../source/ir'
import { groupBy } from '../util/groupBy'
import { type Arrival, arrivalsIn, calleeRange } from './arrivals'
import { arrivalTable } from './arrivalTable'
import { type Lookup, lookupsIn, smallestAt, type StoredVariant } from './lookups'
import { tensorTable } from './tensorTable'

export interface HoverText {
  readonly markdown: string
  readonly range: Range
  /** What is spoken of, the first tensor of each model: links may lead there. */
  readonly tensors: readonly StoredVariant[]
}

/** More models than this are counted: a key of a common architecture is in all of them. */
const mostModels = 4

/** What there is to say at an offset of a program; undefined for nothing. */
export function hoverAt(analysis: Analysis, program: Program, offset: number): HoverText | undefined {
  const lookup = smallestAt(lookupsIn(analysis.facts, program.path), offset)
  const arrival = smallestAt(arrivalsIn(analysis.facts, program.path).map(calleeOf), offset)
  if (arrival && (!lookup || length(arrival.place) < length(lookup.place))) return hoverOfArrival(arrival)
  return lookup && hoverOfLookup(lookup)
}

const length = ({ span }: Place) => span.end - span.start

/** An arrival whose place is only the name of what is called: its arguments speak for themselves. */
function calleeOf(arrival: Arrival): Arrival {
  const { place } = arrival
  const bracket = textAt(place).indexOf('(')
  if (bracket <= 0) return arrival
  return { ...arrival, place: { ...place, span: { start: place.span.start, end: place.span.start + bracket } } }
}

function hoverOfLookup(lookup: Lookup): HoverText | undefined {
  const found = lookup.found()
  if (found.length === 0) return undefined
  const byModel = groupBy(found, v => v.stored.model)
  const sections = [...byModel].slice(0, mostModels).map(([model, variants]) => {
    const names = new Set(variants.map(v => v.stored.tensor.name)).size
    return `**${names === 1 ? '1 tensor' : `${names} tensors`}** of ${code(modelName(model))}\n\n${tensorTable(variants)}`
  })
  return { ...joined(sections, byModel), range: rangeOf(lookup.place), tensors: firsts(byModel) }
}

function hoverOfArrival({ place, deliveries }: Arrival): HoverText {
  const byModel = groupBy(deliveries, d => d.model)
  const sections = [...byModel].slice(0, mostModels).map(([model, group]) => {
    const weights = group.length === 1 ? '1 quantized weight' : `${group.length} quantized weights`
    return `**${weights}** of ${code(modelName(model))}\n\n${arrivalTable(group)}`
  })
  return { ...joined(sections, byModel), range: calleeRange(place), tensors: [] }
}

function joined(sections: readonly string[], byModel: ReadonlyMap<Model, unknown>): { markdown: string } {
  const more = byModel.size - sections.length
  return { markdown: [...sections, ...(more > 0 ? [`and the same of ${more} more models`] : [])].join('\n\n---\n\n') }
}

const firsts = (byModel: ReadonlyMap<Model, readonly StoredVariant[]>): StoredVariant[] =>
  [...byModel.values()].flatMap(([first]) => first ?? [])
