// Runs statements. Where a condition is not known both branches are run, one after the other, and what the names mean
// afterwards is joined; loops over known things are followed turn by turn, others once.

import { breaksOut } from '../../source/breaks'
import type { Expr, Stmt } from '../../source/ir'
import { makeClass } from './classes'
import { enterContext, leaveContext, suppressedBy } from './contexts'
import { noteCounting } from '../program/counting'
import { decorated } from './decorators'
import { evaluate, itemsOf, keysOf, mergeDict } from './expressions'
import { withoutArguments } from './commandLine'
import { type Machine, place, turnLimit, unknown } from './machine'
import { forget, Idling, namesSet } from './idling'
import { importModule } from './modules'
import { carriedInto, loosen } from './openWalk'
import { leaves, namesIn } from '../program/names'
import { attempt, raise } from './exceptions'
import { errorsOf, fail } from './refusals'
import { countedNames, isUniform, summarize, summarizeUnused } from './summary'
import { binary } from './operators'
import { blockScope, declaredIn, functionValue, isJavaScript, scopeFor, scopesOfFunction } from './scopes'
import { refuseWalk } from './scriptRefusals'
import { walkStacks } from './stacks'
import { noteWalked } from '../stored/takes'
import { assignTo, readTarget, remove } from './targets'
import { notWithNumber } from './trial'
import { returnedKey } from '../values/listItems'
import { constant, join, list, none, nothing, type Scope, truth, type Value } from '../values/value'

/** How a list of statements ended. */
export type Completion = 'next' | 'break' | 'continue' | 'return' | 'raise'

export function execute(m: Machine, body: readonly Stmt[], scope: Scope): Completion {
  // JavaScript knows the functions of a body before its first statement.
  if (isJavaScript(scope))
    for (const { def } of declaredIn(body).functions) scope.vars.set(def.name, functionValue(def, scope))
  for (const statement of body) {
    if (m.frame.halted) return 'return'
    const completion = step(m, statement, scope)
    if (completion !== 'next') return completion
    if (m.work <= 0) return 'next'
  }
  return 'next'
}

/** Runs a body that is a block of its own. */
export const executeBlock = (m: Machine, body: readonly Stmt[], scope: Scope): Completion =>
  execute(m, body, scopeFor(body, scope))

/** Whether a loop or block with this label is what a jump leaves; then the jump has arrived. */
function arrives(m: Machine, label: string | undefined): boolean {
  if (m.jump !== undefined && m.jump !== label) return false
  m.jump = undefined
  return true
}

