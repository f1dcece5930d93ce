// What a program assigns to: names, attributes, items, and patterns of these.

import { asKey } from '../values/keys'
import type { Declares, Expr } from '../../source/ir'
import { invoke } from './calls'
import { evaluate, itemsOf, mergeDict } from './expressions'
import { callMember } from './classes'
import { placed } from '../values/listItems'
import { mapBehind } from '../values/mapObjects'
import { type Machine, place, unknown } from './machine'
import { findSetter, getAttribute, getItem } from '../members/members'
import { noteReplaced } from '../stored/merging'
import { updatePart } from '../arrays/arrayUpdates'
import { failPython } from './refusals'
import { failScript, refuseWalk, useOfNothing } from './scriptRefusals'
import { functionScope, holderOf, isJavaScript, scopesOfFunction } from './scopes'
import { checkSetting } from './trial'
import {
  constant,
  dict,
  type DictValue,
  isNumber,
  isOptional as mayBeLeftOut,
  isString,
  join,
  list,
  type ListValue,
  nothing,
  type Scope,
  type Value,
} from '../values/value'

/** Binds a target: a name, an attribute, an item, or a pattern of these. `declares` makes names anew. */
export function assignTo(m: Machine, target: Expr, value: Value, scope: Scope, declares?: Declares): void {
  switch (target.kind) {
    case 'name':
      assignName(m, target.name, value, scope, declares)
      return
    case 'attribute': {
      const object = evaluate(m, target.object, scope)
      setMember(m, object, target.name, value)
      return
    }
    case 'index': {
      const object = evaluate(m, target.object, scope)
      if (object.kind === 'array') {
        updatePart(m, object, target.index, value, scope, place(scope.program, target.span))
        return
      }
      const key = target.index.kind === 'slice' ? undefined : evaluate(m, target.index, scope)
      setItem(m, object, key, value)
      return
    }
    case 'list':
    case 'tuple':
      assignItems(m, target, value, scope, declares)
      return
    case 'dict':
      for (const entry of target.entries) {
        if ('spread' in entry) assignTo(m, entry.spread, restOf(m, value, target), scope, declares)
        else {
          const key = evaluate(m, entry.key, scope)
          const at = place(scope.program, entry.value.span)
          const got =
            (value.kind === 'dict' && !value.isMap) || value.kind === 'unknown'
              ? getItem(m, value, key, at)
              : isString(key)
                ? getAttribute(m, value, key.value, at, true)
                : unknown(m, 'unpacking')
          assignTo(m, entry.value, got, scope, declares)
        }
      }
      return
    case 'default': {
      const missing = value.kind === 'const' && value.value === null
      const absent = value.kind === 'unknown' && (value.optional || value.why === 'a key that is not there')
      assignTo(m, target.target, missing || absent ? evaluate(m, target.value, scope) : value, scope, declares)
      return
    }
    default:
      return
  }
}

/** Takes a value apart. */
function assignItems(
  m: Machine,
  target: Expr & { kind: 'list' | 'tuple' | 'set' },
  value: Value,
  scope: Scope,
  declares?: Declares,
): void {
  if (value.kind === 'const' && value.value === null && value.nothing && isJavaScript(scope)) {
    const at = place(scope.program, target.span)
    if (!useOfNothing(m, value))
      failScript(m, at, 'TypeError', 'undefined', 'something to take apart', 'undefined is not iterable')
  }
  const items = value.kind === 'list' && value.isShuffled ? placed(m, value) : itemsOf(m, value)
  refuseWalk(m, value, place(scope.program, target.span))
  const isOptional = mayBeLeftOut(value)
  const known = isOptional && value.kind === 'list' ? value.items : []
  const missing =
    items && isJavaScript(scope)
      ? nothing
      : isOptional
        ? { ...unknown(m, 'an argument of the command line', true), optional: true }
        : unknown(m, 'unpacking')
  const starred = target.items.findIndex(t => t.kind === 'spread')
  checkCount(m, target, items?.length ?? rowsOf(value), starred >= 0, scope)
  target.items.forEach((inner, i) => {
    if (inner.kind === 'spread') {
      const tail = target.items.length - i - 1
      assignTo(
        m,
        inner.value,
        items
          ? list(items.slice(i, items.length - tail))
          : isOptional
            ? { ...list(known.slice(i), 'list', true), optional: true }
            : unknown(m, 'unpacking'),
        scope,
        declares,
      )
    } else {
      const at = starred >= 0 && i > starred && items ? items.length - (target.items.length - i) : i
      assignTo(m, inner, (items ?? known)[at] ?? missing, scope, declares)
    }
  })
}

