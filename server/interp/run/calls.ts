// Calls: of the user's own functions and classes, which are entered, and of modelled libraries, which are looked up.
// A call of anything else is unknown and silent; where stored tensors go into it, that is noted for people to see.

import type { Arg, Expr } from '../../source/ir'
import { noteMade } from '../stored/fileReads'
import { evaluate, itemsOf } from './expressions'
import { holdsUnread, namesArguments } from '../program/names'
import { handOver, storedArrays } from '../arrays/handOver'
import { enter, evaluateOnce } from './entering'
import { LibraryCall } from './libraryCall'
import { type Machine, noteUnfollowed, place, unknown } from './machine'
import { isPosition } from '../values/positions'
import { classesOf, freeInit, instantiate } from './classes'
import { managerOf } from './contexts'
import { memberOfEnumeration } from './enumerations'
import { partialOf } from '../values/partial'
import { fillMap, isMapClass } from '../values/mapObjects'
import { findMember, libraryBase } from '../members/members'
import { refusesArguments } from '../models/arraySlots'
import { models } from '../models/index'
import { refuseCall, refuseWalk } from './scriptRefusals'
import { noteComputed } from './computed'
import { noteShared } from './sharing'
import { checkCall, checkConstruction } from '../program/signatures'
import { isMover, noteAnyTaken, noteHandedOut } from '../stored/takes'
import { execute } from './statements'
import { assignTo } from './targets'
import { notWithNumber, notWithObject, settled } from './trial'
import {
  dict,
  type FunctionValue,
  type InstanceValue,
  list,
  none,
  nothing,
  type Place,
  type Scope,
  type Value,
} from '../values/value'

export interface Argument {
  readonly value: Value
  readonly place?: Place
}

export interface Arguments {
  readonly positional: readonly Argument[]
  readonly keywords: ReadonlyMap<string, Argument>
  /** There may be more of them. */
  readonly open: boolean
  /** Only such as may be left out: where there is a default, that is read. */
  readonly optional?: boolean
  /** As a call of the program has them: there are no others. */
  readonly isWritten?: true
  /** Behind `new`. */
  readonly isNew?: true
}

const noKeywords: ReadonlyMap<string, Argument> = new Map()
export const noArguments: Arguments = { positional: [], keywords: noKeywords, open: false }

export function evaluateArguments(m: Machine, args: readonly Arg[], scope: Scope): Arguments {
  const positional: Argument[] = []
  let keywords: Map<string, Argument> | undefined
  let open = false
  let optional = true
  for (const arg of args) {
    const value = evaluate(m, arg.value, scope)
    const at = place(scope.program, arg.value.span)
    if (arg.spread === 'list') {
      refuseWalk(m, value, at)
      const items = itemsOf(m, value)
      if (items) positional.push(...items.map(v => ({ value: v })))
      else {
        open = true
        if (!(value.kind === 'list' && value.optional && value.items.length === 0)) optional = false
      }
    } else if (arg.spread === 'dict') {
      if (value.kind === 'dict') {
        for (const [key, v] of value.map) (keywords ??= new Map()).set(String(key), { value: v })
        if (value.open || value.views.length > 0) [open, optional] = [true, false]
        noteAnyTaken(m, value.views)
      } else [open, optional] = [true, false]
    } else if (arg.name) (keywords ??= new Map()).set(arg.name, { value, place: at })
    else positional.push({ value, place: at })
  }
  const left = open && optional ? { optional } : {}
  return { positional, keywords: keywords ?? noKeywords, open, isWritten: true, ...left }
}

export interface CallSite {
  readonly expr: Expr & { kind: 'call' }
  readonly scope: Scope
  readonly at: Place
}