function step(m: Machine, s: Stmt, scope: Scope): Completion {
  m.work--
  switch (s.kind) {
    case 'expression':
      evaluate(m, s.value, scope)
      return 'next'
    case 'assign': {
      readTarget(m, s.target, scope)
      const value = evaluate(m, s.value, scope)
      if (s.op) notWithNumber(m, value)
      if (!s.op) assignTo(m, s.target, value, scope, s.declares)
      else {
        const before = evaluate(m, s.target, scope)
        if (s.op === '+' && before.kind === 'list' && value.kind === 'list') {
          before.items.push(...value.items)
          if (value.open || m.uncertain > 0) before.open ||= value.open
        } else if (s.op === '|' && before.kind === 'dict') mergeDict(m, before, value)
        else assignTo(m, s.target, binary(m, s.op, before, value, scope, s.value), scope)
      }
      return 'next'
    }
    case 'if': {
      const test = evaluate(m, s.test, scope)
      const known = truth(test, isJavaScript(scope))
      if (known === undefined) notWithNumber(m, test)
      return branch(m, known ?? withoutArguments(test, s), s.yes, s.no, scope)
    }
    case 'for':
      return walkItems(m, s, scope)
    case 'while':
      return loop(m, s, scope)
    case 'return':
      if (m.frame.isGenerator) {
        if (s.value) noteReturned(m, evaluate(m, s.value, scope))
        return 'return'
      }
      m.frame.returned = s.value
        ? m.frame.returned === undefined
          ? returnedBy(m, s.value, scope)
          : join(m.frame.returned, evaluate(m, s.value, scope), w => unknown(m, w))
        : (m.frame.returned ?? none)
      return 'return'
    case 'raise':
      raise(m, s, scope)
      return 'raise'
    case 'break':
    case 'continue':
      m.jump = s.label
      return s.kind
    case 'pass':
      return 'next'
    case 'try':
      return attempt(m, s, scope)
    case 'with': {
      const managers: Value[] = []
      for (const item of s.items) {
        const manager = evaluate(m, item.value, scope)
        managers.unshift(manager)
        const value = enterContext(m, manager)
        if (item.target) assignTo(m, item.target, value, scope)
      }
      const suppressed = managers.flatMap(manager => suppressedBy(manager) ?? [])
      const completion = suppressed.length > 0 ? quietly(m, s, suppressed, scope) : execute(m, s.body, scope)
      // A generator that waits at its yield has not left its blocks.
      if (!m.frame.halted) for (const manager of managers) leaveContext(m, manager)
      return completion
    }
    case 'function':
      if (!isJavaScript(scope)) scope.vars.set(s.def.name, decorated(m, functionValue(s.def, scope), s.wrappers, scope))
      return 'next'
    case 'class': {
      const made = makeClass(m, s.def, scope)
      scope.vars.set(s.def.name, made.kind === 'class' ? decorated(m, made, s.wrappers, scope) : made)
      return 'next'
    }
    case 'import':
      importModule(m, s, scope)
      return 'next'
    case 'export':
      for (const { local, exported } of s.names) {
        const value = scope.vars.get(local)
        if (value && local !== exported) scope.vars.set(exported, value)
        ;(scope.exported ??= new Set()).add(exported)
      }
      return 'next'
    case 'delete':
      for (const target of s.targets) remove(m, target, scope)
      return 'next'
    case 'assert':
      return assertion(m, s, scope)
    case 'global':
      // A module has no outer scope.
      if (scope.parent) for (const name of s.names) (scope.outer ??= new Set()).add(name)
      return 'next'
    case 'block': {
      const completion = executeBlock(m, s.body, scope)
      return completion === 'break' && s.label !== undefined && m.jump === s.label && arrives(m, s.label)
        ? 'next'
        : completion
    }
    case 'unknown':
      for (const child of s.children) evaluate(m, child, scope)
      return 'next'
  }
}

/** The body of a `with` that suppresses exceptions is that of a `try` whose handler does nothing. */
const quietly = (m: Machine, s: Stmt & { kind: 'with' }, types: readonly string[], scope: Scope): Completion =>
  attempt(
    m,
    { kind: 'try', body: s.body, handlers: [{ types, body: [] }], orElse: [], finally: [], span: s.span },
    scope,
  )

function walkItems(m: Machine, s: Stmt & { kind: 'for' }, outer: Scope): Completion {
  let ended: Completion = 'next'
  const { alternative } = m
  let broken: Broken = 'no'
  const turn = (item: Value, isSure = true): boolean => {
    ended = 'next'
    const scope = s.declares === 'let' ? blockScope(outer) : outer
    assignTo(m, s.target, item, scope, s.declares)
    const completion = executeBlock(m, s.body, scope)
    if (completion === 'next') return true
    if (completion === 'raise' && !isSure) return false
    if (completion === 'return' || completion === 'raise' || !arrives(m, s.label)) {
      ended = completion
      return false
    }
    if (completion !== 'break') return true
    broken = isSure && m.summaries === 0 && m.alternative === alternative ? 'yes' : 'maybe'
    return false
  }
  const iterable = evaluate(m, s.iterable, outer)
  if (s.over === 'values') refuseWalk(m, iterable, place(outer.program, s.iterable.span))
  notWithNumber(m, iterable)
  const carried = carriedInto(iterable, s.body, outer)
  const items = s.over === 'values' && iterable.kind === 'list' && !iterable.open ? iterable.items : []
  const summary = summarizeUnused(items, s.target, s.body) ?? summarize(m, items)
  if (summary && isUniform(m, s.body)) {
    forget(m, countedNames(s.body), outer)
    m.summaries++
    turn(summary.item)
    m.summaries--
  } else if (!walkStacks(m, s, items, outer, turn)) iterate(m, iterable, s.over, turn)
  // What a variable of the function holds after the loop is the last item, not what stood for many.
  else if (s.declares !== 'let') assignTo(m, s.target, items[items.length - 1] as Value, outer, s.declares)
  loosen(carried, iterable, outer)
  if (ended !== 'next') return m.uncertain > 0 && ended === 'raise' ? 'next' : ended
  // Turns that end early come together again after the loop; a return would have ended all of them.
  if (broken === 'no' && m.alternative > alternative && s.body.some(breaksOut)) broken = 'maybe'
  if (broken === 'maybe') forgetTurn(m, s, outer)
  if (!leaves(s.body)) m.alternative = alternative
  return otherwise(m, s.orElse, broken, outer)
}

