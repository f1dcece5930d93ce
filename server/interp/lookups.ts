// Looks keys up in all the checkpoints behind a dict at once, the youngest first, and keeps what was found with the shards:
// the next run of a program that is being edited asks the same keys of the same files again, and gets the same arrays.
// What a single checkpoint holds under a key is for checkpoints.ts to say.

import type { Shard } from '../checkpoint/facts'
import { lookup, usefulKey } from './checkpoints'
import { type Machine, unknown } from './machine'
import { partsOf } from './text'
import {
  asKey,
  type ArrayVariant,
  type Assign,
  type DictValue,
  isNumber,
  isString,
  type Value,
  type WeightsView,
} from './value'

/** The views of one dict, told apart by their files and what those stand for. */
interface Stack {
  readonly views: readonly WeightsView[]
  found: Map<string, Found>
  /** What was found before `found` was begun anew; what is asked for again moves over. */
  older: Map<string, Found>
  variants: number
}

interface Found {
  readonly variants: readonly ArrayVariant[]
  /** The work that finding them took: a run is charged for it whether it was kept or not, so that all runs are alike. */
  readonly work: number
}

/** Arrays kept for one dict before the older half is dropped: a checkpoint of 90,000 tensors fits, garbage does not pile up. */
const keptVariants = 150_000
/** Programs in one folder read the same shards in a few different ways. */
const keptStacks = 8

const stacks = new WeakMap<Shard, Stack[]>()
const stackOfViews = new WeakMap<readonly WeightsView[], { length: number; last: WeightsView; stack: Stack }>()

/** Every reading of a key; what was merged in later hides tensors of the same name. The array is shared: never change it. */
export function lookupViews(m: Machine, views: readonly WeightsView[], key: Value): readonly ArrayVariant[] {
  const keyText = keyOf(key)
  const stack = keyText === undefined ? undefined : stackOf(views)
  if (!stack || keyText === undefined) return search(m, views, key)
  let found = stack.found.get(keyText)
  if (found) m.work -= found.work
  else {
    found = stack.older.get(keyText)
    if (found) m.work -= found.work
    else {
      const before = m.work
      const variants = search(m, views, key)
      found = { variants, work: before - m.work }
    }
    stack.variants += found.variants.length + 1
    if (stack.variants > keptVariants) {
      stack.older = stack.found
      stack.found = new Map()
      stack.variants = found.variants.length + 1
    }
    stack.found.set(keyText, found)
  }
  for (const { stored } of found.variants) if (stored) m.met.add(stored.model)
  return found.variants
}

/**
 * Whether a key with holes is there in every one of its readings, or in none; undefined where it is in some, or where
 * the numbers that it stands for are not known.
 */
export function hasEvery(m: Machine, views: readonly WeightsView[], key: Value): boolean | undefined {
  const parts = partsOf(key) ?? []
  const holes = new Set(parts.flatMap(p => (typeof p === 'string' ? [] : [p.symbol])))
  let readings = 1
  for (const symbol of holes) {
    const range = m.ranges.get(symbol)
    if (!range) return undefined
    readings *= range.count
  }
  if (holes.size === 0) return undefined
  const variants = lookupViews(m, views, key)
  if (variants.length === 0) return usefulKey(parts) ? false : undefined
  if (variants.length < readings) return undefined
  return new Set(variants.map(v => v.stored?.tensor.name)).size === readings ? true : undefined
}

function search(m: Machine, views: readonly WeightsView[], key: Value): readonly ArrayVariant[] {
  const all: ArrayVariant[] = []
  const hidden = new Set<string | undefined>()
  for (const view of views.toReversed()) {
    const found = lookup(m, view, key)
    if (found.length === 0) continue
    for (const v of found) if (!hidden.has(v.stored?.tensor.name)) all.push(v)
    if (isString(key)) break
    for (const v of found) hidden.add(v.stored?.tensor.name)
  }
  return all
}

/** A key's text for keeping what it finds; undefined for what is no text. */
function keyOf(key: Value): string | undefined {
  if (isString(key)) return key.value
  return partsOf(key)?.reduce<string>((text, p) => text + (typeof p === 'string' ? p : `\0${p.symbol}\0`), '\0')
}

function stackOf(views: readonly WeightsView[]): Stack | undefined {
  const last = views[views.length - 1]
  const shard = last?.entries[0]?.shard
  if (!last || !shard) return undefined
  const quick = stackOfViews.get(views)
  if (quick && quick.length === views.length && quick.last === last) return quick.stack
  const known = stacks.get(shard) ?? []
  let stack = known.find(s => sameViews(s.views, views))
  if (!stack) {
    stack = { views: [...views], found: new Map(), older: new Map(), variants: 0 }
    stacks.set(shard, [stack, ...known.slice(0, keptStacks - 1)])
  }
  stackOfViews.set(views, { length: views.length, last, stack })
  return stack
}

const sameViews = (a: readonly WeightsView[], b: readonly WeightsView[]) =>
  a.length === b.length && a.every((view, i) => view === b[i] || sameEntries(view.entries, b[i]?.entries ?? []))

const sameEntries = (a: WeightsView['entries'], b: WeightsView['entries']) =>
  a.length === b.length &&
  a.every((e, i) => {
    const other = b[i]
    return other && e.shard === other.shard && e.model === other.model && sameAssign(e.assign, other.assign)
  })

const sameAssign = (a: Assign, b: Assign) =>
  a.length === b.length && a.every(([symbol, text], i) => symbol === b[i]?.[0] && text === b[i][1])

/** What a defaultdict puts in the place of a key that is not there. */
export function madeItem(m: Machine, object: DictValue, asked: Value): Value | undefined {
  const made = object.factory?.()
  if (!made) return undefined
  const key = asKey(asked)
  if (!isString(key) && !isNumber(key)) {
    object.open = true
    return unknown(m, 'a key that is not known')
  }
  object.map.set(key.value, made)
  object.open ||= m.uncertain > 0
  return made
}
