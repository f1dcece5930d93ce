// Evaluates expressions of the intermediate representation to abstract values. Whatever is not known here becomes an
// unknown, never a guess; calls are in calls.ts, members in members.ts.

import { asKey, keyValue } from '../values/keys'
import type { Expr, FunctionDef } from '../../source/ir'
import { makeAlike } from './alikeItems'
import { itemsOfObject, superOf, textOfObject } from './classes'
import { itemsOfIterable } from './iterators'
import { mapBehind } from '../values/mapObjects'
import { mappingOf } from './mappingObjects'
import { type Machine, place, unknown, withLiteral } from './machine'
import { rowsIn } from '../members/indexing'
import { getAttribute, getIndex } from '../members/members'
import { noteMerged, noteReplaced } from '../stored/merging'
import { libraryName, properties } from '../models/index'
import { setOf } from '../models/sets'
import { binary, compare, unary } from './operators'
import { isChained } from '../program/names'
import { primitive } from './primitives'
import { inherit } from './prototypes'
import { execute, iterate } from './statements'
import { blockScope, functionValue, importedNow, isJavaScript } from './scopes'
import { evaluateCall } from './rescues'
import { refuseWalk } from './scriptRefusals'
import { assignTo, readTarget } from './targets'
import { mapItems } from '../models/scriptArrays'
import { isUniform, summarize } from './summary'
import { returnedKey } from '../values/listItems'
import { partsOf, scriptPartsOf, textOf, type Part } from '../values/text'
import { notWithNumber, settled } from './trial'
import {
  constant,
  dict,
  isNumber,
  isOptional,
  isString,
  join,
  list,
  none,
  type Scope,
  truth,
  type Value,
} from '../values/value'

const literals = new WeakMap<Expr, Value>()
/** A literal's value with its place; one object for each, since loops evaluate them again and again. */
function literalOf(e: Expr & { kind: 'literal' }, program: Scope['program']): Value {
  let known = literals.get(e)
  if (!known) {
    const written = program.text.slice(e.span.start, e.span.end)
    const isFloat = typeof e.value === 'number' && program.language === 'python' && /^[\d_]*(\.|\d[eE])/.test(written)
    known = withLiteral(isFloat ? { ...constant(e.value), isFloat } : constant(e.value), place(program, e.span))
    literals.set(e, known)
  }
  return known
}

/**
 * The value of an expression. This is where a run spends its time: a function made in here that looks at `m`, `e` or `scope`
 * would cost every call an object, so that whatever needs one has a function of its own.
 */