/** Which turn was the last is not known: nor is what the last one left in the variables that count or choose. */
function forgetTurn(m: Machine, s: Stmt & { kind: 'for' | 'while' }, scope: Scope): void {
  const names = [...namesSet(s.body), ...(s.kind === 'for' ? namesIn(s.target) : [])]
  forget(m, names, scope, v => v?.kind === 'const')
}

/** Whether a loop was ended by a `break`. */
type Broken = 'yes' | 'no' | 'maybe'

/** The `else` of a loop: what is run where no `break` has ended it. */
function otherwise(m: Machine, body: readonly Stmt[], broken: Broken, scope: Scope): Completion {
  if (body.length === 0 || broken === 'yes') return 'next'
  return branch(m, broken === 'no' ? true : undefined, body, [], scope)
}

/** Runs one of two lists of statements, or both and joins what comes of them, where it is not known which. */
export function branch(
  m: Machine,
  known: boolean | undefined,
  yes: readonly Stmt[],
  no: readonly Stmt[],
  scope: Scope,
): Completion {
  if (known !== undefined) return executeBlock(m, known ? yes : no, scope)
  const scopes = scopesOfFunction(scope)
  const before = scopes.map(s => new Map(s.vars))
  m.uncertain++
  m.branching++
  const first = executeBlock(m, yes, scope)
  const afterYes = scopes.map(s => s.vars)
  scopes.forEach((s, i) => (s.vars = before[i] ?? s.vars))
  const second = executeBlock(m, no, scope)
  m.uncertain--
  m.branching--
  // What follows a branch that left runs only where the other was taken; where nothing catches what it raised, the program
  // is over there, and fails one way or the other.
  const endsAll = m.catching === 0 && !m.free
  if (first !== second && !(endsAll && (first === 'raise' || second === 'raise'))) m.alternative++
  if (first === 'next' || second === 'next') m.jump = undefined
  if (first !== 'next') return second === 'next' ? 'next' : first === 'raise' ? second : first
  if (second !== 'next') {
    scopes.forEach((s, i) => (s.vars = afterYes[i] ?? s.vars))
    return 'next'
  }
  for (const [i, { vars }] of scopes.entries())
    for (const [name, value] of afterYes[i] ?? []) {
      const other = vars.get(name)
      vars.set(name, other === undefined ? value : join(value, other, w => unknown(m, w)))
    }
  return 'next'
}

/** What a function returns: an `undefined` that it comes to for certain is sure. */
function returnedBy(m: Machine, e: Expr, scope: Scope): Value {
  const value = evaluate(m, e, scope)
  const isNothing = e.kind === 'literal' && e.value === null && m.uncertain === m.frame.uncertain
  return isNothing && isJavaScript(scope) && scope.program.text.slice(e.span.start, e.span.end) === 'undefined'
    ? nothing
    : value
}

/** What a generator gives when it is done stands beside what it has given before. */
function noteReturned(m: Machine, value: Value): void {
  const { returned, uncertain } = m.frame
  const made = returned?.kind === 'list' ? returned : list([])
  const isSure = m.uncertain === uncertain && !made.properties?.has(returnedKey)
  const held = isSure ? value : unknown(m, 'what a generator returns')
  m.frame.returned = { ...made, properties: new Map([[returnedKey, held]]) }
}

/** An endless loop of which it is not known when it ends is followed so far. */
const doubtfulTurns = 100

