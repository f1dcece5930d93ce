// JavaScript's built-ins, as far as loaders use them. They are named `js.<name>`; Map and Set are dicts and lists here.

import { primitive } from '../run/primitives'
import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { noteCounter } from '../program/counting'
import { itemsOf, keysOf, mergeDict } from '../run/expressions'
import { someNumber, unknown } from '../run/machine'
import { has } from '../members/membership'
import { makeProxy } from '../values/proxies'
import { importedJson, requireModule } from '../run/modules'
import { setItem, setMember } from '../run/targets'
import { partialWith } from '../values/partial'
import { libraryName, models } from './index'
import { scriptPartsOf, textOf } from '../values/text'
import {
  constant,
  dict,
  type DictValue,
  type NamespaceValue,
  isNumber,
  isString,
  isUndefined,
  library,
  list,
  none,
  truth,
  type Value,
} from '../values/value'
import { entriesOf, fromPairs } from './collections'
import { distinct } from './scriptArrays'
import { numeric } from './scriptObjects'
import type { LibraryModel } from './index'

const asDict = (v: Value | undefined): DictValue | undefined => {
  if (v?.kind === 'dict') return v
  if (v?.kind === 'namespace') return exportsOf(v)
  return v?.kind === 'instance' ? dict([...v.attributes]) : undefined
}

/** What a module exports, by the order of its names. */
function exportsOf({ scope }: NamespaceValue): DictValue | undefined {
  const names = [...(scope.exported ?? [])].sort()
  if (names.includes('*')) return undefined
  return dict(names.flatMap(name => [[name, scope.vars.get(name)] as const]).flatMap(([n, v]) => (v ? [[n, v]] : [])))
}

function toNumber(c: LibraryCall): Value {
  const v = c.get(0) && primitive(c.m, c.get(0) ?? none, 'number')
  if (v?.kind === 'const' && v.value === null && v.nothing) return constant(NaN)
  if (v && isNumber(v)) return c.name === 'js.parseInt' ? constant(Math.trunc(v.value)) : v
  if (v && isString(v)) {
    if (c.name !== 'js.parseInt') return constant(c.name === 'js.Number' ? Number(v.value) : parseFloat(v.value))
    const radix = c.get(1)
    return radix && !isNumber(radix) ? someNumber(c.m, 'a number') : constant(parseInt(v.value, radix?.value ?? 10))
  }
  if (v?.kind === 'const' && typeof v.value === 'boolean') return constant(Number(v.value))
  return v?.kind === 'unknown' ? v : unknown(c.m, 'a number')
}

/** `Array.from({ length: n }, (_, i) => …)` and `Array.from(items)`. */
function arrayFrom(c: LibraryCall): Value {
  const [from, f] = [c.get(0), c.get(1)]
  const length = from?.kind === 'dict' ? from.map.get('length') : undefined
  let items = from && (from.kind !== 'dict' || from.isMap) ? itemsOf(c.m, from) : undefined
  if (length && isUndefined(length)) items = []
  else if (length) {
    if (!isNumber(length) || length.value > 100_000) return list([], 'list', true)
    items = Array.from({ length: length.value }, () => none)
    if (f && items.length > 0)
      noteCounter(c.m, { at: c.at, first: 0, last: items.length - 1, start: undefined, stop: length.config })
  }
  if (!items) return list([], 'list', true)
  return list(f ? items.map((item, i) => callFunction(c.m, f, [item, constant(i)], c)) : [...items])
}

/** An object from pairs or from what a map holds. */
function fromEntries(c: LibraryCall, isMap = false): DictValue {
  const from = c.get(0)
  if (!from || (from.kind === 'const' && from.value === null)) return dict()
  if (from.kind === 'list') return fromPairs(from, isMap)
  const made = dict()
  mergeDict(c.m, made, from)
  return made
}

const makeMap = (c: LibraryCall): Value => ({ ...fromEntries(c, true), isMap: true })

/** A copy of a value with everything in it. */
function clone(v: Value): Value {
  if (v.kind === 'list') return { ...v, items: v.items.map(clone) }
  if (v.kind !== 'dict') return v
  const map = new Map([...v.map].map(([key, value]) => [key, clone(value)]))
  return { ...v, map, views: [...v.views], deleted: new Set(v.deleted) }
}

/** What `typeof` says; undefined where that is not known. */
function typeOf(v: Value | undefined): string | undefined {
  switch (v?.kind) {
    case 'const':
      // `null` and `undefined` are one value here.
      return v.value !== null ? typeof v.value : v.nothing ? 'undefined' : v.config ? 'object' : undefined
    case 'template':
      return 'string'
    case 'function':
    case 'class':
      return 'function'
    case 'library':
      return models.has(v.name) ? 'function' : undefined
    case 'list':
    case 'dict':
    case 'array':
    case 'instance':
    case 'namespace':
      return 'object'
    default:
      return undefined
  }
}