export function callValue(m: Machine, callee: Value, args: Arguments, site: CallSite): Value {
  if (site.expr.callee.kind === 'super' && callee.kind === 'instance') {
    const constructor = findMember(callee.of, '__init__', callee.whole)
    if (!constructor && isMapClass(callee.of)) fillMap(m, callee.whole ?? callee, args)
    return constructor?.value.kind === 'function'
      ? invoke(m, { ...constructor.value, self: callee.whole ?? callee }, args)
      : none
  }
  switch (callee.kind) {
    case 'function':
      checkCall(m, callee, args, site.at)
      m.calling = site.at
      return site.expr.isNew
        ? construct(m, callee, handOver(args, site.at))
        : invoke(m, callee, handOver(args, site.at))
    case 'class': {
      const member = memberOfEnumeration(m, callee, args, site.at)
      if (member) return member
      checkConstruction(m, callee, args, site.at)
      return instantiate(m, callee, handOver(args, site.at), true)
    }
    case 'library':
      return callLibrary(m, callee.name, callee.self, args, site)
    case 'instance': {
      const partial = partialOf(callee, args)
      if (partial) return callValue(m, partial.callee, partial.args, site)
      const member = findMember(callee.of, '__call__') ?? findMember(callee.of, 'forward')
      if (member?.value.kind === 'function') {
        const method: FunctionValue = { ...member.value, self: callee }
        checkCall(m, method, args, site.at)
        m.calling = site.at
        return invoke(m, method, handOver(args, site.at))
      }
      const base = libraryBase(callee.of)
      if (base)
        return callLibrary(m, `${base}.${models.has(`${base}.forward`) ? 'forward' : '__call__'}`, callee, args, site)
      return handedOut(m, args, 'a call of an object')
    }
    case 'unknown':
      return callByName(m, callee, args, site)
    case 'const':
      refuseCall(m, callee, site.at, site.expr.callee.span)
      return handedOut(m, args, 'a call of a value')
    default:
      return handedOut(m, args, 'a call of a value')
  }
}

const valuesOf = (args: Arguments): Value[] => [...args.positional, ...args.keywords.values()].map(a => a.value)

/** What a call of something that is not followed gives; it may do anything with its arguments. */
function handedOut(m: Machine, args: Arguments, why: string): Value {
  for (const value of valuesOf(args)) {
    noteMade(m, value)
    noteHandedOut(m, value)
    noteShared(value)
  }
  return unknown(m, why)
}

/** Where a call stands, for a library to say. */
type Site = Pick<CallSite, 'at' | 'scope'>

function callLibrary(m: Machine, name: string, self: Value | undefined, args: Arguments, site: Site): Value {
  const model = models.get(name)
  if (!model && /^(mlx|frost)\.nn\.[A-Z]\w*$/.test(name)) return libraryInstance(m, name, args)
  if (!model) {
    if (self) noteHandedOut(m, self)
    // A function handed to something we do not know may be called there; its body is read as an entry later.
    if (storedArrays(args).length > 0) noteUnfollowed(m, site.at, `${name.replace(/^(py|js)\./, '')} is not modelled`)
    // What an unmodelled method did to its receiver is not known.
    if (self?.kind === 'list' || self?.kind === 'dict') self.open = true
    return handedOut(m, args, `${name.replace(/^(py|js)\./, '')} is not modelled`)
  }
  if (!isMover(name)) for (const value of valuesOf(args)) noteHandedOut(m, value)
  const call = new LibraryCall(m, name, self, args, site.at, site.scope)
  if (name.startsWith('mlx.core.') && refusesArguments(call)) return unknown(m, `${name} raises`)
  return m.trial ? callInTrial(call, model) : model(call)
}

/** Functions that do nothing but show what they get, or make text of it. */
const onlyShows = /^py\.(print|str|repr|format)$|^str\./

/** In a turn that stands for many, nothing may be done with the number of the layer whose result is not told by it. */
function callInTrial(call: LibraryCall, model: (call: LibraryCall) => Value): Value {
  const { m, name, self, args } = call
  // What a method of the library does to its object may be done to others as well.
  if (self?.kind === 'instance' && !name.endsWith('.__call__')) notWithObject(m, self)
  const inputs = valuesOf(args)
  if (!onlyShows.test(name)) for (const v of inputs) if (v.kind === 'unknown' || v.kind === 'list') notWithNumber(m, v)
  return settled(m, model(call), ...(self ? [self] : []), ...(name === 'py.print' ? [] : inputs))
}

/** An object of a library's class: it remembers what is set on it. */
export function libraryInstance(m: Machine, name: string, args: Arguments): InstanceValue {
  const attributes = new Map([...args.keywords].map(([k, a]) => [k, a.value] as const))
  const made: InstanceValue = { kind: 'instance', of: { kind: 'library', name }, attributes }
  m.instances.push(made)
  return made
}

