// Loops that go on and on without meeting anything new, as one that makes a token in every turn. What each turn costs would
// be missing where the program is read on, so that after a while such a loop is left like one of unknown length.

import type { Expr, Stmt } from '../../source/ir'
import { type Machine, unknown } from './machine'
import { namesIn, walkNodes } from '../program/names'
import { holderOf, isJavaScript } from './scopes'
import type { Scope, Value } from '../values/value'

/** Turns and evaluated nodes without anything new; short loops are followed to their end. */
const mostTurns = 8
const mostWork = 4_000

export class Idling {
  private seen: number
  private work: number
  private turns = 0

  constructor(m: Machine) {
    this.seen = newsOf(m)
    this.work = m.work
  }

  /** Asked before every turn: whether those before it were many and met nothing new. */
  isLong(m: Machine): boolean {
    const seen = newsOf(m)
    if (seen !== this.seen) {
      this.seen = seen
      this.work = m.work
      this.turns = 0
    } else this.turns++
    return this.turns >= mostTurns && this.work - m.work > mostWork
  }
}

/** Grows with all that a run meets for the first time: functions, keys, files, values of a config. */
const newsOf = (m: Machine): number =>
  m.called.size +
  m.lookups.size +
  m.keys.size +
  m.loads.size +
  m.modules.size +
  m.written.size +
  m.fileReads.size +
  m.configReads.size +
  m.instantiated.size

/** Variables that a long loop changes in every turn, perhaps only those with a value of some kind. */
export function forget(
  m: Machine,
  names: readonly string[],
  scope: Scope,
  isMeant: (v: Value | undefined) => boolean = () => true,
): void {
  for (const name of names) {
    const holder = isJavaScript(scope) ? holderOf(scope, name) : scope.vars.has(name) ? scope : undefined
    if (holder && isMeant(holder.vars.get(name))) holder.vars.set(name, unknown(m, 'counted in a long loop'))
  }
}

const cache = new WeakMap<readonly Stmt[], readonly string[]>()
/** Names that a body sets, to whatever. */
export function namesSet(body: readonly Stmt[]): readonly string[] {
  let known = cache.get(body)
  if (!known) {
    const names = new Set<string>()
    walkNodes(body, node => {
      if (node.kind !== 'assign' && node.kind !== 'assignment') return
      for (const name of namesIn((node as unknown as { readonly target: Expr }).target)) names.add(name)
    })
    cache.set(body, (known = [...names]))
  }
  return known
}
