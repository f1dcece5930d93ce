// What rules say of a snapshot and of the runs of its programs: all of an analysis but the runs themselves, so that who looks
// at checkpoints alone need not load the interpreter.

import type { JsonFile, Model } from './checkpoint/facts'
import { type Bundle, deliveriesOf, type Delivery } from './interp/deliveries'
import type { Run } from './interp/index'
import type { Binding } from './interp/stored/binding'
import type { Finding, Range, VerifyItem } from './protocol'
import { weightSites } from './rules/delivered'
import { rules } from './rules/index'
import type { Draft, Facts, Rule } from './rules/rule'
import { rangeOf } from './rules/show'
import { fixesOf, messageOf } from './rules/whichModel'
import type { Program } from './source/ir'
import { sameItems } from './util/sameItems'
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

/** Programs as they ran. */
export interface Followed {
  readonly runs: readonly Run[]
  readonly bundles: readonly Bundle[]
  readonly broken: readonly BrokenRule[]
}

/** What there is to say of a snapshot, whose programs were followed (follow.ts). */
export function judge(snapshot: Snapshot, { runs, bundles, broken: unfollowed }: Followed): Analysis {
  const broken = [...unfollowed]
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
    fixes: fixesOf(facts, { tensors, models, ...draft }),
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
