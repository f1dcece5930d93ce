// Loops over the layers of a model. Sixty layers that are alike do sixty times the same; where a turn leaves everything as
// the turn before it left it, the rest is run as one, by a value that stands for all that are left. Layers of other kinds
// in between, such as the first dense ones of a mixture of experts, are stacks of their own.

import type { Expr, Stmt } from '../source/ir'
import type { Machine } from './machine'
import { leaves } from './names'
import { looksAt } from './purity'
import { scopesOfFunction } from './scopes'
import { isAlike, StandIns } from './standIns'
import { symbolOf } from './summary'
import type { ArrayValue, Scope, Value } from './value'

/** Layers, one after the other, from which on it is worth it. */
const fewest = 6

/** Runs a loop over layers by their kinds; false where it has to be walked turn by turn. */
export function walkStacks(
  m: Machine,
  s: Stmt & { kind: 'for' },
  items: readonly Value[],
  scope: Scope,
  visit: (item: Value) => boolean,
): boolean {
  if (items.length < fewest || !items.every(holdsLayer) || leaves(s.body)) return false
  const names = looksAt(m, s.body)
  if (!names) return false
  const ignored = namesIn(s.target)
  const { turns } = m
  m.turns *= items.length
  for (let i = 0; i < items.length && m.work > 0;) {
    const end = endOfStack(names, items, i)
    if (!visit(items[i] as Value)) break
    i++
    if (end - i < fewest) continue
    const before = stateOf(scope, ignored)
    if (!visit(items[i] as Value)) break
    i++
    if (!isSame(before, stateOf(scope, ignored))) continue
    const rest = items.slice(i, end)
    const symbol = symbolOf(m, 'layers', { first: i, step: 1, count: rest.length })
    const standIns = new StandIns({ symbol, first: i, names })
    const standIn = standIns.for(rest)
    m.summaries++
    const isGoingOn = visit(standIn)
    m.summaries--
    if (!isGoingOn) break
    // What a library did to the one that stands for all is done to each of them.
    if (standIns.areUntouched() || rest.every(item => visit(item))) i = end
    else break
  }
  m.turns = turns
  return true
}

/** A layer, or a tuple of something with one. */
const holdsLayer = (item: Value): boolean =>
  item.kind === 'instance' || (item.kind === 'list' && item.shape === 'tuple' && item.items.some(holdsLayer))

/** Where layers of another kind begin. */
function endOfStack(names: ReadonlySet<string>, items: readonly Value[], from: number): number {
  const first = items[from] as Value
  let end = from + 1
  for (let item = items[end]; item && isAlike(names, first, item); item = items[end]) end++
  return end
}

const namesIn = (target: Expr): ReadonlySet<string> =>
  new Set(
    target.kind === 'name'
      ? [target.name]
      : target.kind === 'list' || target.kind === 'tuple'
        ? target.items.flatMap(item => [...namesIn(item)])
        : target.kind === 'spread'
          ? namesIn(target.value)
          : [],
  )

type State = readonly (readonly [string, Value])[]

/** What the variables of a function hold, but for those that a loop sets itself. */
const stateOf = (scope: Scope, ignored: ReadonlySet<string>): State =>
  scopesOfFunction(scope).flatMap(s => [...s.vars].filter(([name]) => !ignored.has(name)))

const isSame = (a: State, b: State): boolean =>
  a.length === b.length && a.every(([name, v], i) => name === b[i]?.[0] && isLike(v, b[i][1]))

/** Whether what follows cannot tell them apart. */
function isLike(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a.kind === 'const' && b.kind === 'const') return a.value === b.value
  if (a.kind === 'array' && b.kind === 'array') return shapesOf(a) === shapesOf(b) && a.library === b.library
  if (a.kind === 'unknown' && b.kind === 'unknown') return !a.free && !b.free && !a.linear && !b.linear
  if (a.kind === 'list' && b.kind === 'list')
    return (
      a.shape === b.shape &&
      a.open === b.open &&
      a.items.length === b.items.length &&
      a.items.every((item, i) => isLike(item, b.items[i] as Value))
    )
  return false
}

/** Of an activation: one that holds stored tensors is like no other. */
const shapesOf = ({ variants }: ArrayValue): unknown =>
  variants.every(v => !v.stored && !v.decoded && v.readings.symbols.length === 0)
    ? JSON.stringify(variants.map(v => [v.shape, v.table, v.dtype, v.role, v.heads?.axes, v.heads?.attended]))
    : variants
