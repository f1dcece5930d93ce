// Whether running a body leaves nothing behind but its own variables, told from its text and that of all it may call, and
// which attributes it can look at: what it cannot see cannot make a difference.

import type { Expr, FunctionDef, Stmt } from '../source/ir'
import type { Machine } from './machine'
import { type CallShape, callShape, functionsOf, keyWriters, takes, walkNodes } from './names'
import type { Value } from './value'

interface Looks {
  /** Attributes that are looked at; undefined where something outside is changed, or may be. */
  readonly names: ReadonlySet<string> | undefined
  readonly calls: readonly CallShape[]
}

/** Functions that look at or change members by names that are not in the text. */
const byOtherNames = /^(getattr|setattr|hasattr|delattr|vars|dir|eval|exec|locals|globals|parameters|children|modules)$/
/** What Python and JavaScript call without a call in the text. */
const implicit = /^(__call__|__getattr__|__getitem__|__len__|__iter__|__enter__|__exit__)$/
const isAccessor = (def: FunctionDef): boolean => def.decorators.some(d => /property|^(get|set)$/.test(d))

const looksCache = new WeakMap<object, Looks>()

function looksOf(body: object): Looks {
  let known = looksCache.get(body)
  if (!known) {
    const names = new Set<string>()
    const calls: CallShape[] = []
    let changes = false
    walkNodes(body, node => {
      const e = node as unknown as Stmt | Expr
      if (e.kind === 'attribute') names.add(e.name)
      // `const { scale } = this` looks at an attribute as well.
      else if (e.kind === 'dict')
        for (const entry of e.entries)
          if ('key' in entry && entry.key.kind === 'literal') names.add(String(entry.key.value))
      if (e.kind === 'assign' || e.kind === 'assignment') changes ||= !isLocal(e.target)
      else if (e.kind === 'for') changes ||= !isLocal(e.target)
      else if (e.kind === 'with') changes ||= e.items.some(i => i.target && !isLocal(i.target))
      else if (e.kind === 'delete' || e.kind === 'global' || e.kind === 'yield') changes = true
      else if (e.kind === 'call') {
        const shape = callShape(e)
        if (!shape) return
        changes ||= (e.callee.kind === 'attribute' && keyWriters.test(shape.name)) || byOtherNames.test(shape.name)
        calls.push(shape)
      }
    })
    looksCache.set(body, (known = { names: changes ? undefined : names, calls }))
  }
  return known
}

const isLocal = (target: Expr): boolean =>
  target.kind === 'name' ||
  ((target.kind === 'list' || target.kind === 'tuple') && target.items.every(isLocal)) ||
  (target.kind === 'spread' && isLocal(target.value)) ||
  (target.kind === 'default' && isLocal(target.target)) ||
  (target.kind === 'dict' && target.entries.every(e => isLocal('spread' in e ? e.spread : e.value)))

/** Methods that objects of a class may run without a call of their name, those of its bases included. */
const implicitOf = (of: Value): readonly FunctionDef[] =>
  of.kind === 'class'
    ? [...of.def.methods.filter(def => implicit.test(def.name) || isAccessor(def)), ...of.bases.flatMap(implicitOf)]
    : []

/**
 * Attributes that a body, or anything that it may call, looks at; undefined where it may change something that outlives it.
 * What an object is called on is not known from the text, so that the `__call__` of every class of which there
 * are objects may be meant.
 */
export function looksAt(m: Machine, body: readonly Stmt[]): ReadonlySet<string> | undefined {
  const all = new Set<string>()
  const seen = new Set<object>()
  const open: object[] = [
    body,
    ...[...m.instantiated.values()].flatMap(({ of }) => implicitOf(of).map(def => def.body)),
  ]
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    const { names, calls } = looksOf(next)
    if (!names) return undefined
    for (const name of names) all.add(name)
    for (const { name, count } of calls)
      for (const program of m.programs)
        for (const def of functionsOf(program).get(name) ?? []) if (takes(def, count)) open.push(def.body)
  }
  return all
}
