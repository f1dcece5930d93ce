// Runs the programs of a snapshot against its checkpoints. Runs of programs that did not change, against checkpoints that did not
// change, are kept.

import type { JsonFile, Model } from './checkpoint/facts'
// Their files import one another: this one is loaded first, or what others take from it is not there yet.
import { candidates } from './interp/stored/binding'
import { componentsOf } from './interp/program/components'
import { type Bundle, bundlesOf } from './interp/deliveries'
import { interpret, type Run } from './interp/index'
import { speaksOfTensors } from './interp/program/names'
import type { BrokenRule, Followed, Snapshot } from './judge'
import type { Program } from './source/ir'
import { sameItems } from './util/sameItems'

/** Follows every program that speaks of tensors. */
export function follow(snapshot: Snapshot): Followed {
  const broken: BrokenRule[] = []
  const components = componentsOf(snapshot.programs, snapshot.folders).filter(programs =>
    programs.some(speaksOfTensors),
  )
  const runs = components.flatMap(programs => runsOf(snapshot, programs, broken))
  return { runs, bundles: runs.flatMap(run => bundlesIn(run)), broken }
}

/** The programs that belong together with those at some paths, as if they were new: no run of theirs is kept. */
export const freshly = ({ programs, folders }: Snapshot, paths: ReadonlySet<string>): readonly Program[] =>
  componentsOf(programs, folders)
    .filter(component => component.some(({ path }) => paths.has(path)))
    .flatMap(component => component.map(program => ({ ...program })))

const bundleCache = new WeakMap<Run, readonly Bundle[]>()
function bundlesIn(run: Run): readonly Bundle[] {
  let known = bundleCache.get(run)
  if (!known) bundleCache.set(run, (known = bundlesOf(run)))
  return known
}

interface Kept {
  readonly programs: readonly Program[]
  readonly models: readonly Model[]
  readonly folders: readonly string[]
  readonly data: readonly JsonFile[]
  readonly bindings: Snapshot['bindings']
  readonly runs: readonly Run[]
}
const kept = new WeakMap<Program, Kept>()

/** Runs of programs that belong together: one, or one for each checkpoint that their free inputs may mean. */
function runsOf(
  { models, folders, bindings, data = [] }: Snapshot,
  programs: readonly Program[],
  broken: BrokenRule[],
): readonly Run[] {
  const first = programs[0]
  if (!first) return []
  const known = kept.get(first)
  if (
    known &&
    known.bindings === bindings &&
    sameItems(known.programs, programs) &&
    sameItems(known.models, models) &&
    sameItems(known.data, data) &&
    sameItems(known.folders, folders)
  )
    return known.runs
  let runs: readonly Run[] = []
  try {
    // A model of which only the index is there has nothing that a program could be given.
    const stored = models.filter(({ shards }) => shards.length > 0)
    runs = bind(programs, stored, folders, data, bindings)
  } catch (error) {
    broken.push({ rule: `interpreter on ${first.path}`, error })
  }
  kept.set(first, { programs, models, folders, data, bindings, runs })
  return runs
}

/** One run for each checkpoint that may be meant; a single one where the programs' own paths decide. */
function bind(
  programs: readonly Program[],
  models: readonly Model[],
  folders: readonly string[],
  data: readonly JsonFile[],
  bindings: Snapshot['bindings'],
): readonly Run[] {
  const groups = candidates(programs, models, bindings)
  let unmet: readonly Run[] | undefined
  for (const group of groups.length > 0 ? groups : [[undefined]]) {
    const runs: Run[] = []
    for (const bound of group) {
      const run = interpret(programs, { models, folders, data }, bound)
      if (!run.askedBound) return [run]
      runs.push(run)
    }
    if (runs.some(run => run.bound && run.met.has(run.bound))) return runs
    unmet ??= runs
  }
  return unmet ?? []
}
