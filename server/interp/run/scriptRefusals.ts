// What fails for sure in JavaScript: `undefined` where something is needed. A key that an object does not have gives
// `undefined` and nothing else; the fault shows where that is used, and is told where the key was asked for.

import { callsAround } from './entering'
import { type AbsentKey, type Machine, placeKey } from './machine'
import { fail, isCertain, Raised } from './refusals'
import type { Span } from '../../source/ir'
import type { DictValue, Place, Value, WeightsView } from '../values/value'

/** An exception of JavaScript at a place; says whether it is noted. */
export function failScript(
  m: Machine,
  at: Place,
  error: string,
  found: string,
  expected: string | undefined,
  text: string | undefined,
): boolean {
  if (!isCertain(m)) return false
  const raises = text === undefined ? undefined : `${error}: ${text}`
  fail(m, { at, kind: 'error', found, expected, raises, errors: [error, 'Error'], tensors: [] })
  return true
}

/** `undefined` that came from a key which a checkpoint does not hold is used: says whether it was, and notes it. */
export function useOfNothing(m: Machine, v: Value): boolean {
  const absent = v.kind === 'const' && v.value === null ? v.nothing : undefined
  if (!absent || absent === 'sure') return false
  if (!isCertain(m) || m.frame.raised) return true
  const { place: at, key } = absent
  if (m.catching > 0)
    throw new Raised({
      at,
      kind: 'error',
      found: `${key} is not there`,
      expected: undefined,
      raises: undefined,
      errors: ['TypeError', 'Error'],
      tensors: [],
      free: m.free,
      calls: callsAround(m),
    })
  m.absent.set(`${placeKey(at)} ${key}`, absent)
  m.frame.raised = true
  m.dead = true
  return true
}

/** A plain object is no list: spreading it, walking it with `of` or taking it apart as a list raises. */
export function refuseWalk(m: Machine, v: Value, { program, span }: Place): void {
  if (program.language === 'python') return
  if (v.kind !== 'dict' || v.isMap || v.map.has('[Symbol.iterator]') || v.map.has('[Symbol.asyncIterator]')) return
  const text = program.text.slice(span.start, span.end)
  const raises = /^[\w$.]+$/.test(text) ? `${text} is not iterable` : undefined
  failScript(m, { program, span }, 'TypeError', 'an object that is no list', 'something to walk', raises)
}

/** `undefined` that is sure cannot be called; `span` is that of what is called. */
export function refuseCall(m: Machine, callee: Value, { program, span: call }: Place, span: Span): void {
  if (program.language === 'python' || callee.kind !== 'const' || !callee.nothing || useOfNothing(m, callee)) return
  const text = program.text.slice(span.start, span.end)
  const raises = /^[\w$.#]+$/.test(text) ? `${text} is not a function` : undefined
  failScript(m, { program, span: call }, 'TypeError', 'a call of undefined', 'a function', raises)
}

/** What an object without a key is asked for: a checkpoint, or an object that the program filled from one. */
export function absentFrom(m: Machine, object: DictValue, key: string, at: Place, literal?: Place): AbsentKey | 'sure' {
  const own = object.views[object.views.length - 1]
  if (own) return { place: at, key, literal, view: own, calls: callsAround(m) }
  // What an object calls a tensor need not be what the checkpoint calls it: the key is not for correcting.
  const view = filledFrom(m, object)
  return view ? { place: at, key, literal: undefined, view, calls: callsAround(m) } : 'sure'
}

/** The files from which an object holds tensors, if the program's own paths name them. */
function filledFrom(m: Machine, object: DictValue): WeightsView | undefined {
  const named = new Set([...m.loads.values()].filter(load => load.named).map(load => load.shard))
  const entries = new Map<unknown, WeightsView['entries'][number]>()
  for (const value of object.map.values()) {
    const source = value.kind === 'array' ? value.variants[0]?.stored?.sources[0] : undefined
    if (source && named.has(source.shard)) entries.set(source.shard, { ...source, assign: [] })
  }
  return entries.size > 0 ? { entries: [...entries.values()], named: true } : undefined
}