/** `f.call(self, …)` and `f.apply(self, […])`. */
function callWith(c: LibraryCall, values: readonly Value[] | undefined): Value {
  const f = c.self
  const self = c.get(0)
  if (f?.kind === 'library' && values) return callFunction(c.m, f, values, c)
  if (f?.kind !== 'function' || !values) return unknown(c.m, 'a call')
  return callFunction(c.m, self && !f.def.isArrow ? { ...f, self } : f, values, c)
}

/** `Object.groupBy(items, f)` and `Map.groupBy(items, f)`. */
function groupBy(c: LibraryCall): DictValue {
  const [from, f] = [c.get(0), c.get(1)]
  const items = from && itemsOf(c.m, from)
  const made = dict([], !items || !f)
  for (const [i, item] of (items ?? []).entries()) {
    const key = f && callFunction(c.m, f, [item, constant(i)], c)
    if (!key || !(isString(key) || isNumber(key))) {
      made.open = true
      continue
    }
    const group = made.map.get(key.value)
    if (group?.kind === 'list') group.items.push(item)
    else made.map.set(key.value, list([item]))
  }
  return made
}

function keysOfObject(c: LibraryCall): Value {
  const from = c.get(0)
  if (from?.kind === 'list')
    return list(
      from.items.map((_, i) => constant(String(i))),
      'list',
      from.open,
    )
  const v = asDict(c.get(0))
  const keys = v && keysOf(c.m, v)
  return list(keys ?? [], 'list', keys === undefined)
}

function entriesOfObject(c: LibraryCall): Value {
  const from = c.get(0)
  if (from?.kind === 'list')
    return list(
      from.items.map((item, i) => list([constant(String(i)), item], 'tuple')),
      'list',
      from.open,
    )
  const v = asDict(c.get(0))
  return v ? entriesOf(c, v) : list([], 'list', true)
}

