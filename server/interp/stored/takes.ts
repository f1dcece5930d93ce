// Which stored tensors a run really takes: those that it asks for by a key of its own, and those that reach an operation.
// A tensor that is only passed by while the program walks over a whole checkpoint, or moved from one dict into another, is
// not taken yet. What leaves the program whole, because something that is not followed gets it, is taken whole.

import type { Model } from '../../checkpoint/facts'
import type { Machine } from '../run/machine'
import type { ArrayVariant, Value, WeightsView } from '../values/value'

export interface Takes {
  readonly arrays: Set<readonly ArrayVariant[]>
  /** Checkpoints of which any tensor may have been taken. */
  readonly whole: Set<Model>
  /** Some input of the program may have been read whole: where inputs are read as a checkpoint, it may have been that. */
  anyInput: boolean
  /** How much a list, dict or object held when it was last handed out. */
  readonly sizes: WeakMap<object, number>
}

export const noTakes = (): Takes => ({
  arrays: new Set(),
  whole: new Set(),
  anyInput: false,
  sizes: new WeakMap(),
})

/** Something is done with the array; the list of variants is shared and never changed. */
export function noteTaken({ takes }: Machine, variants: readonly ArrayVariant[]): void {
  if (variants.some(v => v.stored)) takes.arrays.add(variants)
}

/** A key that is not known was asked of these files. */
export function noteAnyTaken({ takes }: Machine, views: readonly WeightsView[]): void {
  for (const view of views) for (const { model } of view.entries) takes.whole.add(model)
}

/** Objects inside objects that are looked at for what they hold. */
const deepest = 6

/** All that a value holds is handed to something that may do anything with it. */
export function noteHandedOut(m: Machine, v: Value, depth = 0): void {
  if (depth > deepest) return
  if (v.kind === 'array') noteTaken(m, v.variants)
  else if (v.kind === 'unknown') noteWalked(m, v)
  if (v.kind === 'dict') noteAnyTaken(m, v.views)
  const inner =
    v.kind === 'list' ? v.items : v.kind === 'dict' ? v.map : v.kind === 'instance' ? v.attributes : undefined
  if (!inner) return
  const size = Array.isArray(inner) ? inner.length : (inner as ReadonlyMap<unknown, Value>).size
  // The same again, as in every turn of a loop, tells nothing new.
  if (m.takes.sizes.get(v) === size) return
  m.takes.sizes.set(v, size)
  for (const value of inner.values()) noteHandedOut(m, value, depth + 1)
}

/** What is in an input of the program may all be read. */
export function noteWalked({ takes }: Machine, v: Value): void {
  if (v.kind === 'unknown' && v.free) takes.anyInput = true
}

/** Members that tell something about an array and do nothing with it. */
const description = /^(shape|dtype|size|ndim|nbytes|itemsize|device)$/

/** A member of a value is asked for; of an input that holds tensors only `get` takes no more than one. */
export function noteMember(m: Machine, object: Value, name: string): void {
  if (object.kind === 'array' && !description.test(name)) noteTaken(m, object.variants)
  if (name !== 'get') noteWalked(m, object)
}

/** Functions that put values into other values, or ask what they are; what comes out of them is still followed. */
const movesOnly =
  /^(js|list|dict|set|str|map|path|os|fs|re|any|copy|functools|itertools|collections|dataclasses|types)\.|^py\.(?!(print|sum|max|min|float|int|str|repr)$)|^(mlx|frost)\.core\.(async_)?eval$|^mlx\.utils\.tree_(un)?flatten$|safe_open/

const movers = new Map<string, boolean>()
/** Whether a modelled function takes nothing from the values that it gets. */
export function isMover(name: string): boolean {
  let known = movers.get(name)
  if (known === undefined) {
    if (movers.size > 10_000) movers.clear()
    movers.set(name, (known = movesOnly.test(name)))
  }
  return known
}