/**
 * JavaScript reads what a target leads through before the value that is assigned: in `(made ??= {})[key] = f(made)` the
 * object is there when `f` is called. Only such targets are read twice, which comes to the same.
 */
export function readTarget(m: Machine, target: Expr, scope: Scope): void {
  if (!isJavaScript(scope)) return
  for (let at = target; at.kind === 'attribute' || at.kind === 'index'; at = at.object) {
    const { object } = at
    if (object.kind === 'assignment' && !object.op && object.value.kind === 'logical') {
      evaluate(m, object, scope)
      return
    }
  }
}

/** The size of an array's first axis, which is what unpacking it walks. */
function rowsOf(v: Value): number | undefined {
  const rows = v.kind === 'array' ? v.variants.map(x => x.shape?.[0]) : []
  return rows.every(n => n === rows[0]) ? rows[0] : undefined
}

/** Python unpacks exactly as many values as there are names. */
function checkCount(
  m: Machine,
  target: Expr & { kind: 'list' | 'tuple' | 'set' },
  count: number | undefined,
  isStarred: boolean,
  scope: Scope,
): void {
  const wanted = target.items.length - (isStarred ? 1 : 0)
  if (count === undefined || (isStarred ? count >= wanted : count === wanted)) return
  const many = count > wanted
  const text = many
    ? `too many values to unpack (expected ${wanted})`
    : `not enough values to unpack (expected ${isStarred ? 'at least ' : ''}${wanted}, got ${count})`
  failPython(m, place(scope.program, target.span), 'ValueError', `${count} values`, `${wanted} for these names`, text)
}

function assignName(m: Machine, name: string, value: Value, scope: Scope, declares: Declares | undefined): void {
  if (!isJavaScript(scope)) {
    ownerOf(scope, name).vars.set(name, value)
    return
  }
  const owner = declares === 'let' ? scope : declares ? functionScope(scope) : holderOf(scope, name)
  const within = owner ?? functionScope(scope)
  // A name of an outer function keeps what it may still hold where the assignment may not come to pass.
  const before = m.uncertain > 0 && !declares && owner && !scopesOfFunction(scope).includes(owner)
  within.vars.set(name, before ? join(owner.vars.get(name), value, w => unknown(m, w)) : value)
}

/** Python: the scope that a name assigned here belongs to. */
function ownerOf(scope: Scope, name: string): Scope {
  if (!scope.outer?.has(name)) return scope
  let owner = scope.parent ?? scope
  while (!owner.vars.has(name) && owner.parent) owner = owner.parent
  return owner
}

/** What `...rest` takes of an object: all but the keys that stand beside it. */
function restOf(m: Machine, value: Value, target: Expr & { kind: 'dict' }): Value {
  if (value.kind !== 'dict') return unknown(m, 'the rest of an object')
  const rest = dict()
  mergeDict(m, rest, value)
  for (const key of value.deleted) rest.deleted.add(key)
  for (const entry of target.entries) {
    if ('spread' in entry) continue
    if (entry.key.kind !== 'literal' || typeof entry.key.value !== 'string') rest.open = true
    else {
      rest.map.delete(entry.key.value)
      rest.deleted.add(entry.key.value)
    }
  }
  return rest
}

