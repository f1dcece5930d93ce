// Inlay hints: behind a load what is stored and what it means, behind a quantized operation how what arrives reads.

import type { Analysis } from '../engine'
import type { Place } from '../interp/values/value'
import type { Position, Range } from '../protocol'
import { rangeOf } from '../rules/show'
import type { Program } from '../source/ir'
import { grouped } from '../util/numbers'
import { type Arrival, arrivalsIn } from './arrivals'
import { alikeDeliveries, readsAs } from './arrivalTable'
import { type Lookup, lookupsIn } from './lookups'
import { briefly } from './meaning'
import { alike, type Alike, showVariantShape } from './tensorTable'

export interface Hint {
  readonly position: Position
  /** `u32 [3072, 384] = 4-bit [3072, 3072] g64` */
  readonly label: string
}

/** A hint has room for the first tensors of a key only; a hover tells the rest. */
const mostTensors = 200
const mostKinds = 4
const room = 42

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
  if (labels.size > mostKinds) return `${grouped(found.length)} tensors`
  return joined([...labels], found.length > mostTensors)
}

function showAlike({ first, meaning }: Alike): string {
  const stored = `${(first.dtype ?? first.stored.tensor.dtype).toLowerCase()} ${showVariantShape(first)}`
  return meaning?.brief === undefined ? stored : `${stored} = ${meaning.brief}`
}

function arrivalLabel({ deliveries }: Arrival): string | undefined {
  const groups = alikeDeliveries(deliveries.slice(0, mostTensors))
  const labels = new Set(groups.map(([d]) => readsAs(d)?.join(' or ')))
  // What does not fit has a finding that says so better.
  if (labels.has(undefined)) return undefined
  const shown = groups.map(([d]) => `= ${briefly(readsAs(d) ?? [])}`)
  return joined([...new Set(shown)], deliveries.length > mostTensors)
}

/** Both of two where there is room, else the first and that there are others: an editor cuts what is longer. */
function joined(labels: readonly string[], more: boolean): string | undefined {
  const [first, ...others] = labels
  if (first === undefined) return undefined
  const both = labels.join(' or ')
  if (others.length + Number(more) === 0 || (!more && both.length <= room)) return both
  return `${first}, …`
}
