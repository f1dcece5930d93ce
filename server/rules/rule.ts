// What a rule is: a value with a name for the fault, and a generator over facts that somebody else worked out.

import type { JsonFile, Model } from '../checkpoint/facts'
import type { Bundle, Delivery } from '../interp/deliveries'
import type { Run } from '../interp/index'
import type { Because, Fix, Range, Severity } from '../protocol'

/** Everything a rule may look at. */
export interface Facts {
  readonly models: readonly Model[]
  /** Config and index files that belong to some model. */
  readonly configs: readonly JsonFile[]
  readonly runs: readonly Run[]
  /** Triples that arrive at a quantized operation, by what they have in common; see deliveries.ts. */
  readonly bundles: readonly Bundle[]
  /** The same one by one, worked out when asked: a rule asks for those that it speaks of, see delivered.ts. */
  readonly deliveries: readonly Delivery[]
  /** See Snapshot.listed. */
  readonly listed?: ReadonlyMap<string, ReadonlySet<string>> | undefined
}

/** A finding before it has its rule's name. */
export interface Draft {
  readonly path: string
  readonly range: Range
  readonly message: string
  /** Where the rule's usual severity does not hold. */
  readonly severity?: Severity
  /** Full names, every one; a function where there may be tens of thousands that nobody asks for. */
  readonly tensors: readonly string[] | (() => readonly string[])
  readonly because?: readonly Because[]
  /** Checkpoints that it holds for, where `because` does not lead to their files. */
  readonly models?: ReadonlySet<Model>
  readonly fixes?: readonly Fix[]
}

export interface Rule<Id extends string = string> {
  /** Names the fault, in kebab case. */
  readonly id: Id
  readonly severity: Severity
  readonly title: string
  check(facts: Facts): Iterable<Draft>
}

/** Keeps the id a literal type. */
export const defineRule = <const Id extends string>(rule: Rule<Id>): Rule<Id> => rule

/** The check of a rule that looks at one checkpoint and nothing else: what it says of one is kept with it. */
export function eachModel(check: (model: Model) => Iterable<Draft>): Rule['check'] {
  const kept = new WeakMap<Model, readonly Draft[]>()
  return ({ models }) =>
    models.flatMap(model => {
      let drafts = kept.get(model)
      if (!drafts) kept.set(model, (drafts = [...check(model)]))
      return drafts
    })
}
