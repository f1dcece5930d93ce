// Loops over the layers of a model. Sixty layers that are alike do sixty times the same; where a turn leaves everything as
// the turn before it left it, the rest is run as one, by a value that stands for all that are left. Layers of other kinds
// in between, such as the first dense ones of a mixture of experts, are stacks of their own.

import type { Expr, Stmt } from '../../source/ir'
import type { Machine } from './machine'
import { leaves, namesIn, walkNodes } from '../program/names'
import { looksAt, type Names } from '../program/purity'
import { scopesOfFunction } from './scopes'
import { isAlike, StandIns } from '../values/standIns'
import { symbolOf } from './summary'
import { attemptTrial, type Trial } from './trial'
import { type ArrayValue, isNumber, type Scope, type Value } from '../values/value'

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
  const looks = looksAt(m, s.body)
  if (!looks) return false
  const { names, setsMembers } = looks
  const ignored = namesIn(s.target)
  const own = new Set([...ignored, ...setFirst(s.body)])
  const { turns } = m
  m.turns *= items.length
  for (let i = 0; i < items.length && m.work > 0;) {
    const end = endOfStack(names, items, i)
    if (!visit(items[i] as Value)) break
    i++
    if (end - i < fewest) continue
    const before = stateOf(scope, own)
    if (!visit(items[i] as Value)) break
    i++
    if (!isSame(before, stateOf(scope, own))) continue
    const first = numberOf(items[i] as Value) ?? i
    const isTried = setsMembers || own.size > ignored.size
    // A turn that sets nothing, and says nothing of its number, leaves what every other leaves.
    const read = isTried ? 'nothing' : readOnce(m, { names, first, items: items.slice(i, end) }, visit)
    if (read === 'end') break
    if (read === 'all') i = end
    else {
      // The last is walked by itself: what a turn leaves in its variables is what the last one does.
      const rest = items.slice(i, end - 1)
      if (!tryOnce(m, { names, first, items: rest }, scope, visit) && !rest.every(item => visit(item))) break
      if (!visit(items[end - 1] as Value)) break
      i = end
    }
  }
  m.turns = turns
  return true
}

/** Layers that are alike, and the number of the first. */
interface Stack {
  readonly names: Names
  readonly first: number
  readonly items: readonly Value[]
}

/** Runs one turn for many; `nothing` where each of them has to be walked, for its number or for what was done to it. */
function readOnce(
  m: Machine,
  { names, first, items }: Stack,
  visit: (item: Value) => boolean,
): 'all' | 'nothing' | 'end' {
  const symbol = symbolOf(m, 'layers', { first, step: 1, count: items.length })
  const standIns = new StandIns({ symbol, first, names })
  const standIn = standIns.for(items)
  if (standIns.haveNumbers) return 'nothing'
  m.summaries++
  const isGoingOn = visit(standIn)
  m.summaries--
  // What a library did to the one that stands for all is done to each of them.
  return !isGoingOn ? 'end' : standIns.areUntouched() ? 'all' : 'nothing'
}

/** Tries one turn for many; the variables of the function are as they were where it does not stand for them. */
function tryOnce(m: Machine, { names, first, items }: Stack, scope: Scope, visit: (item: Value) => boolean): boolean {
  // A trial within a trial would have to be taken back with it.
  if (m.trial || m.uncertain > 0 || m.dead) return false
  const range = { first, step: 1, count: items.length }
  const symbol = symbolOf(m, 'tried layers', range)
  const standIns = new StandIns({ symbol, first, names })
  const standIn = standIns.for(items)
  const scopes = scopesOfFunction(scope)
  const before = scopes.map(s => new Map(s.vars))
  const { raised } = m.frame
  const trial: Trial = { symbol, range, standIns, made: m.instances.length, uncertain: m.uncertain }
  if (attemptTrial(m, trial, () => visit(standIn))) return true
  scopes.forEach((s, i) => (s.vars = before[i] ?? s.vars))
  m.frame.raised = raised
  return false
}

/** A layer, or a tuple of something with one. */
const holdsLayer = (item: Value): boolean =>
  item.kind === 'instance' || (item.kind === 'list' && item.shape === 'tuple' && item.items.some(holdsLayer))

/** Where layers of another kind begin. */
function endOfStack(names: Names, items: readonly Value[], from: number): number {
  const first = items[from] as Value
  const a = numberOf(first) ?? from
  let end = from + 1
  for (let item = items[end]; item && isAlike(names, first, item, { a, b: a + end - from }); item = items[end]) end++
  return end
}

/** The number that stands beside a layer, as `enumerate` gives it. */
function numberOf(item: Value): number | undefined {
  const number = item.kind === 'list' ? item.items.find(isNumber)?.value : undefined
  return Number.isInteger(number) ? number : undefined
}

const setFirstCache = new WeakMap<readonly Stmt[], ReadonlySet<string>>()
/** Names that every turn sets before it looks at them: what the turn before has left in them does not matter. */
function setFirst(body: readonly Stmt[]): ReadonlySet<string> {
  let known = setFirstCache.get(body)
  if (!known) {
    const [set, seen] = [new Set<string>(), new Set<string>()]
    body.forEach((s, at) => {
      if (s.kind === 'assign' && !s.op) {
        for (const name of mentioned(s.value)) seen.add(name)
        for (const name of namesIn(s.target)) if (!seen.has(name)) set.add(name)
      } else if (s.kind === 'for' && s.orElse.length === 0) {
        // The loop may not run: what it sets counts where nothing else looks at it.
        const others = [s.iterable, ...body.slice(0, at), ...body.slice(at + 1)].map(mentioned)
        for (const name of [...namesIn(s.target), ...setFirst(s.body)])
          if (!others.some(names => names.has(name))) set.add(name)
      }
      for (const name of mentioned(s)) seen.add(name)
    })
    setFirstCache.set(body, (known = set))
  }
  return known
}

const mentionedCache = new WeakMap<object, ReadonlySet<string>>()
/** Every name within. */
function mentioned(node: Expr | Stmt): ReadonlySet<string> {
  let known = mentionedCache.get(node)
  if (!known) {
    const names = new Set<string>()
    walkNodes(node, e => {
      if (e.kind === 'name') names.add((e as unknown as { readonly name: string }).name)
    })
    mentionedCache.set(node, (known = names))
  }
  return known
}

type State = readonly (readonly [string, Value])[]

/** What the variables of a function hold, but for those that a loop sets itself. */
const stateOf = (scope: Scope, ignored: ReadonlySet<string>): State =>
  scopesOfFunction(scope).flatMap(s =>
    [...s.vars].flatMap(([name, v]): [string, Value][] =>
      // A list may be added to; what it held is compared with what it holds then.
      ignored.has(name) ? [] : [[name, v.kind === 'list' ? { ...v, items: [...v.items] } : v]],
    ),
  )

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
