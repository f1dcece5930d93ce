// What the programs of the workspace do with a stored tensor: those that take tensors of its model and were followed to
// their ends either take it too or leave it out.

import type { Model } from '../checkpoint/facts'
import type { Run } from '../interp/index'

/** Whether any program takes one of the tensors; undefined where no program loads the model, or one was not followed whole. */
export function areTaken(runs: readonly Run[], model: Model, names: readonly string[]): boolean | undefined {
  const loading = runs.filter(run => run.met.has(model))
  if (loading.length === 0) return undefined
  let taken = false
  let some = false
  for (const run of loading) {
    if (!isWhole(run, model)) return undefined
    const own = takenOf(run, model)
    some ||= own.size > 0
    taken ||= names.some(name => own.has(name))
  }
  return some ? taken : undefined
}

/** What a program that stops would have taken is not known. */
const isWhole = (run: Run, model: Model): boolean =>
  run.stopped === undefined &&
  run.refusals.length === 0 &&
  run.absent.length === 0 &&
  run.unfollowed.length === 0 &&
  !run.takes.whole.has(model) &&
  !(model === run.bound && run.askedBound && run.takes.anyInput)

const kept = new WeakMap<Run, Map<Model, ReadonlySet<string>>>()

/** Names of the stored tensors that a program takes of a model. */
function takenOf(run: Run, model: Model): ReadonlySet<string> {
  const known = kept.get(run)?.get(model)
  if (known) return known
  const names = new Set<string>()
  for (const variants of run.takes.arrays)
    for (const { stored } of variants)
      for (const source of stored?.sources ?? []) if (source.model === model) names.add(source.tensor.name)
  kept.set(run, (kept.get(run) ?? new Map<Model, ReadonlySet<string>>()).set(model, names))
  return names
}
