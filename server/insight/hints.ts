// Inlay hints: behind a load what is stored and what it means, behind a quantized operation how what arrives reads.

import type { Analysis } from '../engine'
import type { Place } from '../interp/value'
import type { Position, Range } from '../protocol'
import { rangeOf } from '../rules/show'
import type { Program } from '../source/ir'
import { type Arrival, arrivalsIn } from './arrivals'
import { alikeDeliveries, readsAs } from './arrivalTable'
import { type Lookup, lookupsIn } from './lookups'
import { alike, type Alike, showVariantShape } from './tensorTable'

export interface Hint {
  readonly position: Position
  /** `u32 [3072, 384] = 4-bit [3072, 3072] g64` */
  readonly label: string
}

/** A hint has room for the first tensors of a key only; a hover tells the rest. */
const mostTensors = 200
const mostShapes = 2
const mostKinds = 4

/** Hints of a program that end inside a range of its lines. */
export function hintsIn(analysis: Analysis, program: Program, within: Range): readonly Hint[] {
  const loads = lookupsIn(analysis.facts, program.path).filter(l => l.kind === 'load')
  const loaded = new Set(loads.map(l => l.place))
  const hints = [
    ...loads.flatMap(l => hintAt(l.place, within, () => loadLabel(l))),
    ...arrivalsIn(analysis.facts, program.path)
      .filter(a => !loaded.has(a.place))
      .flatMap(a => hintAt(a.place, within, () => arrivalLabel(a))),
  ]
  return hints.sort((a, b) => a.position.line - b.position.line || a.position.character - b.position.character)
}

function hintAt(place: Place, within: Range, labelOf: () => string | undefined): Hint[] {
  const position = rangeOf(place).end
  if (position.line < within.start.line || position.line > within.end.line) return []
  const label = labelOf()
  return label ? [{ position, label }] : []
}

/** What a load gives, in a few words: `u32 [3072, 384] = 4-bit [3072, 3072] g64`, `94 tensors`. */
export function loadLabel(lookup: Lookup): string | undefined {
  const found = lookup.found()
  const labels = new Set(alike(found.slice(0, mostTensors)).map(showAlike))
  // Everything at once, as when a program walks over a checkpoint: shapes would say nothing.
  if (labels.size > mostKinds) return `${found.length.toLocaleString('en-US')} tensors`
  return joined([...labels], ' or ', found.length > mostTensors)
}

function showAlike({ first, meaning }: Alike): string {
  const stored = `${(first.dtype ?? first.stored.tensor.dtype).toLowerCase()} ${showVariantShape(first)}`
  // What scales and biases belong to is told by their weight.
  if (!meaning || /^(scales|biases) of /.test(meaning)) return stored
  return `${stored} = ${oneReading(meaning)}`
}

/** The first of several readings, and that there are others. */
function oneReading(meaning: string): string {
  const [first = '', ...others] = meaning.split(' or ')
  return others.length > 0 ? `${first} or …` : first
}

function arrivalLabel({ deliveries }: Arrival): string | undefined {
  const groups = alikeDeliveries(deliveries.slice(0, mostTensors))
  const labels = new Set(groups.map(([d]) => readsAs(d)))
  // What does not fit has a finding that says so better.
  if (labels.has(undefined)) return undefined
  const shown = [...labels].flatMap(label => (label === undefined ? [] : [`= ${oneReading(label)}`]))
  return joined(shown, ' or ', deliveries.length > mostTensors)
}

function joined(labels: readonly string[], word: string, more: boolean): string | undefined {
  if (labels.length === 0) return undefined
  if (labels.length <= mostShapes && !more) return labels.join(word)
  const others = labels.length - 1
  return `${labels[0]}, and ${others > 0 && !more ? `${others} other shape${others === 1 ? '' : 's'}` : 'other shapes'}`
}