/** Calls something with values, as a library does with a callback; `site` is the library's own call. */
export function callFunction(m: Machine, f: Value, values: readonly Value[], site?: Site): Value {
  return callWith(m, f, { positional: values.map(value => ({ value })), keywords: new Map(), open: false }, site)
}

/** The same with arguments by name. */
export function callWith(m: Machine, f: Value, args: Arguments, site: Site | undefined): Value {
  if (f.kind === 'function') return invoke(m, f, args)
  if (f.kind === 'class') return memberOfEnumeration(m, f, args, site?.at) ?? instantiate(m, f, args)
  if (f.kind === 'library' && site) return callLibrary(m, f.name, f.self, args, site)
  if (f.kind === 'instance') {
    const partial = partialOf(f, args)
    if (partial) return callWith(m, partial.callee, partial.args, site)
    const member = findMember(f.of, '__call__')
    if (member?.value.kind === 'function') return invoke(m, { ...member.value, self: f }, args)
    const base = libraryBase(f.of)
    if (base && site && models.has(`${base}.__call__`)) return callLibrary(m, `${base}.__call__`, f, args, site)
  }
  return handedOut(m, args, 'a callback')
}

/** `new F()` of a plain function of JavaScript: an object with what its prototype has. */
function construct(m: Machine, f: FunctionValue, args: Arguments): Value {
  const prototype = f.attributes?.get('prototype')
  const made = dict(prototype?.kind === 'dict' ? prototype.map : [])
  const result = invoke(m, { ...f, self: made }, { ...args, isNew: true })
  // What was not followed may have set anything on it.
  if (result.kind === 'unknown') made.open = true
  return result.kind === 'dict' || result.kind === 'instance' ? result : made
}

/** Enters a function of the workspace. */
export function invoke(m: Machine, f: FunctionValue, args: Arguments): Value {
  const at = m.calling
  m.calling = undefined
  m.called.add(f.def)
  noteComputed(m, f)
  const scope: Scope = {
    vars: new Map(),
    parent: f.scope,
    program: f.program,
    self: f.program.language === 'python' || f.def.isArrow ? undefined : f.self,
    owner: f.owner,
  }
  if (!f.def.isArrow && f.program.language !== 'python' && namesArguments(f.def)) {
    const given = args.positional.map(({ value }) => value)
    scope.vars.set('arguments', list(given, 'list', args.open))
    scope.vars.set('new.target', args.isNew ? f : nothing)
  }
  bindParameters(m, f, args, scope)
  const entered = enter(m, f.def, [...scope.vars.values()], at)
  if (typeof entered === 'string') {
    if (f.self?.kind === 'instance') f.self.isShared = true
    return unknown(m, entered)
  }
  const frame = m.frame
  const { isGenerator = false } = f.def
  // What stands behind the yield of a context manager is run when its block is left.
  const halts = isGenerator && f.def.decorators.some(d => /(^|\.)(async)?contextmanager$/i.test(d))
  m.frame = { returned: undefined, activation: m.nextActivation++, uncertain: m.uncertain, entered, isGenerator, halts }
  m.depth++
  const { alternative } = m
  const completion = execute(m, f.def.body, scope)
  m.alternative = alternative
  m.depth--
  const { returned, raised } = m.frame
  m.frame = frame
  if (raised) frame.raised = true
  if (completion === 'raise') return unknown(m, `${f.def.name || 'a function'} raises`)
  if (halts) return managerOf(m, f, (returned?.kind === 'list' && returned.items[0]) || none, scope)
  if (!returned && completion === 'next' && endsWithNothing(m, f)) return nothing
  return returned ?? (isGenerator ? list([]) : none)
}

/** A function of JavaScript that comes to its end gives `undefined`; one of which nobody knows who calls it may be a stub. */
const endsWithNothing = (m: Machine, { def, program }: FunctionValue): boolean =>
  program.language !== 'python' && !def.isGenerator && !m.free && m.work > 0 && def.body.length > 0 && !holdsUnread(def)

/** Python works a default out where the function was made, JavaScript beside the parameters. */
const defaultScope = (f: FunctionValue, scope: Scope): Scope =>
  f.program.language === 'python' ? { ...f.scope } : scope

