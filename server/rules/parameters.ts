// What a delivery's tensors say about bits and group size, against what the program passes. Shared by the rule about the
// program and the rule about the config, so that one contradiction is told once, where it can be repaired.

import type { Arrived, Delivery } from '../interp/deliveries'
import type { Verdict } from '../quant/triple'
import type { Sink } from '../interp/run/machine'
import { isNumber, type Value } from '../interp/values/value'
import { type Pair, showPairs } from '../quant/affine'
import { modeDefaults } from '../quant/config'
import { expectedWidth, type Width, withEvidence } from '../quant/dimensions'

export type Parameter = 'groupSize' | 'bits'

/** A parameter as passed: its value where known, and the abstract value, which knows where it was written. */
export interface Passed {
  readonly value: number | undefined
  readonly from: Value | undefined
}

export interface Judgement {
  /** Pairs that the tensors allow, those that other evidence picks where it does. */
  readonly pairs: readonly Pair[]
  readonly width: Width | undefined
  /** Whether MLX would take the passed pair without a word, and decode to another width. */
  readonly silent: boolean
  /** Parameters that differ from the pair that is closest to what was passed. */
  readonly wrong: readonly Parameter[]
  readonly wanted: Pair
  /** Every pair that is as close to what was passed: more than one where the evidence leaves several readings. */
  readonly closest: readonly Pair[]
}

/** What an operation of MLX takes for a parameter: the argument, or the default where the program leaves it out. */
export function passed(sink: Sink, which: Parameter): Passed {
  const value = sink[which]
  if (value === undefined || (value.kind === 'const' && value.value === null)) {
    const mode = sink.mode?.kind === 'const' ? String(sink.mode.value ?? 'affine') : 'affine'
    return { value: modeDefaults(mode)[which], from: value }
  }
  return { value: isNumber(value) ? value.value : undefined, from: value }
}

/**
 * Judges a pair of parameters against a triple's pairs; undefined where nothing is wrong or not enough is known. A
 * parameter that is not known is taken to be right if it can be.
 */
export function judgeParameters(
  given: { readonly groupSize: number | undefined; readonly bits: number | undefined },
  triple: {
    readonly pairs: readonly Pair[]
    readonly packedColumns: number
    readonly groups: number
    readonly width: Width | undefined
  },
): Judgement | undefined {
  const pairs = withEvidence(triple.pairs, triple.packedColumns, triple.width)
  const distance = (p: Pair) =>
    Number(given.groupSize !== undefined && p.groupSize !== given.groupSize) +
    Number(given.bits !== undefined && p.bits !== given.bits)
  const wanted = [...pairs].sort((a, b) => distance(a) - distance(b))[0]
  if (!wanted || distance(wanted) === 0) return undefined
  const { groupSize, bits } = given
  const silent =
    groupSize !== undefined && bits !== undefined && groupSize * bits * triple.groups === triple.packedColumns * 32
  const wrong = (['bits', 'groupSize'] as const).filter(
    which => given[which] !== undefined && given[which] !== wanted[which],
  )
  return {
    pairs,
    width: triple.width,
    silent,
    wrong,
    wanted,
    closest: pairs.filter(p => distance(p) === distance(wanted)),
  }
}

/** "say 64", or every reading where the evidence leaves more than one. */
export function showExpected(wanted: readonly number[], judgements: readonly Judgement[]): string {
  const open = judgements.find(j => j.closest.length > 1)
  if (open && judgements.every(j => j.closest.length > 1)) return `fit ${showPairs(open.closest)} instead`
  return wanted.length === 1 ? `say ${wanted[0]}` : `say ${wanted.join(' and ')}, by module`
}

/** The shapes of a delivery that its parameters are judged by. */
export interface DeliveredTriple {
  readonly pairs: readonly Pair[]
  readonly packedColumns: number
  readonly groups: number
  readonly width: Width | undefined
}

/** Kept with the weight as it arrives, which stays the same object while a program is being edited. */
const triples = new WeakMap<Arrived, DeliveredTriple | 'none'>()

/** The triple of a delivery, in the orientation that fits; undefined where none does. */
export function tripleOf(d: Delivery): DeliveredTriple | undefined {
  let known = triples.get(d.weight)
  if (!known) triples.set(d.weight, (known = readTriple(d) ?? 'none'))
  return known === 'none' ? undefined : known
}

function readTriple(d: Delivery): DeliveredTriple | undefined {
  if (d.verdict.kind !== 'fits' && d.verdict.kind !== 'turned') return undefined
  const turned = d.verdict.kind === 'turned' ? d.verdict.turned : undefined
  const last = (shape: readonly number[], isTurned: boolean | undefined) =>
    shape[shape.length - (isTurned ? 2 : 1)] ?? 0
  return shared(d.verdict, {
    pairs: d.verdict.pairs,
    packedColumns: last(d.weight.shape, turned?.weight),
    groups: last(d.scales.shape, turned?.scales),
    width: isWhole(d) ? expectedWidth(d.model, d.module) : undefined,
  })
}

const sharedTriples = new WeakMap<Verdict | Width, DeliveredTriple[]>()
/** One object for equal ones: weights that are alike have one verdict, and there may be thousands. */
function shared(verdict: Verdict, triple: DeliveredTriple): DeliveredTriple {
  const key = triple.width ?? verdict
  let known = sharedTriples.get(key)
  if (!known) sharedTriples.set(key, (known = []))
  const same = known.find(
    t => t.packedColumns === triple.packedColumns && t.groups === triple.groups && t.pairs === triple.pairs,
  )
  if (!same) known.push(triple)
  return same ?? triple
}

/** For people: the pairs that a delivery's tensors leave, and the evidence where it picks one. */
export function showReadings(d: Delivery): string {
  const triple = tripleOf(d)
  if (!triple) return 'no pair of MLX'
  const pairs = withEvidence(triple.pairs, triple.packedColumns, triple.width)
  const decided = triple.width && pairs.length < triple.pairs.length
  return `${showPairs(pairs)}${decided ? `, ${triple.width?.why}` : ''}`
}

/** Evidence about the stored width holds only where the columns were not sliced. */
const isWhole = (d: Delivery) => d.weight.ops?.every(op => op.op === 'transpose' || op.op === 'contiguous') === true