export function evaluate(m: Machine, e: Expr, scope: Scope): Value {
  if (m.work-- <= 0) {
    m.stopped.why ??= 'the program does more work than is followed'
    return unknown(m, 'work limit')
  }
  switch (e.kind) {
    case 'literal':
      return literalOf(e, scope.program)
    case 'name':
      return globalOf(m, lookupName(e.name, scope), e, scope)
    case 'this':
      return findSelf(scope) ?? unknown(m, 'this')
    case 'super':
      return superOf(scope) ?? unknown(m, 'super')
    case 'template': {
      const parts: Part[] = []
      const textFrom = isJavaScript(scope) ? scriptPartsOf : partsOf
      for (const part of e.parts) {
        const text = typeof part === 'string' ? [part] : textFrom(asText(m, evaluate(m, part, scope), scope))
        if (!text) return unknown(m, 'text of a value that is not text')
        parts.push(...text)
      }
      const text = textOf(parts)
      return text.kind === 'const' || text.kind === 'template'
        ? { ...text, written: place(scope.program, e.span) }
        : text
    }
    case 'attribute': {
      const object = evaluate(m, e.object, scope)
      if (isNone(object) && isChained(e)) return none
      notWithNumber(m, object.kind === 'unknown' ? object : undefined)
      return getAttribute(m, object, e.name, place(scope.program, e.span), isJavaScript(scope))
    }
    case 'index': {
      const object = evaluate(m, e.object, scope)
      if (isNone(object) && isChained(e)) return none
      return getIndex(m, object, e.index, scope, place(scope.program, e.span))
    }
    case 'slice':
      return unknown(m, 'slice')
    case 'call':
      return evaluateCall(m, e, scope)
    case 'binary': {
      const left = evaluate(m, e.left, scope)
      const right = evaluate(m, e.right, scope)
      return settled(m, binary(m, e.op, left, right, scope, e), left, right)
    }
    case 'unary': {
      const operand = evaluate(m, e.operand, scope)
      return settled(m, unary(m, e.op, operand, isJavaScript(scope)), operand)
    }
    case 'compare': {
      const left = evaluate(m, e.left, scope)
      const right = evaluate(m, e.right, scope)
      return settled(m, compare(m, e.op, left, right, place(scope.program, e.span)), left, right)
    }
    case 'logical':
      return logical(m, e, scope)
    case 'conditional':
      return conditional(m, e, scope)
    case 'list':
    case 'tuple':
    case 'set': {
      const made = list([], e.kind)
      for (const item of e.items) {
        if (item.kind !== 'spread') made.items.push(evaluate(m, item, scope))
        else {
          const value = evaluate(m, item.value, scope)
          refuseWalk(m, value, place(scope.program, item.value.span))
          const spread = itemsOf(m, value)
          if (spread) made.items.push(...spread)
          else made.open = true
        }
      }
      return e.kind === 'set' ? setOf(made.items, made.open) : made
    }
    case 'dict': {
      const made = dict()
      for (const entry of e.entries) {
        if ('spread' in entry) mergeDict(m, made, evaluate(m, entry.spread, scope))
        else {
          const key = asKey(evaluate(m, entry.key, scope))
          const value = evaluate(m, entry.value, scope)
          if (isJavaScript(scope) && entry.key.kind === 'literal' && entry.key.value === '__proto__')
            inherit(made, value)
          else if (entry.isSetter) {
            if (value.kind === 'function' && isString(key)) (made.setters ??= new Map()).set(key.value, value)
          } else if (isString(key) || isNumber(key)) made.map.set(key.value, value)
          else made.open = true
        }
      }
      return made
    }
    case 'comprehension':
      return comprehension(m, e, scope)
    case 'function':
      return e.isNamed ? namedFunction(e.def, scope) : functionValue(e.def, scope)
    case 'class':
      execute(m, [{ kind: 'class', def: e.def, span: e.span }], scope)
      return scope.vars.get(e.def.name) ?? unknown(m, 'class expression')
    case 'spread':
      return evaluate(m, e.value, scope)
    case 'default':
      return unknown(m, 'default')
    case 'assignment': {
      readTarget(m, e.target, scope)
      const value = e.op
        ? binary(m, e.op, evaluate(m, e.target, scope), evaluate(m, e.value, scope), scope, e)
        : evaluate(m, e.value, scope)
      assignTo(m, e.target, value, scope)
      return value
    }
    case 'yield': {
      if (e.value) {
        const value = evaluate(m, e.value, scope)
        const made = m.frame.returned
        const yielded = made?.kind === 'list' ? made : list([])
        const items = e.from ? itemsOf(m, value) : [value]
        if (items) yielded.items.push(...items)
        if (!items || m.uncertain > m.frame.uncertain) yielded.open = true
        m.frame.returned = yielded
        const given = e.from && value.kind === 'list' ? value.properties?.get(returnedKey) : undefined
        if (given) return given
      }
      if (m.frame.halts) m.frame.halted = true
      return unknown(m, 'value sent to a generator')
    }
    case 'unknown':
      for (const child of e.children) notWithNumber(m, evaluate(m, child, scope))
      return unknown(m, e.what)
  }
}

const asText = (m: Machine, v: Value, scope: Scope): Value =>
  isJavaScript(scope) ? primitive(m, v, 'text') : textOfObject(m, v, '__format__')