export const javascript: LibraryModel = {
  calls: {
    'js.String': c => {
      const v = primitive(c.m, c.get(0) ?? constant(''), 'text')
      // What is read from a file is text already.
      if (v.kind === 'file' && v.as !== 'path') return v
      const parts = scriptPartsOf(v)
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
    'js.Object.fromEntries': c => fromEntries(c),
    'js.Object.getOwnPropertyNames': keysOfObject,
    'js.Object.groupBy': groupBy,
    'js.Map.groupBy': c => ({ ...groupBy(c), isMap: true }),
    'js.Object.create': c => {
      const from = c.get(0)
      return dict(from?.kind === 'dict' ? from.map : [])
    },
    'js.Reflect.ownKeys': keysOfObject,
    'js.Reflect.has': membershipOf,
    'js.Object.assign': c => {
      const target = c.get(0)
      for (const a of c.args.positional.slice(1)) {
        const from = asDict(a.value)
        const isNothing = a.value.kind === 'const'
        if (target?.kind === 'dict') {
          if (from) mergeDict(c.m, target, from)
          else if (!isNothing) target.open = true
        } else if (target?.kind === 'instance') {
          for (const [k, v] of from?.map ?? []) setMember(c.m, target, String(k), v)
          if (!isNothing && (!from || from.open || from.views.length > 0)) setItem(c.m, target, undefined, none)
        }
      }
      if (c.args.open && target?.kind === 'dict') target.open = true
      return target ?? none
    },
    'js.Object.freeze': c => c.get(0) ?? none,
    'js.Array.from': arrayFrom,
    'js.Array': arrayOfLength,
    'js.Array.isArray': c => {
      const v = c.get(0)
      if (!v || v.kind === 'unknown' || v.kind === 'library') return unknown(c.m, 'isArray')
      return constant(v.kind === 'list' && v.shape !== 'set' && !v.properties?.has('BYTES_PER_ELEMENT'))
    },
    'js.Array.of': c =>
      list(
        c.args.positional.map(a => a.value),
        'list',
        c.args.open,
      ),
    'js.Array.fromAsync': arrayFrom,
    'js.typeof': c => {
      const type = typeOf(c.get(0))
      return type === undefined ? unknown(c.m, 'typeof') : constant(type)
    },
    'js.Boolean': c => {
      const known = truth(c.get(0) ?? none, true)
      return known === undefined ? unknown(c.m, 'Boolean') : constant(known)
    },
    'js.Number.isInteger': c => {
      const v = c.get(0)
      return v?.kind === 'const' ? constant(Number.isInteger(v.value)) : unknown(c.m, 'isInteger')
    },
    'js.Number.isNaN': isNotANumber,
    'js.isNaN': isNotANumber,
    'js.Number.parseInt': c => toNumber(c.with({ name: 'js.parseInt' })),
    'js.Number.parseFloat': c => toNumber(c.with({ name: 'js.parseFloat' })),
    'js.Math.abs': numeric(Math.abs),
    'js.Math.sqrt': numeric(Math.sqrt),
    'js.Math.pow': numeric(Math.pow),
    'js.Math.log2': numeric(Math.log2),
    'js.Math.sign': numeric(Math.sign),
    'function.call': c => callWith(c, c.args.open ? undefined : c.args.positional.slice(1).map(a => a.value)),
    'function.apply': c => callWith(c, c.get(1) ? itemsOf(c.m, c.get(1) ?? none) : []),
    'function.bind': c => bindTo(c),
    'js.Map': makeMap,
    'js.Set': c => {
      const from = c.get(0)
      const items = !from || (from.kind === 'const' && from.value === null) ? [] : itemsOf(c.m, from)
      return list(distinct(items ?? []), 'set', !items)
    },
    'js.Symbol': symbol,
    'js.Symbol.for': c => {
      const key = c.get(0)
      return key && isString(key) ? constant(`[Symbol for ${key.value}]`) : unknown(c.m, 'a symbol')
    },
    'js.WeakRef': c => ({
      kind: 'instance',
      of: { kind: 'library', name: 'js.WeakRef' },
      attributes: new Map([['target', c.get(0) ?? none]]),
    }),
    'js.WeakRef.deref': c => (c.self?.kind === 'instance' && c.self.attributes.get('target')) || unknown(c.m, 'deref'),
    'js.Proxy': makeProxy,
    'js.structuredClone': c => clone(c.get(0) ?? none),
    ...Object.fromEntries(
      ['log', 'error', 'warn', 'info', 'debug', 'table', 'time', 'timeEnd', 'assert'].map(
        name => [`js.console.${name}`, () => none] as const,
      ),
    ),
    'js.require': requires,
    'js.import': requires,
    'dict.set': c => {
      if (c.self?.kind === 'dict') setItem(c.m, c.self, c.get(0), c.get(1) ?? none)
      return c.self ?? none
    },
    'dict.has': membership,
    'list.has': membership,
    'js.Object.hasOwn': membershipOf,
    'dict.hasOwnProperty': membership,
    'dict.entries': c => (c.self?.kind === 'dict' ? entriesOf(c, c.self) : list([], 'list', true)),
  },
  aliases: { 'js.globalThis.Object': 'js.Object', 'js.WeakMap': 'js.Map', 'js.WeakSet': 'js.Set' },
}

/** `require('…')` and `import('…')`: a program of the workspace, or a library. */
function requires(c: LibraryCall): Value {
  const name = c.get(0)
  if (!name || !isString(name)) return unknown(c.m, 'require')
  const found = requireModule(c.m, c.scope.program, name.value) ?? importedJson(c.m, c.scope.program, name.value, c.at)
  if (found) return found
  return name.value.startsWith('.')
    ? unknown(c.m, `${name.value} is not found in the workspace`)
    : library(libraryName(name.value))
}

/** A symbol is the name that members have which are written with it: `[LOAD]` for what `LOAD = Symbol(…)` names. */
function symbol(c: LibraryCall): Value {
  const { program, span } = c.at
  const name = /([\w$]+)\s*=\s*$/.exec(program.text.slice(Math.max(0, span.start - 100), span.start))?.[1]
  // One without a name of its own is only equal to itself.
  return constant(name === undefined ? `[Symbol ${c.m.nextSymbol++}]` : `[${name}]`)
}

function arrayOfLength(c: LibraryCall): Value {
  const n = c.get(0)
  if (n && isNumber(n) && n.value <= 100_000) return list(Array.from({ length: n.value }, () => none))
  return list([], 'list', true)
}

function membershipOf(c: LibraryCall): Value {
  const known = has(c.m, c.get(0) ?? none, c.get(1) ?? none, true)
  return known === undefined ? unknown(c.m, 'hasOwn') : constant(known)
}

function isNotANumber(c: LibraryCall): Value {
  const v = c.get(0)
  if (v && isString(v)) return constant(c.name === 'js.isNaN' && Number.isNaN(Number(v.value)))
  return v && isNumber(v) ? constant(Number.isNaN(v.value)) : unknown(c.m, 'isNaN')
}

/** `f.bind(self, …)`. */
function bindTo(c: LibraryCall): Value {
  const f = c.self
  const [self, ...rest] = c.args.positional
  if (c.args.open || (f?.kind !== 'library' && f?.kind !== 'function')) return unknown(c.m, 'bind')
  const bound = f.kind === 'function' && self && !f.def.isArrow ? { ...f, self: self.value } : f
  return rest.length === 0 ? bound : partialWith(bound, { ...c.args, positional: rest })
}

function membership(c: LibraryCall): Value {
  const known = c.self && has(c.m, c.self, c.get(0) ?? none, true)
  return known === undefined ? unknown(c.m, 'has') : constant(known)
}
