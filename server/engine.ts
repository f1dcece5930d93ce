// Snapshot in, findings out: the pure heart of Tensorlint. It reads no file, no clock, no setting, and knows no editor.
// Start reading here, then one rule in rules/, then its case in test/cases/.

import type { JsonFile, Model } from './checkpoint/facts'
import { type Binding, candidates } from './interp/stored/binding'
import { componentsOf } from './interp/program/components'
import { type Bundle, bundlesOf, deliveriesOf, type Delivery } from './interp/deliveries'
import { interpret, type Run } from './interp/index'
import { speaksOfTensors } from './interp/program/names'
import type { Finding, Range, VerifyItem } from './protocol'
import { rules } from './rules/index'
import type { Draft, Facts, Rule } from './rules/rule'
import { rangeOf } from './rules/show'
import { messageOf } from './rules/whichModel'
import { weightSites } from './rules/delivered'
import type { Program } from './source/ir'
import { verifyItems } from './verify/items'

/** Everything that an analysis may look at. Values are immutable: an unchanged file is the same object as before. */
export interface Snapshot {
  /** Absolute workspace folders; relative paths in programs are tried against these. */
  readonly folders: readonly string[]
  readonly models: readonly Model[]
  readonly programs: readonly Program[]
  /** JSON files of the workspace that belong to no model: what a program reads numbers and names from. */
  readonly data?: readonly JsonFile[]
  /** Names of files and folders by the path of the folder that holds them, in `/` form; a folder that was not listed is unknown. */
  readonly listed?: ReadonlyMap<string, ReadonlySet<string>>
  /** What settings say about which checkpoints programs load; the first that fits counts. */
  readonly bindings?: readonly Binding[]
}

/** A place in a program where tensors arrive at a quantized operation or module: what a code lens sits on. */
export interface LoadSite {
  readonly path: string
  readonly range: Range
  /** Paths of the models whose tensors arrive here. */
  readonly models: readonly string[]
  /** Modules (without `.weight`) that arrive here. */
  readonly modules: ReadonlySet<string>
}

/** A rule, or the interpreter on some programs, that broke: our bug, told apart so that the rest still reports. */
export interface BrokenRule {
  readonly rule: string
  readonly error: unknown
}

export interface Analysis {
  /** What the rules were shown; a written analysis weighs the same. */
  readonly facts: Facts
  readonly findings: readonly Finding[]
  /** Worked out when asked. */
  sites(): readonly LoadSite[]
  /** Loads that were followed to their tensors, and those that were not, with the reason. */
  readonly understood: number
  readonly unknown: readonly { readonly path: string; readonly range: Range; readonly reason: string }[]
  /** What "Verify Dequantize" runs for a model, worked out when asked. */
  verify(model: Model): readonly VerifyItem[]
  readonly broken: readonly BrokenRule[]
}

/** Analyses a snapshot. Runs of programs that did not change, against checkpoints that did not change, are kept. */
export function analyse(snapshot: Snapshot): Analysis {
  const broken: BrokenRule[] = []
  const components = componentsOf(snapshot.programs, snapshot.folders).filter(programs =>
    programs.some(speaksOfTensors),
  )
  const runs = components.flatMap(programs => runsOf(snapshot, programs, broken))
  const bundles = runs.flatMap(run => bundlesIn(run))
  let deliveries: readonly Delivery[] | undefined
  let sites: readonly LoadSite[] | undefined
  const configs = new Map(snapshot.models.flatMap(m => m.configs.map(file => [file.path, file] as const)))
  const facts: Facts = {
    models: snapshot.models,
    configs: [...configs.values()],
    runs,
    bundles,
    get deliveries() {
      return (deliveries ??= deliveriesOf(bundles))
    },
    listed: snapshot.listed,
  }
  return {
    facts,
    findings: findingsOf(facts, broken),
    sites: () => (sites ??= loadSites(facts)),
    understood: new Set(runs.flatMap(run => run.understood.map(p => `${p.program.path}:${p.span.start}`))).size,
    unknown: unknownLoads(runs),
    verify: model => verifyItems(model, facts.deliveries),
    broken,
  }
}

/** Where code lenses sit. */
const loadSites = (facts: Facts): readonly LoadSite[] =>
  weightSites(facts).map(({ place, weights }) => {
    return {
      path: place.program.path,
      range: rangeOf(place),
      models: [...new Set(weights.map(([model]) => model.path))],
      modules: together(weights.map(([, modules]) => modules)),
    }
  })

const unions = new WeakMap<
  ReadonlySet<string>,
  { readonly of: readonly ReadonlySet<string>[]; readonly all: ReadonlySet<string> }
>()
/** All that is in any of the sets; the same object for the same sets, which stay what they are while a program is edited. */
function together(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const [first, second] = sets
  if (!first || !second) return first ?? new Set()
  const known = unions.get(first)
  if (known && sameItems(known.of, sets)) return known.all
  const all = new Set(sets.flatMap(set => [...set]))
  unions.set(first, { of: sets, all })
  return all
}

function findingsOf(facts: Facts, broken: BrokenRule[]): Finding[] {
  const findings: Finding[] = []
  for (const rule of rules)
    try {
      for (const draft of rule.check(facts)) findings.push(findingOf(facts, rule, draft))
    } catch (error) {
      broken.push({ rule: rule.id, error })
    }
  return findings.sort(
    (a, b) =>
      compareText(a.path, b.path) ||
      a.range.start.line - b.range.start.line ||
      a.range.start.character - b.range.start.character,
  )
}

function findingOf(facts: Facts, rule: Rule, { tensors, models, ...draft }: Draft): Finding {
  let names = typeof tensors === 'function' ? undefined : tensors
  return {
    rule: rule.id,
    ...draft,
    message: messageOf(facts, { tensors, models, ...draft }),
    get tensors() {
      return (names ??= typeof tensors === 'function' ? tensors() : tensors)
    },
    severity: draft.severity ?? rule.severity,
    because: draft.because ?? [],
    fixes: draft.fixes ?? [],
  }
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Loads that no reading could follow. */
function unknownLoads(runs: readonly Run[]): Analysis['unknown'] {
  const understood = new Set(runs.flatMap(run => run.understood.map(p => `${p.program.path}:${p.span.start}`)))
  const found = new Map<string, { path: string; range: Range; reason: string }>()
  for (const run of runs)
    for (const { place, why } of run.unfollowed) {
      const key = `${place.program.path}:${place.span.start}`
      if (!understood.has(key) && !found.has(key))
        found.set(key, { path: place.program.path, range: rangeOf(place), reason: why })
    }
  return [...found.values()]
}

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

const sameItems = <T>(a: readonly T[], b: readonly T[]) => a.length === b.length && a.every((item, i) => item === b[i])

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