function logical(m: Machine, e: Expr & { kind: 'logical' }, scope: Scope): Value {
  const left = evaluate(m, e.left, scope)
  if (e.op === 'nullish') {
    if (left.kind === 'const') return left.value === null ? evaluate(m, e.right, scope) : left
    if (left.kind === 'unknown' && left.optional) return evaluate(m, e.right, scope)
    return left.kind === 'unknown' ? join(left, evaluate(m, e.right, scope), w => unknown(m, w)) : left
  }
  const known = truth(left, isJavaScript(scope))
  if (known === undefined) {
    notWithNumber(m, left)
    if (e.op === 'or' && (left.kind === 'unknown' || left.kind === 'list') && left.optional)
      return evaluate(m, e.right, scope)
    // Nothing is given on the command line.
    if (e.op === 'or' && left.kind === 'unknown' && left.otherwise && !left.otherwise.value)
      return evaluate(m, e.right, scope)
    const right = unsure(m, () => evaluate(m, e.right, scope))
    // What is left out counts as false: `...(given && { bits: given })` adds nothing then.
    if (left.kind === 'unknown' && left.optional) return left.otherwise?.value ? right : left
    // `x or default` on a free input: the input, if there is one, is what counts.
    return left.kind === 'unknown' ? unknown(m, 'one of two values') : join(left, right, w => unknown(m, w))
  }
  return known === (e.op === 'and') ? evaluate(m, e.right, scope) : left
}

function conditional(m: Machine, e: Expr & { kind: 'conditional' }, scope: Scope): Value {
  const test = evaluate(m, e.test, scope)
  const known = truth(test, isJavaScript(scope))
  if (known !== undefined) return evaluate(m, known ? e.yes : e.no, scope)
  notWithNumber(m, test)
  // Where nothing is given, the program runs with the other.
  if (test.kind === 'unknown' && test.otherwise) return evaluate(m, test.otherwise.value ? e.yes : e.no, scope)
  return unsure(m, () => join(evaluate(m, e.yes, scope), evaluate(m, e.no, scope), w => unknown(m, w)))
}

export const isNone = (v: Value): boolean => v.kind === 'const' && v.value === null

/** Evaluates something that the program may not come to. */
export function unsure(m: Machine, f: () => Value): Value {
  m.uncertain++
  m.branching++
  const value = f()
  m.uncertain--
  m.branching--
  return value
}

function findSelf(scope: Scope): Value | undefined {
  for (let s: Scope | undefined = scope; s; s = s.parent) if (s.self) return s.self
  return undefined
}

function lookupName(name: string, scope: Scope): Value {
  for (let s: Scope | undefined = scope; s; s = s.parent) {
    const value = s.vars.get(name)
    if (value) return (s.imports && importedNow(s, name)) ?? value
  }
  if (name === '__file__' || name === '__filename') return { kind: 'const', value: scope.program.path }
  if (name === '__dirname') return { kind: 'const', value: scope.program.path.replace(/[/\\][^/\\]*$/, '') }
  return { kind: 'library', name: libraryName(`${isJavaScript(scope) ? 'js' : 'py'}.${name}`) }
}

/** A function expression of JavaScript, which knows itself by its name. */
function namedFunction(def: FunctionDef, scope: Scope): Value {
  const own = blockScope(scope)
  const made = functionValue(def, own)
  own.vars.set(def.name, made)
  return made
}

/** What a name of the language stands for that is no function: `Infinity`. */
function globalOf(m: Machine, v: Value, e: Expr, scope: Scope): Value {
  const property = v.kind === 'library' && v.self === undefined ? properties.get(v.name) : undefined
  return property ? property(m, v, place(scope.program, e.span)) : v
}

/** The items of something that can be walked; undefined where there may be others. */
export function itemsOf(m: Machine, v: Value): Value[] | undefined {
  if (v.kind === 'list') return v.open ? undefined : v.items
  if (v.kind === 'dict' && v.isMap) return mapItems(v)
  const walked = v.kind === 'dict' ? itemsOfIterable(m, v) : null
  if (walked !== null) return walked
  if (v.kind === 'dict' && !v.open) return keysOf(m, v)
  if (isString(v)) return [...v.value].map(constant)
  if (v.kind === 'array') return v.library === 'frost' ? undefined : rowsIn(m, v)
  return itemsOfObject(m, v)
}

