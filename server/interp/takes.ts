// Which stored tensors a run really takes: those that it asks for by a key of its own, and those that reach an operation.
// A tensor that is only passed by while the program walks over a whole checkpoint, or moved from one dict into another, is
// not taken yet. What leaves the program whole, because something that is not followed gets it, is taken whole.

import type { Model } from '../checkpoint/facts'
import type { Machine } from './machine'
import type { ArrayVariant, Value, WeightsView } from './value'

export interface Takes {
  readonly arrays: Set<readonly ArrayVariant[]>
  /** Checkpoints of which any tensor may have been taken. */
  readonly whole: Set<Model>
}

export const noTakes = (): Takes => ({ arrays: new Set(), whole: new Set() })

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
  const inner = (values: Iterable<Value>) => {
    for (const value of values) noteHandedOut(m, value, depth + 1)
  }
  if (v.kind === 'array') noteTaken(m, v.variants)
  else if (v.kind === 'list') inner(v.items)
  else if (v.kind === 'instance') inner(v.attributes.values())
  else if (v.kind === 'dict') {
    noteAnyTaken(m, v.views)
    inner(v.map.values())
  }
}

/** Members that tell something about an array and do nothing with it. */
const description = /^(shape|dtype|size|ndim|nbytes|itemsize|device)$/

/** A member of an array is asked for. */
export function noteMember(m: Machine, object: Value, name: string): void {
  if (object.kind === 'array' && !description.test(name)) noteTaken(m, object.variants)
}

/** Functions that put values into other values, or ask what they are; what comes out of them is still followed. */
const movesOnly =
  /^(js|list|dict|set|str|map|path|os|fs|re|any|copy|functools|itertools|collections|dataclasses|types)\.|^py\.(?!(print|sum|max|min|float|int|str|repr)$)|^(mlx|frost)\.core\.(async_)?eval$|^mlx\.utils\.tree_(un)?flatten$|safe_open/

/** A modelled function gets these values. */
export function noteArguments(m: Machine, name: string, values: readonly Value[]): void {
  if (!movesOnly.test(name)) for (const value of values) noteHandedOut(m, value)
}
