// Lists that are made by a constructor for each number of a range: `[Layer(args, i) for i in range(61)]`. Where a turn with
// a symbol for the number shows that all of them come out alike (see trial.ts), the others are copies of one.

import type { Expr } from '../../source/ir'
import type { Machine } from './machine'
import { looksAt } from '../program/purity'
import { StandIns } from '../values/standIns'
import { symbolOf } from './summary'
import { attemptTrial, ownValue, type Trial } from './trial'
import { type InstanceValue, isNumber, type Value } from '../values/value'

/** Items from which on it is worth it. */
const fewest = 8
/** After how many items made one by one a trial is made; those that fail cost a turn each. */
const attempts: ReadonlySet<number> = new Set([2, 3, 5, 9, 17])

/** Makes the items of a list; undefined where they have to be made one by one. `make` gives none where it fails. */
export function makeAlike(
  m: Machine,
  element: Expr,
  numbers: readonly Value[],
  make: (item: Value) => Value,
): Value[] | undefined {
  const [first] = numbers
  if (numbers.length < fewest || element.kind !== 'call' || m.trial || m.uncertain > 0 || m.dead) return undefined
  if (!first || !isNumber(first) || !numbers.every((n, i) => isNumber(n) && n.value === first.value + i))
    return undefined
  if (!looksAt(m, [{ kind: 'expression', value: element, span: element.span }])) return undefined
  const made: Value[] = []
  const { turns } = m
  m.turns *= numbers.length
  while (made.length < numbers.length) {
    const at = made.length
    const rest = numbers.length - 1 - at
    const known = made[at - 1]
    // The last is made by itself: whatever is the last that was made, it is that one.
    if (attempts.has(at) && rest >= fewest / 2 && known?.kind === 'instance') {
      const copies = tryCopies(m, { first: first.value + at, count: rest }, known, make)
      if (copies) made.push(...copies)
    }
    made.push(make(numbers[made.length] as Value))
  }
  m.turns = turns
  return made
}

function tryCopies(
  m: Machine,
  { first, count }: { readonly first: number; readonly count: number },
  known: InstanceValue,
  make: (item: Value) => Value,
): readonly Value[] | undefined {
  const range = { first, step: 1, count }
  const symbol = symbolOf(m, 'tried items', range)
  const standIns = new StandIns({ symbol, first, names: { has: () => true } })
  const trial: Trial = { symbol, range, standIns, made: m.instances.length, uncertain: m.uncertain }
  const copies: Value[] = []
  const isDone = attemptTrial(m, trial, () => {
    const made = make({ kind: 'unknown', symbol, free: false, why: 'any number of a long list' })
    if (made.kind !== 'instance') return false
    const fresh = m.instances.splice(trial.made)
    const shared = heldBy(known)
    for (let i = 0; i < count; i++) {
      const objects = copyAll(m, trial, { fresh, shared, i })
      const copy = objects?.get(made)
      if (!objects || !copy) return false
      copies.push(copy)
      m.instances.push(...objects.values())
      // What stood for all of them is none of them.
      if (i === count - 1) for (const [def, last] of m.instantiated) m.instantiated.set(def, objects.get(last) ?? last)
    }
    return true
  })
  return isDone ? copies : undefined
}

interface Making {
  /** What one turn made, in its order. */
  readonly fresh: readonly InstanceValue[]
  /** Lists and dicts that an item made before holds: where this one holds them too, all share them. */
  readonly shared: ReadonlySet<Value>
  /** Which of the items. */
  readonly i: number
}

/** All objects that a turn made, as they are for one item; undefined where that cannot be told. */
function copyAll(
  m: Machine,
  trial: Trial,
  { fresh, shared, i }: Making,
): ReadonlyMap<Value, InstanceValue> | undefined {
  const copies = new Map<Value, InstanceValue>(fresh.map(object => [object, { ...object, attributes: new Map() }]))
  const lists = new Map<Value, Value>()
  const own = (v: Value): Value | undefined => {
    switch (v.kind) {
      case 'instance':
        return v.whole || v.standsFor ? undefined : (copies.get(v) ?? v)
      case 'list': {
        if (shared.has(v)) return v
        const known = lists.get(v)
        if (known) return known
        // A list of what the turn made was made by the turn; of others that is not known.
        if (v.properties || !v.items.some(item => copies.has(item))) return undefined
        const items = v.items.map(own)
        if (!items.every(item => item !== undefined)) return undefined
        const copy: Value = { ...v, items }
        lists.set(v, copy)
        return copy
      }
      case 'dict':
        return shared.has(v) ? v : undefined
      case 'function':
        return v.scope.parent || (v.self && v.self.kind === 'instance') ? undefined : v
      case 'library':
        return v.self && copies.has(v.self) ? undefined : v
      case 'array':
      case 'template':
      case 'unknown':
        return ownValue(m, trial, v, i)
      case 'file':
        return undefined
      default:
        return v
    }
  }
  for (const [object, copy] of copies)
    for (const [name, value] of (object as InstanceValue).attributes) {
      const owned = own(value)
      if (!owned) return undefined
      copy.attributes.set(name, owned)
    }
  return copies
}

/** Every list and dict that an object holds, or an object of its. */
function heldBy(object: InstanceValue): ReadonlySet<Value> {
  const found = new Set<Value>([object])
  // A Set may grow while it is walked: what is added is visited too.
  for (const v of found) {
    const inner = v.kind === 'instance' ? v.attributes.values() : v.kind === 'list' ? v.items : []
    for (const value of inner)
      if (value.kind === 'instance' || value.kind === 'list' || value.kind === 'dict') found.add(value)
  }
  return found
}
