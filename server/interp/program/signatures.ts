// Whether a call fits the function of the workspace that it calls. Python raises TypeError where an argument is missing,
// is one too many, or has a name that the function does not know.

import type { FunctionDef, Param } from '../../source/ir'
import type { Arguments } from '../run/calls'
import { annotationOf, classOrder, fieldClass, namedTuple } from '../run/classes'
import { bareClasses } from '../members/instanceMembers'
import { findMember } from '../members/members'
import type { Machine } from '../run/machine'
import { failPython } from '../run/refusals'
import {
  type ClassValue,
  type FunctionValue,
  type InstanceValue,
  none,
  type Place,
  truth,
  type Value,
} from '../values/value'

/** Decorators that leave the parameters of a function what they are. Any other may give it some, or take some away. */
const keepsParameters =
  /^(staticmethod|classmethod|property|(\w+\.)*(abstractmethod|override|lru_cache|cache|compile|no_grad|inference_mode|contextmanager|jit|wraps))\b/

const exact = new WeakSet<FunctionDef>()
/** All decorators of a function were called or keep its parameters: where the function itself is called, it is called as it is written. */
export function noteDecorators(def: FunctionDef, isCalled: (index: number) => boolean): void {
  if (def.decorators.every((text, i) => isCalled(i) || keepsParameters.test(text))) exact.add(def)
}

const nameOf = (param: Param): string => (param.target.kind === 'name' ? param.target.name : '')

/** Raises where a call does not fit; nothing is said where its arguments are not all known. */
export function checkCall(
  m: Machine,
  f: FunctionValue,
  args: Arguments,
  at: Place,
  hasSelf = f.self !== undefined,
): void {
  const isWritten = exact.has(f.def) || f.def.decorators.every(d => keepsParameters.test(d))
  if (f.program.language !== 'python' || args.open || !isWritten) return
  const { name } = f.def
  const { ordinary, hasRest, names, needed } = signatureOf(f.def)
  const given = args.positional.length + (hasSelf ? 1 : 0)
  if (given === ordinary.length && args.keywords.size === 0 && needed.every(p => !p.keywordOnly)) return
  const called = `${name || '<lambda>'}()`
  const say = (found: string, text: string) => failPython(m, at, 'TypeError', found, undefined, `${called} ${text}`)
  if (given > ordinary.length && !hasRest) {
    const takes = `takes ${ordinary.length} positional argument${ordinary.length === 1 ? '' : 's'} but ${given} were given`
    say(`the call gives ${given} arguments to ${called}, which takes ${ordinary.length}`, takes)
    return
  }
  if (names && args.keywords.size > 0) {
    const strange = [...args.keywords.keys()].find(k => !names.has(k))
    if (strange !== undefined) {
      say(`${called} has no parameter ${strange}`, `got an unexpected keyword argument '${strange}'`)
      return
    }
  }
  if (given >= ordinary.length && needed.every(p => !p.keywordOnly)) return
  const missing = needed.filter(p => !args.keywords.has(nameOf(p)) && (p.keywordOnly || ordinary.indexOf(p) >= given))
  if (missing.length === 0) return
  const list = missing.map(p => `'${nameOf(p)}'`).join(' and ')
  const kind = missing.every(p => p.keywordOnly) ? 'keyword-only' : 'positional'
  say(
    `the call does not give ${missing.map(nameOf).join(', ')} to ${called}`,
    `missing ${missing.length} required ${kind} argument${missing.length === 1 ? '' : 's'}: ${list}`,
  )
}

interface Signature {
  readonly ordinary: readonly Param[]
  readonly hasRest: boolean
  /** Undefined where any name is taken. */
  readonly names: ReadonlySet<string> | undefined
  /** Parameters without a default. */
  readonly needed: readonly Param[]
}

const signatures = new WeakMap<FunctionDef, Signature>()

