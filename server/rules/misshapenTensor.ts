// One tensor of a layer in another shape than the same tensor of the other layers, with as many elements: an axis of
// length 1 too many, rows and columns exchanged, or rows of another length; or one single tensor of plain numbers in another
// size. Said only where the layers are alike in all else, for then nothing but a slip tells this one apart. Where its shape
// happens to be taken, the numbers are wrong.

import type { Model } from '../checkpoint/facts'
import { type Layout, patternsOf, type ShardFamily } from '../checkpoint/layouts'
import { ranksOf } from '../checkpoint/models'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
import { groupBy } from '../util/groupBy'
import { defineRule, type Draft, type Facts } from './rule'
import { becauseTensor, count, fileStart, foldNames, showShape } from './show'
import { areTaken } from './uses'

export const misshapenTensor = defineRule({
  id: 'misshapen-tensor',
  severity: 'warning',
  title: 'A tensor has another shape than its like in the other layers',
  *check(facts) {
    for (const model of facts.models)
      for (const one of draftsOf(model)) yield { ...one, ...whereHarmless(facts, model, one) }
  },
})

/** A finding, and whether the shapes are alike but for axes of length 1. */
interface Odd extends Draft {
  readonly tensors: readonly string[]
  readonly isSpread: boolean
}

const kept = new WeakMap<Model, readonly Odd[]>()
function draftsOf(model: Model): readonly Odd[] {
  let known = kept.get(model)
  if (!known) kept.set(model, (known = [...check(model)]))
  return known
}

/** The workspace's own programs leave the tensors out, or take them with an axis too many and nothing is refused. */
function whereHarmless({ runs }: Facts, model: Model, { tensors, isSpread, message }: Odd): Partial<Draft> {
  const taken = areTaken(runs, model, tensors)
  if (taken === undefined || (taken && !isSpread)) return {}
  const what = taken ? 'compute with it, and MLX refuses nothing there' : 'leave it out'
  return { severity: 'information', message: `${message}; the programs here ${what}` }
}

