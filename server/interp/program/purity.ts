// Whether running a body leaves nothing behind but its own variables, told from its text and that of all it may call, and
// which attributes it can look at: what it cannot see cannot make a difference.

import type { Expr, FunctionDef, Stmt } from '../../source/ir'
import type { Machine } from '../run/machine'
import { type CallShape, callShape, functionsOf, keyWriters, takes, walkNodes } from './names'
import type { Value } from '../values/value'

/** Names of attributes: some, or any. */
export interface Names {
  has(name: string): boolean
}

/** What running a body leaves behind: nothing; members of objects; anything. */
type Changes = 'nothing' | 'members' | 'anything'

interface Looks {
  readonly changes: Changes
  /** Attributes that are looked at. */
  readonly names: ReadonlySet<string>
  /** Attributes are looked at by names that are not in the text. */
  readonly byOthers: boolean
  readonly calls: readonly CallShape[]
}

/** Functions that look at members, set them, or change anything by names that are not in the text. */
const looksByName = /^(getattr|hasattr)$/
const setsByName = /^setattr$/
const byOtherNames = /^(delattr|vars|dir|eval|exec|locals|globals|parameters|children|modules)$/
/** What Python and JavaScript call without a call in the text. */
const implicit =
  /^(__call__|__getattr__|__getitem__|__len__|__iter__|__enter__|__exit__|next|\[Symbol\.(iterator|asyncIterator)\])$/
const isAccessor = (def: FunctionDef): boolean => def.decorators.some(d => /property|^(get|set)$/.test(d))

const looksCache = new WeakMap<object, Looks>()

function looksOf(body: object): Looks {
  let known = looksCache.get(body)
  if (!known) {
    const names = new Set<string>()
    const calls: CallShape[] = []
    let changes: Changes = 'nothing'
    let byOthers = false
    const change = (by: Changes): void => {
      if (by === 'anything' || (by === 'members' && changes === 'nothing')) changes = by
    }
    walkNodes(body, node => {
      const e = node as unknown as Stmt | Expr
      if (e.kind === 'attribute') names.add(e.name)
      // `const { scale } = this` looks at an attribute as well.
      else if (e.kind === 'dict')
        for (const entry of e.entries)
          if ('key' in entry && entry.key.kind === 'literal') names.add(String(entry.key.value))
      if (e.kind === 'assign' || e.kind === 'assignment') change(changesBy(e.target))
      else if (e.kind === 'for') change(changesBy(e.target))
      else if (e.kind === 'with') for (const item of e.items) change(item.target ? changesBy(item.target) : 'nothing')
      else if (e.kind === 'delete' || e.kind === 'global' || e.kind === 'yield') change('anything')
      else if (e.kind === 'call') {
        const shape = callShape(e)
        if (!shape) return
        if ((e.callee.kind === 'attribute' && keyWriters.test(shape.name)) || byOtherNames.test(shape.name))
          change('anything')
        else if (setsByName.test(shape.name)) change('members')
        if (looksByName.test(shape.name) || setsByName.test(shape.name)) byOthers = true
        calls.push(shape)
      }
    })
    looksCache.set(body, (known = { changes, names, byOthers, calls }))
  }
  return known
}

/** What assigning to a target changes. */
function changesBy(target: Expr): Changes {
  switch (target.kind) {
    case 'name':
      return 'nothing'
    case 'attribute':
      return 'members'
    case 'list':
    case 'tuple':
      return worst(target.items.map(changesBy))
    case 'spread':
      return changesBy(target.value)
    case 'default':
      return changesBy(target.target)
    case 'dict':
      return worst(target.entries.map(e => changesBy('spread' in e ? e.spread : e.value)))
    default:
      return 'anything'
  }
}

const worst = (all: readonly Changes[]): Changes =>
  all.includes('anything') ? 'anything' : all.includes('members') ? 'members' : 'nothing'

/** Methods that objects of a class may run without a call of their name, those of its bases included. */
const implicitOf = (of: Value): readonly FunctionDef[] =>
  of.kind === 'class'
    ? [...of.def.methods.filter(def => implicit.test(def.name) || isAccessor(def)), ...of.bases.flatMap(implicitOf)]
    : []

const anyName: Names = { has: () => true }

/**
 * Attributes that a body, or anything that it may call, looks at, and whether it sets members of anything; undefined where
 * it may change anything else that outlives it. What an object is called on is not known from the text, so that the
 * `__call__` of every class of which there are objects may be meant.
 */
export function looksAt(
  m: Machine,
  body: readonly Stmt[],
): { readonly names: Names; readonly setsMembers: boolean } | undefined {
  const all = new Set<string>()
  const seen = new Set<object>()
  let [byOthers, setsMembers] = [false, false]
  const open: object[] = [
    body,
    ...[...m.instantiated.values()].flatMap(({ of }) => implicitOf(of).map(def => def.body)),
  ]
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    const { changes, names, byOthers: isAny, calls } = looksOf(next)
    if (changes === 'anything') return undefined
    setsMembers ||= changes === 'members'
    byOthers ||= isAny
    for (const name of names) all.add(name)
    for (const { name, count } of calls)
      for (const program of m.programs)
        for (const def of functionsOf(program).get(name) ?? []) if (takes(def, count)) open.push(def.body)
  }
  return { names: byOthers ? anyName : all, setsMembers }
}