export function setMember(m: Machine, object: Value, name: string, value: Value): void {
  checkSetting(m, object)
  if (object.kind === 'instance') {
    const setter = object.attributes.has(name) ? undefined : findSetter(object.of, name)
    if (setter) {
      invoke(
        m,
        { ...setter, self: object.whole ?? object },
        { positional: [{ value }], keywords: new Map(), open: false },
      )
      return
    }
    const before = m.uncertain > 0 ? object.attributes.get(name) : undefined
    object.attributes.set(name, before && before.kind !== 'unknown' ? join(before, value, w => unknown(m, w)) : value)
  } else if (object.kind === 'class') object.attributes.set(name, value)
  else if (object.kind === 'namespace') object.scope.vars.set(name, value)
  else if (object.kind === 'dict') setItem(m, object, constant(name), value)
  else if (object.kind === 'function') object.attributes?.set(name, value)
  else if (object.kind === 'list' && name === 'length' && isNumber(value) && value.value <= object.items.length)
    object.items.length = value.value
}

export function setItem(m: Machine, object: Value, asked: Value | undefined, value: Value): void {
  checkSetting(m, object)
  const key = asked && object.kind === 'dict' ? asKey(asked, object.isMap) : asked
  if (object.kind === 'dict') {
    const setter = key && isString(key) ? object.setters?.get(key.value) : undefined
    if (setter) {
      invoke(m, { ...setter, self: object }, { positional: [{ value }], keywords: new Map(), open: false })
      return
    }
    if (key && (isString(key) || isNumber(key))) {
      noteReplaced(m, object.map.get(key.value), value)
      const before = m.uncertain > 0 ? (object.map.get(key.value) ?? behind(m, object, key.value)) : undefined
      object.map.set(key.value, before ? join(before, value, w => unknown(m, w)) : value)
      object.deleted.delete(key.value)
    } else {
      // An unknown key may be any of them.
      object.open = true
      object.views = []
      object.map.clear()
    }
  } else if (object.kind === 'list') {
    setElement(m, object, key, value)
  } else if (object.kind === 'instance' && key) {
    const own = callMember(m, object, '__setitem__', [key, value])
    const map = own ? undefined : mapBehind(m, object)
    if (map) setItem(m, map, key, value)
    else if (!own && isString(key)) setMember(m, object, key.value, value)
  }
}

/** `list[i] = value`; an array of JavaScript grows to hold it. */
function setElement(m: Machine, object: ListValue, key: Value | undefined, value: Value): void {
  const asked =
    key && isString(key) && /^\d{1,6}$/.test(key.value) ? Number(key.value) : key && isNumber(key) && key.value
  if (typeof asked !== 'number' || !Number.isInteger(asked) || object.open) {
    object.open = true
    return
  }
  const index = asked < 0 ? asked + object.items.length : asked
  const before = object.items[index]
  if (before) object.items[index] = m.uncertain > 0 ? join(before, value, w => unknown(m, w)) : value
  else if (m.uncertain > 0 || index < 0 || index > longestArray) object.open = true
  else {
    while (object.items.length < index) object.items.push(nothing)
    object.items.push(value)
  }
}

/** Arrays are not grown beyond this. */
const longestArray = 100_000

/** What the checkpoints behind a dict hold under a key, as a value that a change on one path of the program spoils. */
function behind(m: Machine, object: DictValue, key: string | number): Value | undefined {
  const held = object.views.some(v => v.entries.some(e => e.shard.tensors.find(String(key))))
  return held && !object.deleted.has(key) ? unknown(m, 'changed on one path of the program') : undefined
}

/** `del` and `delete`. */
export function remove(m: Machine, target: Expr, scope: Scope): void {
  if (target.kind === 'name') scope.vars.delete(target.name)
  if (target.kind !== 'index' && target.kind !== 'attribute') return
  const object = evaluate(m, target.object, scope)
  const key =
    target.kind === 'attribute'
      ? constant(target.name)
      : target.index.kind === 'slice'
        ? undefined
        : evaluate(m, target.index, scope)
  if (object.kind === 'dict' && key && (isString(key) || isNumber(key))) {
    object.map.delete(key.value)
    object.deleted.add(key.value)
  } else if (object.kind === 'list' || object.kind === 'dict') object.open = true
}
