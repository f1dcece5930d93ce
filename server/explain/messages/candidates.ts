// Which quantized weights a message may speak of, best first, each with its reasons. Several may fit equally well; then
// all of them are named and none is called the one.

import type { Delivery } from '../../interp/deliveries'
import type { Place } from '../../interp/values/value'
import { showPair } from '../../quant/affine'
import { passed } from '../../rules/parameters'
import { rangeOf, showTensor } from '../../rules/show'
import { configured, type Dossier, storedTriple, type WeightFacts } from '../dossier'
import { atLine, atPlace, code } from '../markdown'
import { predictedError } from '../predict'
import type { OwnFrame } from './frames'
import type { Recognised } from './index'
import { relate } from './relation'

export interface Candidate {
  readonly weight: WeightFacts
  /** The delivery that fits best. */
  readonly delivery: Delivery | undefined
  readonly score: number
  /** Markdown. */
  readonly reasons: readonly string[]
}

/** An embedding is what rows are looked up in; its name says so in every architecture that is known. */
const isLookedUp = (module: string): boolean => /embed|wte|wpe|experts|switch_mlp/.test(module)

/** All that fit, best first; empty where the message speaks of no quantized weight that is known. */
export function candidatesFor(
  dossier: Dossier,
  recognised: Recognised,
  frames: readonly OwnFrame[],
): readonly Candidate[] {
  const all = dossier.weights.flatMap(weight => judge(dossier, weight, recognised, frames) ?? [])
  return [...all].sort((a, b) => b.score - a.score)
}

function judge(
  { show }: Dossier,
  weight: WeightFacts,
  { reading, message, text }: Recognised,
  frames: readonly OwnFrame[],
): Candidate | undefined {
  const reasons: string[] = []
  let score = 0
  const add = (points: number, reason?: string) => {
    score += points
    if (reason) reasons.push(reason)
  }
  const key = reading.text('key')
  const names = key !== undefined ? [key] : reading.names
  if (names.length > 0) {
    const own = [weight.weight, weight.scales, weight.biases].flatMap(t => (t ? [t.tensor] : []))
    const hit = own.find(t => names.some(name => isNamed(t.name, name)))
    if (!hit) return undefined
    add(100, `the message names ${code(hit.name)}, stored as ${showTensor(hit)}`)
  }
  const shown = { weight: reading.shape('w'), scales: reading.shape('s') ?? sideOf(recognisedShape(reading)) }
  const delivery = bestDelivery(weight, text, frames)
  if (shown.weight || shown.scales) {
    const stored = { weight: weight.weight.tensor.shape, scales: weight.scales.tensor.shape }
    const lookedUp = isLookedUp(weight.module)
    const relation =
      relate(stored, shown, lookedUp) ??
      (delivery && relate({ weight: delivery.weight.shape, scales: delivery.scales.shape }, shown, lookedUp))
    if (!relation) return undefined
    add(
      relation.score,
      `${code('weight')} ${showTensor(weight.weight.tensor)} and ${code('scales')} ${showTensor(weight.scales.tensor)}: ${relation.how}`,
    )
  } else if (message.id === 'matmul-shapes') {
    const why = asOperand(weight, reading.shape('y'))
    if (!why) return undefined
    add(60, why)
  }
  if (delivery && predictedError(delivery) && sameText(predictedError(delivery) ?? '', text))
    add(60, `as ${atPlace(show, delivery.site)} hands it over, MLX raises exactly this`)
  parameters(weight, delivery, reading.number('g'), reading.number('bits'), add)
  if (delivery && isIn(delivery.sink.call, frames))
    add(40, `the ${code(delivery.sink.op)} at ${atPlace(show, delivery.sink.call)} is in the traceback`)
  if (delivery && delivery.site !== delivery.sink.call && isIn(delivery.site, frames))
    add(20, `${atPlace(show, delivery.site)}, which hands it over, is in the traceback`)
  const name = weight.module.slice(weight.module.lastIndexOf('.') + 1)
  const mention: OwnFrame | undefined = frames.find(f => mentions(f, name))
  if (mention && score > 0)
    add(
      25,
      `${atLine(show, mention.program.path, { line: mention.line, character: 0 })} in the traceback names ${code(name)}`,
    )
  if (!shown.weight && !shown.scales && names.length === 0) {
    const fault = faultOf(weight, message.id)
    if (fault) add(30, fault)
  }
  return score >= 30 && reasons.length > 0 ? { weight, delivery, score, reasons } : undefined
}