function loop(m: Machine, s: Stmt & { kind: 'while' }, outer: Scope): Completion {
  // Every turn has variables of its own, which functions made in it keep.
  const perTurn = isJavaScript(outer) && declaredIn(s.init).lexical
  let scope = perTurn ? blockScope(outer) : outer
  execute(m, s.init, scope)
  noteCounting(m, s, scope)
  const idling = new Idling(m)
  const before = m.alternative
  for (let turn = 0; turn < turnLimit && m.work > 0; turn++) {
    const test = s.testLast && turn === 0 ? constant(true) : evaluate(m, s.test, scope)
    const isIdle = idling.isLong(m)
    if (isIdle) forget(m, namesSet(s.body), scope, v => v?.kind === 'const')
    const known = isIdle ? undefined : truth(test, isJavaScript(scope))
    // A loop over what was given on the command line: nothing was.
    if (known === false || (test.kind === 'unknown' && test.optional)) {
      const broken = m.alternative > before && s.body.some(breaksOut) ? 'maybe' : 'no'
      if (broken === 'maybe') forgetTurn(m, s, scope)
      return otherwise(m, s.orElse ?? [], broken, scope)
    }
    if (known === undefined) {
      m.uncertain++
      // The counter of a loop of unknown length is unknown too: any turn may be meant.
      for (const init of s.init)
        if (init.kind === 'assign') assignTo(m, init.target, unknown(m, 'a loop counter'), scope, init.declares)
      executeBlock(m, s.body, scope)
      m.jump = undefined
      m.uncertain--
      return otherwise(m, s.orElse ?? [], s.body.some(breaksOut) ? 'maybe' : 'no', scope)
    }
    const { alternative } = m
    const completion = executeBlock(m, s.body, scope)
    if (completion === 'return' || completion === 'raise') return completion
    // What may have ended it in every turn so far ends it some time.
    if (m.alternative > alternative && s.test.kind === 'literal' && turn >= doubtfulTurns) return 'next'
    if (completion === 'continue' && s.isSwitch) return completion
    if (completion !== 'next' && !arrives(m, s.label)) return completion
    if (completion === 'break') return 'next'
    if (perTurn) scope = { ...scope, vars: new Map(scope.vars) }
    execute(m, s.update, scope)
  }
  return 'next'
}

function assertion(m: Machine, s: Stmt & { kind: 'assert' }, scope: Scope): Completion {
  if (truth(evaluate(m, s.test, scope), isJavaScript(scope)) !== false) return 'next'
  fail(m, {
    at: place(scope.program, s.span),
    kind: 'error',
    found: 'the assertion is false with this checkpoint',
    expected: undefined,
    raises: 'AssertionError',
    errors: errorsOf('AssertionError'),
    tensors: [],
  })
  return 'raise'
}

/**
 * Walks what can be walked. `visit` gets each item and whether the turn is sure to happen, and says whether to go on.
 * `partial` is told where there may be other items.
 */
export function iterate(
  m: Machine,
  v: Value,
  over: 'values' | 'keys',
  visit: (item: Value, sure: boolean) => boolean,
  partial: () => void = () => undefined,
): void {
  let items = over === 'keys' && v.kind === 'list' ? v.items.map((_, i) => constant(String(i))) : itemsOf(m, v)
  if (over === 'keys' && v.kind === 'dict' && !v.open && !v.isMap) items = keysOf(m, v)
  if (items && !(v.kind === 'list' && v.open)) {
    // A copy: the body may change the list that it walks.
    const { turns } = m
    m.turns *= Math.max(1, items.length)
    for (const [turn, item] of [...items].entries()) {
      if (turn >= turnLimit || m.work <= 0) {
        partial()
        break
      }
      if (!visit(item, true)) break
    }
    m.turns = turns
    return
  }
  partial()
  if ((v.kind === 'unknown' || v.kind === 'list') && v.optional) return
  noteWalked(m, v)
  m.uncertain++
  const some =
    v.kind === 'list' && v.items.length > 0 ? v.items : [unknown(m, 'an item of something that is not followed', false)]
  for (const item of some) if (!visit(item, false)) break
  m.uncertain--
}