function bindParameters(m: Machine, f: FunctionValue, args: Arguments, scope: Scope): void {
  const isMethod = f.self !== undefined && f.program.language === 'python' && f.def.params.length > 0
  const positional: readonly Argument[] = isMethod ? [{ value: f.self as Value }, ...args.positional] : args.positional
  let next = 0
  let used: Set<string> | undefined
  for (const param of f.def.params) {
    const name = param.target.kind === 'name' ? param.target.name : ''
    let value: Value
    if (param.rest === 'list') {
      const rest = positional.slice(next).map(a => a.value)
      value = { ...list(rest, 'tuple', args.open), ...(args.optional ? { optional: true } : {}) }
    } else if (param.rest === 'dict') {
      value = dict(
        [...args.keywords].flatMap(([k, a]) => (used?.has(k) ? [] : [[k, a.value]])),
        args.open,
      )
    } else {
      const named = args.keywords.size > 0 ? args.keywords.get(name) : undefined
      const given = named ?? (param.keywordOnly ? undefined : positional[next++])
      if (named) (used ??= new Set()).add(name)
      if (given) value = given.value
      else if (param.default && (!args.open || args.optional))
        value = evaluateOnce(m, param.default, defaultScope(f, scope))
      else if (args.isWritten && !args.open && f.program.language !== 'python') value = nothing
      else value = unknown(m, `parameter ${name}`, args.open && freeCall.has(args))
    }
    assignTo(m, param.target, value, scope, 'let')
  }
}

/** Arguments of a function that nobody in the workspace calls: its parameters are inputs of the program. */
const freeCall = new WeakSet<Arguments>()

/** Arguments for an entry: every parameter without a useful default is a free input. */
export function freeArguments(m: Machine, f: FunctionValue, trustParameters = true): Arguments {
  const keywords = new Map<string, Argument>()
  const bound = f.self && f.program.language === 'python' ? 1 : 0
  const positional: Argument[] = []
  f.def.params.slice(bound).forEach(param => {
    if (param.rest) return
    const position = param.target.kind === 'name' && isPosition(param.target.name)
    const isParameter = param.target.kind === 'name' && /group_?size|bits/i.test(param.target.name)
    const usesDefault =
      param.default &&
      !position &&
      (trustParameters || !isParameter) &&
      !(param.default.kind === 'literal' && param.default.value === null)
    if (usesDefault && param.default) {
      if (param.keywordOnly) return
      positional.push({ value: evaluate(m, param.default, { ...f.scope }) })
      return
    }
    const name = param.target.kind === 'name' ? param.target.name : '…'
    const value = unknown(m, `parameter ${name} of ${f.def.name || 'a function'}`, true)
    if (param.keywordOnly) keywords.set(name, { value })
    else positional.push({ value })
  })
  return { positional, keywords, open: false }
}

/**
 * A method called on something unknown. When stored tensors are handed over and every class of the workspace that has
 * such a method takes as many arguments, those classes are what it can be.
 */
function callByName(m: Machine, callee: Value & { kind: 'unknown' }, args: Arguments, site: CallSite): Value {
  const expr = site.expr.callee
  if (storedArrays(args).length >= 2 && expr.kind === 'attribute') {
    const handed = handOver(args, site.at)
    let result: Value | undefined
    for (const of of classesOf(m)) {
      const member = of.def.methods.find(f => f.name === expr.name)
      if (!member) continue
      const instance = m.instantiated.get(of.def) ?? instantiate(m, of, freeInit(m, of))
      const twin: InstanceValue = { ...instance, attributes: new Map(instance.attributes) }
      m.instances.push(twin)
      result = invoke(
        m,
        { kind: 'function', def: member, program: of.program, scope: of.scope, self: twin, owner: of },
        handed,
      )
    }
    if (result) return result
    noteUnfollowed(m, site.at, `it is not known what ${expr.name} is called on`)
  } else if (storedArrays(args).length > 0) noteUnfollowed(m, site.at, callee.why)
  // An unmodelled call may change what it is given.
  for (const a of args.positional) if (a.value.kind === 'list' || a.value.kind === 'dict') a.value.open = true
  return handedOut(m, args, callee.why)
}