/** Whether the line of a frame has this name in it, in Python's spelling or JavaScript's. */
function mentions({ program, line }: OwnFrame, name: string): boolean {
  if (name.length < 3) return false
  const camel = name.replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase())
  const words: readonly string[] = (program.text.split('\n')[line] ?? '').slice(0, 1_000).match(/\w+/g) ?? []
  return words.includes(name) || words.includes(camel)
}

/** A name as the model has it may have lost or got a prefix in sanitize. */
export const isNamed = (stored: string, named: string): boolean =>
  stored === named || stored.endsWith(`.${named}`) || named.endsWith(`.${stored}`)

const recognisedShape = (reading: Recognised['reading']) => reading.shape('grouped')

/** Scales of a broadcast in dequantize have the group size as an axis of their own. */
const sideOf = (grouped: readonly number[] | undefined) =>
  grouped && grouped.length > 2 ? grouped.slice(0, -1) : undefined

const bare = (text: string) => text.replace(/[.\s]+$/, '').replace(/\s+/g, ' ')
export const sameText = (a: string, b: string): boolean => bare(a) === bare(b)

function bestDelivery(weight: WeightFacts, text: string, frames: readonly OwnFrame[]): Delivery | undefined {
  const score = (d: Delivery) =>
    (isIn(d.sink.call, frames) ? 4 : 0) +
    (isIn(d.site, frames) ? 2 : 0) +
    (sameText(predictedError(d) ?? '', text) ? 1 : 0)
  return [...weight.deliveries].sort((a, b) => score(b) - score(a))[0]
}

export function isIn(place: Place, frames: readonly OwnFrame[]): boolean {
  const { start, end } = rangeOf(place)
  return frames.some(f => f.program.path === place.program.path && f.line >= start.line && f.line <= end.line)
}

function parameters(
  weight: WeightFacts,
  delivery: Delivery | undefined,
  groupSize: number | undefined,
  bits: number | undefined,
  add: (points: number, reason?: string) => void,
): void {
  if (groupSize === undefined || bits === undefined) return
  const given = delivery && {
    groupSize: passed(delivery.sink, 'groupSize').value,
    bits: passed(delivery.sink, 'bits').value,
  }
  const said = configured(weight)?.pair
  if (given?.groupSize === groupSize && given.bits === bits)
    add(10, `the program passes ${showPair({ bits, groupSize })} for it, as the message says`)
  else if (said?.groupSize === groupSize && said.bits === bits)
    add(10, `the config says ${showPair({ bits, groupSize })} for it, as the message does`)
  const triple = storedTriple(weight)
  const fits = triple?.likely.some(p => p.bits === bits && p.groupSize === groupSize)
  if (triple && !fits) add(5, `its own tensors are ${triple.likely.map(showPair).join(' or ')}`)
}

/** A weight as the second operand of a plain product: decoded to [out, in], or still packed. */
function asOperand(weight: WeightFacts, shape: readonly number[] | undefined): string | undefined {
  if (!shape) return undefined
  const text = JSON.stringify(shape)
  if (text === JSON.stringify(weight.weight.tensor.shape))
    return `it is stored ${showTensor(weight.weight.tensor)}: it may still be packed`
  const triple = storedTriple(weight)
  const pair = triple?.likely.find(p => text === JSON.stringify([triple.rows, (triple.packedColumns * 32) / p.bits]))
  return pair && `decoded at ${showPair(pair)} it is [out, in] = [${shape.join(', ')}]`
}

/** What is stored wrongly in a way that gives a message of this kind. */
function faultOf(weight: WeightFacts, id: string): string | undefined {
  const { stored } = weight
  switch (id) {
    case 'leading-dimensions-differ':
      if (stored.kind === 'turned')
        return `it is stored transposed: ${showTensor(weight.weight.tensor)} with scales ${showTensor(weight.scales.tensor)}`
      return stored.kind === 'fits'
        ? undefined
        : `${showTensor(weight.weight.tensor)} and ${showTensor(weight.scales.tensor)} do not go together`
    case 'weight-not-uint32':
      return weight.weight.tensor.dtype === 'U32' ? undefined : `its weight is ${weight.weight.tensor.dtype}`
    case 'biases-missing':
      return weight.biases ? undefined : 'no biases are stored for it'
    case 'biases-not-wanted':
      return weight.biases ? 'biases are stored for it' : undefined
    case 'scales-not-uint8':
      return weight.scales.tensor.dtype === 'U8' ? undefined : `its scales are ${weight.scales.tensor.dtype}`
    case 'scales-not-floating':
      return /^[UI]/.test(weight.scales.tensor.dtype) ? `its scales are ${weight.scales.tensor.dtype}` : undefined
    default:
      return undefined
  }
}
