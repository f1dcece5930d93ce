// A trial: one turn of a loop over alike layers, read with a symbol for the number of the layer and a value that stands for
// all of them. What the turn sets on its layer is then given to each, with its own tensors. Where a turn does anything that
// may differ from layer to layer, the trial ends, what it noted is taken back, and the layers are walked one by one.

import type { Machine } from './machine'
import { onlyReading, type Row, rowOf } from '../values/readings'
import type { StandIns } from '../values/standIns'
import type { NumberRange } from './summary'
import { textOf } from '../values/text'
import { type ArrayValue, type ArrayVariant, constant, type InstanceValue, type Value } from '../values/value'

/** Thrown where a turn cannot stand for all. */
class Ended extends Error {
  constructor() {
    super('a turn that does not stand for all')
  }
}

export interface Trial {
  /** What stands for the number of the layer. */
  readonly symbol: number
  readonly range: NumberRange
  readonly standIns: StandIns
  /** Objects made before the turn. */
  readonly made: number
  readonly uncertain: number
}

/** Runs a turn; false where it does not stand for all, and then nothing that it noted is left. */
export function attemptTrial(m: Machine, trial: Trial, turn: () => boolean): boolean {
  const before = { ...m }
  const lists = [m.sinks, m.products, m.quantizations, m.moduleLoads, m.refusals, m.mixups, m.instances] as const
  const lengths = lists.map(list => list.length)
  const [absent, unfollowed] = [new Map(m.absent), new Map(m.unfollowed)]
  m.trial = trial
  try {
    if (turn() && m.dead === before.dead && m.refusals.length === lengths[4] && give(m, trial)) return true
  } catch (error) {
    if (!(error instanceof Ended) && !(error instanceof Error && error.name === 'Raised')) throw error
  } finally {
    m.trial = undefined
  }
  const { work } = m
  Object.assign(m, before, { work, nextSymbol: m.nextSymbol, nextActivation: m.nextActivation })
  lists.forEach((list, i) => (list.length = lengths[i] ?? 0))
  restore(m.absent, absent)
  restore(m.unfollowed, unfollowed)
  return false
}

function restore<K, V>(map: Map<K, V>, before: ReadonlyMap<K, V>): void {
  if (map.size === before.size) return
  map.clear()
  for (const [key, value] of before) map.set(key, value)
}

const end = (): never => {
  throw new Ended()
}

/** What comes out of values that depend on the number of the layer has to be known. */
export function settled(m: Machine, result: Value, ...inputs: readonly Value[]): Value {
  if (!m.trial) return result
  const isVague =
    (result.kind === 'unknown' && result.symbol !== m.trial.symbol) || (result.kind === 'list' && result.open)
  if (isVague) for (const v of inputs) if (mentionsNumber(m, v)) end()
  return result
}

/** Whether a value is the number of the layer, or a text with it. */
export const mentionsNumber = ({ trial }: Machine, v: Value): boolean =>
  trial !== undefined &&
  (v.kind === 'unknown'
    ? v.symbol === trial.symbol
    : v.kind === 'template'
      ? v.parts.some(p => typeof p !== 'string' && p.symbol === trial.symbol)
      : v.kind === 'file'
        ? mentionsNumber({ trial } as Machine, v.path)
        : v.kind === 'list' && v.items.length < 16 && v.items.some(item => mentionsNumber({ trial } as Machine, item)))

/** Something that cannot be done with the number of a layer that is any of them. */
export function notWithNumber(m: Machine, v: Value | undefined): void {
  if (m.trial && v && mentionsNumber(m, v)) end()
}

/** Something whose effects on an object are not followed one by one. */
export function notWithObject(m: Machine, object: InstanceValue): void {
  if (m.trial && !m.instances.includes(object, m.trial.made)) end()
}

/** A turn may set members of its layer, and of what it makes itself. */
export function checkSetting(m: Machine, object: Value): void {
  const { trial } = m
  if (!trial) return
  // What is not known keeps nothing.
  if (object.kind === 'unknown') return
  if (m.uncertain > trial.uncertain) end()
  if (object.kind === 'instance' && (trial.standIns.has(object) || m.instances.includes(object, trial.made))) return
  end()
}

const complete = new WeakMap<readonly ArrayVariant[], Map<string, boolean>>()

/** What a key with the number of the layer finds: tensors that are alike, as many for each layer. */
export function checkFound(m: Machine, key: Value, variants: readonly ArrayVariant[]): void {
  const { trial } = m
  if (!trial || !mentionsNumber(m, key)) return
  const { first, count } = trial.range
  const id = `${trial.symbol} ${first} ${count}`
  let ofVariants = complete.get(variants)
  if (!ofVariants) complete.set(variants, (ofVariants = new Map()))
  let isComplete = ofVariants.get(id)
  if (isComplete === undefined) ofVariants.set(id, (isComplete = areComplete(trial, variants)))
  if (!isComplete) end()
}