/** Names that are walked one by one where a program walks over a checkpoint; a larger one is not followed there. */
const walkedNames = 20_000

/** Keys of a dict, those of the checkpoints behind it included. */
export function keysOf(m: Machine, v: Value & { kind: 'dict' }): Value[] | undefined {
  if (v.open) return undefined
  const keys = new Set<string | number>()
  const names = v.views.reduce((n, view) => view.entries.reduce((k, e) => k + e.shard.tensors.count, n), 0)
  if (names > walkedNames) return undefined
  for (const view of v.views) {
    for (const e of view.entries)
      for (const name of e.shard.tensors.names()) {
        m.work--
        if (!v.deleted.has(name)) keys.add(name)
      }
  }
  for (const key of v.map.keys()) keys.add(key)
  return [...keys].map(key => {
    const value = keyValue(key)
    return value.kind === 'const' ? { ...value, walked: true } : value
  })
}

export function mergeDict(m: Machine, into: Value & { kind: 'dict' }, given: Value): void {
  const from = (given.kind === 'instance' && (mapBehind(m, given) ?? mappingOf(m, given))) || given
  if (from.kind !== 'dict') {
    if (!(from.kind === 'const' && !from.value) && !isOptional(from)) into.open = true
    return
  }
  for (const view of from.views) {
    // What a later checkpoint holds hides what stood there before; an overlay is younger than both.
    if (into.map.size > 0)
      for (const key of [...into.map.keys()])
        if (view.entries.some(e => e.shard.tensors.find(String(key)))) into.map.delete(key)
    into.views.push(view)
  }
  if (from.views.length > 0) noteMerged(m, into.views)
  for (const [key, value] of from.map) {
    into.map.set(key, value)
    into.deleted.delete(key)
  }
  if (from.open) into.open = true
}

function comprehension(m: Machine, e: Expr & { kind: 'comprehension' }, outer: Scope): Value {
  const scope: Scope = { vars: new Map(), parent: outer, program: outer.program, self: outer.self }
  const items: Value[] = []
  const made = dict()
  let open = false
  const walk = (index: number, certain: boolean): void => {
    const clause = e.clauses[index]
    if (!clause) {
      const value = evaluate(m, e.element, scope)
      if (e.result === 'dict') {
        const key = e.key ? asKey(evaluate(m, e.key, scope)) : none
        if (isString(key) || isNumber(key)) {
          noteReplaced(m, made.map.get(key.value), value)
          made.map.set(key.value, value)
        } else open = true
      } else items.push(value)
      if (!certain) open = true
      return
    }
    const iterable = evaluate(m, clause.iterable, scope)
    const isPlain = e.result !== 'dict' && clause.conditions.length === 0 && iterable.kind === 'list' && !iterable.open
    const summary = isPlain ? summarize(m, iterable.items) : undefined
    if (isPlain && !summary && e.clauses.length === 1 && certain) {
      const made = makeAlike(m, e.element, iterable.items, item => {
        assignTo(m, clause.target, item, scope)
        return evaluate(m, e.element, scope)
      })
      if (made) {
        items.push(...made)
        return
      }
    }
    if (summary && isUniform(m, e.element)) {
      const from = items.length
      m.summaries++
      assignTo(m, clause.target, summary.item, scope)
      walk(index + 1, certain)
      m.summaries--
      const made = items.slice(from)
      for (let turn = 1; turn < summary.count; turn++) items.push(...made)
      return
    }
    iterate(
      m,
      iterable,
      'values',
      (item, sure) => {
        assignTo(m, clause.target, item, scope)
        let certainly = sure && certain
        for (const condition of clause.conditions) {
          const known = truth(evaluate(m, condition, scope), isJavaScript(scope))
          if (known === false) return true
          if (known === undefined) certainly = false
        }
        if (certainly) walk(index + 1, true)
        else
          unsure(m, () => {
            walk(index + 1, false)
            return none
          })
        return true
      },
      () => (open = true),
    )
  }
  walk(0, true)
  if (e.result === 'dict') {
    made.open = open
    return made
  }
  return e.result === 'set' ? setOf(items, open) : list(items, 'list', open)
}