function signatureOf(def: FunctionDef): Signature {
  let known = signatures.get(def)
  if (!known) {
    const { params } = def
    known = {
      ordinary: params.filter(p => !p.rest && !p.keywordOnly),
      hasRest: params.some(p => p.rest === 'list'),
      names: params.some(p => p.rest === 'dict') ? undefined : new Set(params.map(nameOf)),
      needed: params.filter(p => !p.rest && !p.default),
    }
    signatures.set(def, known)
  }
  return known
}

/** The same for a class, which is called through its constructor. */
export function checkConstruction(m: Machine, of: ClassValue, args: Arguments, at: Place): void {
  const constructor = findMember(of, '__init__')
  if (constructor?.value.kind === 'function') checkCall(m, constructor.value, args, at, true)
  else if (/(^|\.)dataclass\b(?!.*init=False)/.test(of.def.decorators.join(' ')))
    checkFields(m, of, args, at, '__init__')
  else if (of.bases.length === 1 && of.def.bases.length === 1 && isNamedTuple(of.bases[0]))
    checkFields(m, of, args, at, '__new__')
}

const isNamedTuple = (base: Value | undefined): boolean => base?.kind === 'library' && base.name === namedTuple

/** The same for the constructor that a dataclass or a named tuple has by its fields. */
function checkFields(
  m: Machine,
  of: ClassValue,
  args: Arguments,
  at: Place,
  constructor: '__init__' | '__new__',
): void {
  const fields = args.open ? undefined : declaredFields(of)
  if (!fields) return
  const called = `${of.def.name}.${constructor}()`
  const names = [...fields.keys()]
  const strange = [...args.keywords.keys()].find(name => !fields.has(name))
  if (strange !== undefined) {
    const text = `${called} got an unexpected keyword argument '${strange}'`
    failPython(m, at, 'TypeError', `${of.def.name} has no field ${strange}`, undefined, text)
    return
  }
  const missing = names.filter(
    (name, i) => i >= args.positional.length && !args.keywords.has(name) && isNeeded(fields.get(name) ?? none),
  )
  if (missing.length === 0) return
  const text = `${called} missing ${missing.length} required positional argument${missing.length === 1 ? '' : 's'}: ${missing.map(name => `'${name}'`).join(' and ')}`
  failPython(m, at, 'TypeError', `the call does not give ${missing.join(', ')} to ${of.def.name}`, undefined, text)
}

/** Annotated names of a dataclass or a named tuple and of those above it, in order; undefined where it is not sure which of them are fields. */
function declaredFields(of: ClassValue): ReadonlyMap<string, Value> | undefined {
  const fields = new Map<string, Value>()
  for (const one of [...(classOrder(of) ?? [{ kind: 'library' as const, name: '?' }])].reverse()) {
    if (one.kind === 'library') {
      if (bareClasses.test(one.name) || isNamedTuple(one)) continue
      return undefined
    }
    const { def, program } = one
    if (def.attributes.length === 0) continue
    const text = program.text.slice(def.span.start, def.span.end)
    const isRecord = one.bases.some(isNamedTuple) || def.decorators.some(d => /(^|\.)dataclass\b/.test(d))
    const isPlain = isRecord && !/kw_only|KW_ONLY|InitVar/.test(text)
    if (!isPlain || program.language !== 'python') return undefined
    for (const { name } of def.attributes) {
      const annotation = annotationOf(one, name)
      const held = one.attributes.get(name)
      if (annotation === undefined || !held || /\bClassVar\b/.test(annotation)) continue
      if (isGiven(held)) fields.set(name, held)
    }
  }
  return fields
}

/** Whether the constructor takes the field. */
const isGiven = (held: Value): boolean =>
  !isField(held) || !held.attributes.has('init') || truth(held.attributes.get('init') ?? none, false) !== false

const isField = (held: Value): held is InstanceValue =>
  held.kind === 'instance' && held.of.kind === 'library' && held.of.name === fieldClass

/** A field without a default. */
const isNeeded = (held: Value): boolean =>
  (held.kind === 'unknown' && held.why === 'annotation') ||
  (isField(held) && !held.attributes.has('default') && !held.attributes.has('default_factory'))