/** A name with one number: what stands before it, and what behind it. */
const oneNumber = /^([^#]*)#\.([^#]+)$/

/** Parameters that a layer has besides, at least: two or three alike may be anything. */
const fewestOthers = 2

function* check(model: Model): Iterable<Odd> {
  // Ranks hold slices.
  if (ranksOf(model).length > 1) return
  const all = patternsOf(model).flatMap(({ layouts }) => layouts)
  const layers = groupBy(all, layout => oneNumber.exec(nameOf(layout))?.[1])
  for (const [prefix, parameters] of layers) {
    if (prefix === undefined) continue
    const byName = [...groupBy(parameters, nameOf).values()]
    const odd = byName.filter(same => shapesOf(same).size > 1)
    const [only] = odd
    if (!only || odd.length > 1 || byName.length <= fewestOthers) continue
    // Every layer has every parameter.
    if (new Set(byName.map(countOf)).size > 1) continue
    const sizes = groupBy(only, ({ family }) => elementsOf(family))
    if (new Set(only.map(({ family }) => family.dtype)).size > 1) continue
    if (sizes.size === 1) yield draft(only)
    else if (parameters.every(({ family }) => floats.test(family.dtype))) yield* oddSize(prefix, [...sizes.values()])
  }
}

/** The name of a layout's tensors, with `#` for numbers. */
const nameOf = ({ pattern: { text }, parameter }: Layout): string => (text === '' ? parameter : `${text}.${parameter}`)
const shapesOf = (same: readonly Layout[]): ReadonlySet<string> =>
  new Set(same.map(({ family }) => family.shape.join()))
const countOf = (same: readonly Layout[]): number => same.reduce((n, { count }) => n + count, 0)
const elementsOf = ({ shape }: TensorFamily): number => shape.reduce((n, d) => n * d, 1)

function draft(same: readonly Layout[]): Odd {
  const shapes = [...groupBy(same, ({ family }) => family.shape.join()).values()]
  // The fewest are the odd ones; of as many the one with more axes.
  const [odd = [], like = []] = shapes.toSorted((a, b) => countOf(a) - countOf(b) || rankOf(b) - rankOf(a))
  const isEven = countOf(odd) === countOf(like) && rankOf(odd) === rankOf(like)
  const names = (isEven ? same : odd).flatMap(namesOf)
  const [first, other] = [odd[0], like[0]] as [Layout, Layout]
  const [at, otherAt] = [first.pieces[0], other.pieces[0]] as [ShardFamily, ShardFamily]
  const isVector = [first, other].every(({ family }) => family.shape.filter(d => d !== 1).length < 2)
  const [sizes, otherSizes] = [first, other].map(({ family }) => family.shape.filter(d => d !== 1).join())
  const sample = otherAt.shard.tensors.find(otherAt.family.sample)
  return {
    path: at.shard.path,
    range: fileStart,
    // A vector is spread over what it meets, whatever axes of length 1 it has.
    ...(isVector ? { severity: 'information' as const } : {}),
    message: `${foldNames(odd.flatMap(namesOf))} ${countOf(odd) === 1 ? 'is' : 'are'} ${first.family.dtype} ${showShape(first.family.shape)} and ${foldNames(like.flatMap(namesOf))} ${showShape(other.family.shape)}: as many elements in another shape, though the layers are alike in all else (${count(countOf(same), 'layer')}); ${isVector ? 'MLX adds and multiplies either in the same way, a strict load refuses one' : `a loader that takes both computes wrong numbers with ${isEven ? 'one of them' : 'the first'}`}`,
    tensors: names,
    isSpread: sizes === otherSizes,
    because: sample ? [becauseTensor({ shard: otherAt.shard, tensor: sample }, `${sample.name} is stored here`)] : [],
  }
}

/** Packed weights differ in size where they differ in bits. */
const floats = /^(BF16|F16|F32)$/
const fewestLike = 3

/**
 * One tensor in another size than at least three others, of a layer that stands between others: the first may take other
 * inputs, and the last give other outputs. No number in a config makes one layer so in one tensor.
 */
function* oddSize(prefix: string, sizes: readonly (readonly Layout[])[]): Iterable<Odd> {
  const [odd = [], like = []] = sizes.toSorted((a, b) => countOf(a) - countOf(b))
  const [first, other] = [odd[0], like[0]]
  const [at, otherAt] = [first?.pieces[0], other?.pieces[0]]
  if (!first || !other || !at || !otherAt || sizes.length > 2 || countOf(odd) > 1 || countOf(like) < fewestLike) return
  const names = namesOf(first)
  const numberIn = (name: string): number => Number.parseInt(name.slice(prefix.length), 10)
  const others = like.flatMap(namesOf).map(numberIn)
  const number = numberIn(names[0] ?? '')
  if (number < Math.min(...others) || number > Math.max(...others)) return
  const sample = otherAt.shard.tensors.find(otherAt.family.sample)
  yield {
    path: at.shard.path,
    range: fileStart,
    message: `${names.join()} is ${first.family.dtype} ${showShape(first.family.shape)} and ${foldNames(like.flatMap(namesOf))} ${showShape(other.family.shape)}, though the layers are alike in all else (${count(countOf(odd) + countOf(like), 'layer')}); a loader that builds all layers alike refuses it`,
    tensors: names,
    isSpread: false,
    because: sample ? [becauseTensor({ shard: otherAt.shard, tensor: sample }, `${sample.name} is stored here`)] : [],
  }
}

const rankOf = ([first]: readonly Layout[]): number => first?.family.shape.length ?? 0

const namesOf = ({ pieces }: Layout): string[] =>
  pieces.flatMap(({ shard, family }) => Array.from(family.rows.subarray(0, 500), row => shard.tensors.nameAt(row)))