function areComplete({ symbol, range: { first, count } }: Trial, variants: readonly ArrayVariant[]): boolean {
  const [variant] = variants
  if (!variant || variants.length > 1) return false
  const { symbols, rows } = variant.readings
  const column = symbols.indexOf(symbol)
  if (column < 0 || symbols.some(s => s > 0)) return false
  const split = splitOf(rows, column)
  if (split.size !== count) return false
  const size = rows.length / count
  for (let i = 0; i < count; i++) if (split.get(String(first + i))?.picked.length !== size) return false
  return true
}

interface Part {
  readonly rows: readonly Row[]
  readonly picked: readonly number[]
}
const splits = new WeakMap<readonly Row[], Map<number, ReadonlyMap<string, Part>>>()

/** The rows of a table by what stands in a column, without that column. */
function splitOf(rows: readonly Row[], column: number): ReadonlyMap<string, Part> {
  let ofRows = splits.get(rows)
  if (!ofRows) splits.set(rows, (ofRows = new Map()))
  let split = ofRows.get(column)
  if (!split) {
    const picked = new Map<string, number[]>()
    rows.forEach((row, i) => {
      const text = row[column] ?? ''
      const same = picked.get(text)
      if (same) same.push(i)
      else picked.set(text, [i])
    })
    split = new Map(
      [...picked].map(([text, numbers]) => {
        const own = numbers.map(i => rowOf((rows[i] as Row).toSpliced(column, 1)))
        return [text, { rows: own.length === 1 && own[0]?.length === 0 ? onlyReading.rows : own, picked: numbers }]
      }),
    )
    ofRows.set(column, split)
  }
  return split
}

const pickedItems = new WeakMap<readonly unknown[], WeakMap<Part, readonly unknown[]>>()
function pickItems<T>(items: readonly T[], part: Part): readonly T[] {
  let ofItems = pickedItems.get(items)
  if (!ofItems) pickedItems.set(items, (ofItems = new WeakMap()))
  let picked = ofItems.get(part)
  if (!picked) ofItems.set(part, (picked = part.picked.map(i => items[i])))
  return picked as readonly T[]
}

const ownVariants = new WeakMap<ArrayVariant, Map<string, ArrayVariant>>()
/** A variant as it is for one layer. The same object for the same layer: what is found out about it is kept with it. */
function variantOf(variant: ArrayVariant, symbol: number, number: string): ArrayVariant | undefined {
  const { readings, stored, decoded } = variant
  const column = readings.symbols.indexOf(symbol)
  if (column < 0) return variant
  let ofVariant = ownVariants.get(variant)
  if (!ofVariant) ownVariants.set(variant, (ofVariant = new Map()))
  const id = `${symbol} ${number}`
  let own = ofVariant.get(id)
  if (!own) {
    const part = splitOf(readings.rows, column).get(number)
    if (!part) return undefined
    const symbols = readings.symbols.filter(s => s !== symbol)
    own = {
      ...variant,
      readings: { symbols, rows: part.rows },
      ...(stored ? { stored: { ...stored, sources: pickItems(stored.sources, part) } } : {}),
      ...(decoded ? { decoded: { ...decoded, sources: pickItems(decoded.sources, part) } } : {}),
    }
    ofVariant.set(id, own)
  }
  return own
}

/** Gives each layer what the turn set on the one that stands for all; false where that cannot be told. */
function give(m: Machine, trial: Trial): boolean {
  const settings: { readonly object: InstanceValue; readonly name: string; readonly value: Value }[] = []
  for (const { object, of, before } of trial.standIns.all()) {
    if (object.of !== of) return false
    for (const name of before.keys()) if (!object.attributes.has(name)) return false
    for (const [name, value] of object.attributes) {
      if (before.get(name) === value) continue
      for (const [i, target] of (object.standsFor ?? []).entries()) {
        const own = ownValue(m, trial, value, i)
        if (!own) return false
        settings.push({ object: target, name, value: own })
      }
    }
  }
  for (const { object, name, value } of settings) object.attributes.set(name, value)
  return true
}

/** A value that the turn has set, as it is for one layer; undefined where it cannot be told. */
export function ownValue(
  m: Machine,
  { symbol, range, standIns, made }: Trial,
  value: Value,
  i: number,
): Value | undefined {
  const number = range.first + i * range.step
  switch (value.kind) {
    case 'array': {
      const variants = value.variants.map(v => variantOf(v, symbol, String(number)))
      return variants.every(v => v !== undefined) ? ({ ...value, variants } satisfies ArrayValue) : undefined
    }
    case 'unknown':
      return value.symbol === symbol ? constant(number) : value
    case 'template':
      return textOf(value.parts.map(p => (typeof p !== 'string' && p.symbol === symbol ? String(number) : p)))
    case 'instance':
      if (standIns.has(value)) return value.standsFor?.[i]
      return m.instances.includes(value, made) ? undefined : value
    case 'list':
    case 'dict':
    case 'file':
      return undefined
    case 'function':
    case 'library':
      return value.self?.kind === 'instance' && standIns.has(value.self) ? undefined : value
    default:
      return value
  }
}
