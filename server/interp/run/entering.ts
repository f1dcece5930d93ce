// Calls that would tell nothing, and are not entered: those of a function in itself on what is not known, as in a walk over a
// tree that no one has seen, where every turn would know no more than the one before it and two such calls in a turn would
// be two to the power of the depth; and those of a function that has cost much already and met nothing new.

import type { FunctionDef } from '../../source/ir'
import type { Machine } from './machine'
import { newsOf } from './news'
import type { Value } from '../values/value'

/** A call that has not returned yet. */
export interface Entered {
  readonly def: FunctionDef
  /** What its parameters got. */
  readonly given: readonly Value[]
  /** How much was uncertain then. */
  readonly uncertain: number
  /** The call that it was made in. */
  readonly within: Entered | undefined
  readonly work: number
  readonly news: number
}

/** What all calls of a function have cost, in evaluated nodes, and whether the last one has met anything new. */
export interface Spent {
  work: number
  isFruitless: boolean
}

/** Calls inside calls; deeper recursion than this in a loader is a loop we cannot follow. */
const mostDepth = 60
/** Calls of one function may cost this much before one that knows nothing has to bring something new. */
const mostWork = 20_000

/** A call as it is entered, or why it is not. */
export function enter(m: Machine, def: FunctionDef, given: readonly Value[]): Entered | string {
  if (m.depth >= mostDepth) return 'calls nest too deeply'
  const within = m.frame.entered
  for (let outer = within; outer; outer = outer.within)
    if (outer.def === def) {
      if (m.uncertain > outer.uncertain && isVague(given, outer.given)) return 'a call of itself on what is not known'
      break
    }
  const spent = m.spent.get(def)
  if (spent && spent.isFruitless && spent.work > mostWork && isVague(given)) return 'called often, with nothing known'
  return { def, given, uncertain: m.uncertain, within, work: m.work, news: newsOf(m) }
}

/** Notes what a call has cost. */
export function leave(m: Machine, { def, work, news }: Entered): void {
  const used = work - m.work
  const isFruitless = newsOf(m) === news
  const spent = m.spent.get(def)
  if (!spent) m.spent.set(def, { work: used, isFruitless })
  else {
    spent.work += used
    spent.isFruitless = isFruitless
  }
}

/** Whether something is not known of what a call gets, and nothing is but numbers, texts, and what the call around it had. */
function isVague(given: readonly Value[], before?: readonly Value[]): boolean {
  let isAnyUnknown = false
  for (let i = 0; i < given.length; i++) {
    const v = given[i] as Value
    if (v.kind === 'unknown') isAnyUnknown = true
    else if (v.kind !== 'template' && v.kind !== 'const' && v !== before?.[i]) return false
  }
  return isAnyUnknown
}
