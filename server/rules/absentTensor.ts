// A loader asks a checkpoint for a tensor that it does not hold: a wrong suffix or prefix, or a layer past the last.
// Python raises KeyError there; JavaScript gives undefined, and whatever uses it raises. Said only where the lookup is sure to happen, and for every checkpoint it may be made of.

import { distance } from 'fastest-levenshtein'
import type { AbsentKey } from '../interp/run/machine'
import { placeKey } from '../interp/run/machine'
import type { Because, Fix } from '../protocol'
import { groupBy } from '../util/groupBy'
import { defineRule, type Facts } from './rule'
import { baseName, becauseCall, count, fileStart, foldNames, rangeOf, textAt } from './show'

export const absentTensor = defineRule({
  id: 'absent-tensor',
  severity: 'error',
  title: 'The checkpoint does not hold this tensor',
  *check(facts) {
    const all = facts.runs.flatMap(run => run.absent)
    for (const group of groupBy(all, a => placeKey(a.place)).values()) {
      const first = group[0]
      if (!first || !holdsForAll(facts, first)) continue
      const keys = [...new Set(group.map(a => a.key))]
      const near = nearest(first)
      const model = first.view.entries[0]?.model
      yield {
        path: first.place.program.path,
        range: rangeOf(first.place),
        message: `${foldNames(keys)} ${keys.length === 1 ? 'is' : 'are'} not in ${model ? baseName(model.path) : 'the checkpoint'}, which holds ${count(tensorCount(first), 'tensor')}${near ? `; the nearest name is ${near.name}` : ''}; ${first.place.program.language === 'python' ? 'Python raises KeyError here' : 'this is undefined, and what it is used for raises TypeError'}`,
        tensors: [],
        because: [...(near ? [near.because] : []), ...(first.calls ?? []).map(becauseCall)],
        fixes: near && keys.length === 1 ? keyFix(first, near.name) : [],
      }
    }
  },
})

/** Several checkpoints may be meant by a path that is not known; then the key must be missing from each that is met. */
function holdsForAll({ runs }: Facts, absent: AbsentKey): boolean {
  if (absent.view.named) return true
  const concerned = runs.filter(run => run.bound && run.met.has(run.bound) && run.programs.has(absent.place.program))
  return concerned.every(run => run.absent.some(a => placeKey(a.place) === placeKey(absent.place)))
}

const tensorCount = ({ view }: AbsentKey) => view.entries.reduce((n, e) => n + e.shard.tensors.count, 0)

/** Names looked at for a suggestion; in a larger checkpoint the search would cost more than it helps. */
const searchedNames = 20_000

function nearest(absent: AbsentKey): { name: string; because: Because } | undefined {
  const { key, view } = absent
  if (tensorCount(absent) > searchedNames) return undefined
  let best: { name: string; path: string; far: number } | undefined
  for (const { shard } of view.entries)
    for (const name of shard.tensors.names()) {
      if (Math.abs(name.length - key.length) > 12) continue
      const far = distance(name, key)
      if (far <= Math.max(3, key.length / 4) && (!best || far < best.far)) best = { name, path: shard.path, far }
    }
  return (
    best && {
      name: best.name,
      because: {
        path: best.path,
        range: fileStart,
        message: `${best.name} is in ${baseName(best.path)}`,
        tensor: best.name,
      },
    }
  )
}

/** A key that is written as one literal is corrected; the author's quotes are kept. */
function keyFix({ literal }: AbsentKey, name: string): Fix[] {
  const quote = literal && /^["']/.exec(textAt(literal))?.[0]
  if (!literal || !quote) return []
  return [
    {
      title: `Change the key to ${name}`,
      kind: 'needs-a-look',
      edits: [{ path: literal.program.path, range: rangeOf(literal), newText: `${quote}${name}${quote}` }],
    },
  ]
}
