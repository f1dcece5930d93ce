// JavaScript's built-ins, as far as loaders use them. They are named `js.<name>`; Map and Set are dicts and lists here.

import { callFunction, type LibraryCall } from '../calls'
import { itemsOf, keysOf, mergeDict } from '../expressions'
import { unknown } from '../machine'
import { has } from '../members'
import { setItem } from '../targets'
import { libraryName } from './index'
import { partsOf, textOf } from '../text'
import { constant, dict, type DictValue, isNumber, isString, library, list, none, type Value } from '../value'
import { entriesOf, fromPairs } from './collections'
import type { LibraryModel } from './index'

const asDict = (v: Value | undefined): DictValue | undefined => {
  if (v?.kind === 'dict') return v
  return v?.kind === 'instance' ? dict([...v.attributes]) : undefined
}

const numeric =
  (f: (...n: number[]) => number) =>
  (c: LibraryCall): Value => {
    const numbers = c.args.positional.map(a => (isNumber(a.value) ? a.value.value : undefined))
    return !c.args.open && numbers.every(n => n !== undefined)
      ? constant(f(...(numbers as number[])))
      : unknown(c.m, c.name)
  }

function toNumber(c: LibraryCall): Value {
  const v = c.get(0)
  if (v && isNumber(v)) return v
  if (v && isString(v) && /^\s*\d+(\.\d+)?\s*$/.test(v.value)) return constant(Number(v.value))
  return v?.kind === 'unknown' ? v : unknown(c.m, 'a number')
}

/** `Array.from({ length: n }, (_, i) => …)` and `Array.from(items)`. */
function arrayFrom(c: LibraryCall): Value {
  const [from, f] = [c.get(0), c.get(1)]
  const length = from?.kind === 'dict' ? from.map.get('length') : undefined
  let items = from && from.kind !== 'dict' ? itemsOf(c.m, from) : undefined
  if (length) {
    if (!isNumber(length) || length.value > 100_000) return list([], 'list', true)
    items = Array.from({ length: length.value }, () => none)
  }
  if (!items) return list([], 'list', true)
  return list(f ? items.map((item, i) => callFunction(c.m, f, [item, constant(i)])) : [...items])
}

function makeMap(c: LibraryCall): Value {
  const from = c.get(0)
  if (!from || (from.kind === 'const' && from.value === null)) return dict()
  if (from.kind === 'list') return fromPairs(from)
  const made = dict()
  mergeDict(c.m, made, from)
  return made
}

function keysOfObject(c: LibraryCall): Value {
  const v = asDict(c.get(0))
  const keys = v && keysOf(c.m, v)
  return list(keys ?? [], 'list', keys === undefined)
}

function entriesOfObject(c: LibraryCall): Value {
  const v = asDict(c.get(0))
  return v ? entriesOf(c, v) : list([], 'list', true)
}

export const javascript: LibraryModel = {
  calls: {
    'js.String': c => {
      const parts = partsOf(c.get(0) ?? constant(''))
      return parts ? textOf(parts) : unknown(c.m, 'String')
    },
    'js.Number': toNumber,
    'js.parseInt': toNumber,
    'js.parseFloat': toNumber,
    'js.Math.floor': numeric(Math.floor),
    'js.Math.ceil': numeric(Math.ceil),
    'js.Math.round': numeric(Math.round),
    'js.Math.trunc': numeric(Math.trunc),
    'js.Math.min': numeric(Math.min),
    'js.Math.max': numeric(Math.max),
    'js.Object.keys': keysOfObject,
    'js.Object.entries': entriesOfObject,
    'js.Object.values': c => {
      const entries = entriesOfObject(c)
      if (entries.kind !== 'list') return entries
      return list(
        entries.items.map(e => (e.kind === 'list' ? (e.items[1] ?? none) : none)),
        'list',
        entries.open,
      )
    },
    'js.Object.fromEntries': c =>
      c.get(0)?.kind === 'list' ? makeMap(c) : c.get(0)?.kind === 'dict' ? (c.get(0) ?? none) : dict([], true),
    'js.Object.assign': c => {
      const target = c.get(0)
      for (const a of c.args.positional.slice(1)) {
        const from = asDict(a.value)
        if (target?.kind === 'dict' && from) mergeDict(c.m, target, from)
        else if (target?.kind === 'instance' && from) for (const [k, v] of from.map) target.attributes.set(String(k), v)
      }
      return target ?? none
    },
    'js.Object.freeze': c => c.get(0) ?? none,
    'js.Array.from': arrayFrom,
    'js.Array': arrayOfLength,
    'js.Array.isArray': c => (c.get(0)?.kind === 'list' ? constant(true) : unknown(c.m, 'isArray')),
    'js.Map': makeMap,
    'js.Set': c => list(itemsOf(c.m, c.get(0) ?? list([])) ?? [], 'set', false),
    'js.Promise.all': c => c.get(0) ?? none,
    'js.structuredClone': c => c.get(0) ?? none,
    'js.console.log': () => none,
    'js.console.error': () => none,
    'js.require': c => {
      const name = c.get(0)
      return name && isString(name) ? library(libraryName(name.value)) : unknown(c.m, 'require')
    },
    'dict.set': c => {
      if (c.self?.kind === 'dict') setItem(c.m, c.self, c.get(0), c.get(1) ?? none)
      return c.self ?? none
    },
    'dict.has': membership,
    'list.has': membership,
    'js.Object.hasOwn': c => {
      const known = has(c.m, c.get(0) ?? none, c.get(1) ?? none, true)
      return known === undefined ? unknown(c.m, 'hasOwn') : constant(known)
    },
    'dict.hasOwnProperty': membership,
    'dict.entries': c => (c.self?.kind === 'dict' ? entriesOf(c, c.self) : list([], 'list', true)),
  },
  aliases: { 'js.globalThis.Object': 'js.Object' },
}

function arrayOfLength(c: LibraryCall): Value {
  const n = c.get(0)
  if (n && isNumber(n) && n.value <= 100_000) return list(Array.from({ length: n.value }, () => none))
  return list([], 'list', true)
}

function membership(c: LibraryCall): Value {
  const known = c.self && has(c.m, c.self, c.get(0) ?? none, true)
  return known === undefined ? unknown(c.m, 'has') : constant(known)
}
