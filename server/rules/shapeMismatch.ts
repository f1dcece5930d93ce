// An operation that its library refuses on every run: shapes that do not go together, an axis that is not there, a packed
// weight of another dtype. Products, packed triples and names have rules of their own, which say more; this one is for
// what they leave.

import { columnSlice } from './columnSlice'
import type { Delivery } from '../interp/deliveries'
import type { Run } from '../interp/index'
import type { Refusal } from '../interp/run/refusals'
import { placeKey } from '../interp/run/machine'
import { groupBy } from '../util/groupBy'
import { defineRule, type Draft, type Facts } from './rule'
import { where } from './delivered'
import { misfitPlaces } from './innerDimension'
import { isPacked } from './foreign'
import { packedAgain } from './packedQuantizedAgain'
import { becauseCall, becauseTensor, rangeOf, showTensor } from './show'
import { isCrossed } from './sites'
import { isToldByMode } from './wrongMode'
import { isToldByParameters } from './wrongParameters'

export const shapeMismatch = defineRule({
  id: 'shape-mismatch',
  severity: 'error',
  title: 'An operation is refused for the shapes or dtypes it gets',
  *check(facts) {
    const refusals = [...certain(facts, 'shape')]
    if (refusals.length === 0) return
    const told = toldElsewhere(facts)
    for (const refusal of refusals) if (!told.has(placeKey(refusal.at))) yield draft(refusal)
  },
})

const isTold = (d: Delivery): boolean =>
  d.verdict.kind !== 'fits' ||
  !isPacked(d) ||
  isCrossed(d) ||
  columnSlice(d) !== undefined ||
  isToldByParameters(d) ||
  isToldByMode(d)

/** Calls that the rules about products, triples and parameters speak of. */
function toldElsewhere(facts: Facts): ReadonlySet<string> {
  return new Set([
    ...misfitPlaces(facts),
    ...packedAgain(facts).map(p => placeKey(p.call)),
    ...where(facts, isTold).map(d => placeKey(d.sink.call)),
  ])
}

/** Refusals of one kind, one for each place, that hold for every checkpoint that the program may be run with. */
export function* certain(
  { runs }: Facts,
  kind: Refusal['kind'],
  counts: (run: Run) => boolean = () => true,
): Iterable<Refusal> {
  const found = runs
    .filter(counts)
    .flatMap(run => run.refusals.filter(r => r.kind === kind).map(refusal => ({ refusal, run })))
  for (const [key, group] of groupBy(found, f => placeKey(f.refusal.at))) {
    const first = group[0]
    if (!first) continue
    const program = first.refusal.at.program
    const others = runs.filter(run => run.programs.has(program) && (run.bound === undefined || run.met.has(run.bound)))
    const isAsked = group.some(({ run }) => run.askedBound)
    if (isAsked && others.some(run => !run.refusals.some(r => r.kind === kind && placeKey(r.at) === key))) continue
    yield first.refusal
  }
}

export function draft({ at, found, expected, raises, tensors, calls }: Refusal): Draft {
  const shown = [...new Map(tensors.map(t => [t.tensor.name, t])).values()]
  return {
    path: at.program.path,
    range: rangeOf(at),
    message: [found, expected && `expected ${expected}`, raises && `raises "${raises}"`].filter(Boolean).join('; '),
    tensors: shown.map(t => t.tensor.name),
    because: [
      ...shown.slice(0, 4).map(t => becauseTensor(t, `${t.tensor.name} is stored ${showTensor(t.tensor)}`)),
      ...calls.map(becauseCall),
    ],
  }
}
