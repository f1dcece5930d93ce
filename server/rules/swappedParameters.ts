// Bits and group size in each other's place: told by the numbers, which in that order are none that the tensors could have.

import type { Delivery } from '../interp/deliveries'
import { placeKey } from '../interp/run/machine'
import { type Pair, showPair, showPairs } from '../quant/affine'
import { withEvidence } from '../quant/dimensions'
import { groupBy } from '../util/groupBy'
import { judgedFor, judgedWhere } from './delivered'
import { passed, tripleOf } from './parameters'
import type { Draft, Facts } from './rule'
import { becauseTensor, count, foldNames, rangeOf, showTensor } from './show'
import { swapFix } from './swapFix'
import { tensorNames } from './transposedTriple'

/** The pair that is meant, where what is passed is it in the other order; undefined elsewhere. */
export function swappedPair(d: Delivery): Pair | undefined {
  const triple = tripleOf(d)
  const [bits, groupSize] = [passed(d.sink, 'bits'), passed(d.sink, 'groupSize')]
  if (!triple || bits.from === undefined || groupSize.from === undefined) return undefined
  return withEvidence(triple.pairs, triple.packedColumns, triple.width).find(
    pair => pair.bits === groupSize.value && pair.groupSize === bits.value,
  )
}

/** A finding for each call that exchanges them. */
export function* swappedParameters(facts: Facts, isSwapped: (d: Delivery) => boolean): Iterable<Draft> {
  const found = judgedWhere(facts, isSwapped)
  for (const group of groupBy(found, d => placeKey(d.sink.call)).values()) yield draft(group, facts)
}

function draft(group: readonly Delivery[], facts: Facts): Draft {
  const d = group[0] as Delivery
  const { call, arguments: places } = d.sink
  const pairs = [...new Map(group.flatMap(one => swappedPair(one) ?? []).map(pair => [showPair(pair), pair])).values()]
  const name = call.program.language === 'python' ? 'group_size' : 'groupSize'
  const all = judgedFor(facts, sink => placeKey(sink.call) === placeKey(call))
  return {
    path: call.program.path,
    range: rangeOf(places.groupSize ?? call),
    message: `${name} is ${passed(d.sink, 'groupSize').value} and bits is ${passed(d.sink, 'bits').value}, each in the other's place; the tensors are ${showPairs(pairs)}: weight ${showTensor(d.weight)} with scales ${showTensor(d.scales)}; ${count(new Set(group.map(one => one.module)).size, 'module')}, ${foldNames(group.map(one => one.module))}`,
    tensors: [...new Set(group.flatMap(tensorNames))],
    because: [
      becauseTensor(d.weight, `${d.weight.tensor.name} is stored ${showTensor(d.weight.tensor)}`),
      becauseTensor(d.scales, `${d.scales.tensor.name} is stored ${showTensor(d.scales.tensor)}`),
    ],
    // What else comes to the call in the right order would be hurt.
    fixes: all.every(one => swappedPair(one)) ? swapFix(places.groupSize, places.bits, `${name} and bits`) : [],
  }
}
