// What fails for sure: an operation that its library refuses, a key that a dict does not have, a `raise` that is reached.
// A failure that nothing catches ends the program. It is written down, and what follows is read on, for other findings,
// but nothing that fails later is: that would be its consequence. Inside a `try` it is thrown to the handler instead.

import { callsAround } from './entering'
import type { Machine } from './machine'
import type { ArrayVariant, Place, Source, Value } from '../values/value'

export interface Refusal {
  readonly at: Place
  /** `shape`: a library refuses an operation. `error`: the language or the program itself raises. */
  readonly kind: 'shape' | 'error'
  readonly found: string
  readonly expected: string | undefined
  /** The exception as it is printed, where it is known. */
  readonly raises: string | undefined
  /** Names of the exception's class and its bases, the nearest first. */
  readonly errors: readonly string[]
  /** Stored tensors that take part. */
  readonly tensors: readonly Source[]
  /** In a function that nothing in the workspace calls. */
  readonly free: boolean
  /** Where the functions were called that it happens in, the nearest first. */
  readonly calls: readonly Place[]
}

/** A failure as it is met: what was thrown on knows its calls already. */
export type Failure = Omit<Refusal, 'free' | 'calls'> & Partial<Pick<Refusal, 'calls'>>

/** Thrown to the nearest `try` with handlers, which always is there; see `fail`. */
export class Raised extends Error {
  /** What was raised, where the program made it. */
  value: Value | undefined

  constructor(readonly refusal: Refusal) {
    super('raised by the program that is read')
  }
}

/** Bases of Python's exceptions, but for Exception itself. */
const bases: Readonly<Record<string, readonly string[]>> = {
  KeyError: ['LookupError'],
  IndexError: ['LookupError'],
  JSONDecodeError: ['ValueError'],
  UnicodeDecodeError: ['UnicodeError', 'ValueError'],
  FileNotFoundError: ['OSError', 'IOError', 'EnvironmentError'],
  IsADirectoryError: ['OSError', 'IOError', 'EnvironmentError'],
  NotImplementedError: ['RuntimeError'],
  RecursionError: ['RuntimeError'],
  ModuleNotFoundError: ['ImportError'],
  ZeroDivisionError: ['ArithmeticError'],
  OverflowError: ['ArithmeticError'],
}

/** A built-in exception with its bases. */
export const errorsOf = (name: string): readonly string[] =>
  name === 'SystemExit' || name === 'KeyboardInterrupt'
    ? [name, 'BaseException']
    : [name, ...(bases[name] ?? []), 'Exception', 'BaseException']

/** Whether what happens now happens on every run of the program. */
export const isCertain = (m: Machine): boolean =>
  !m.dead && m.work > 0 && m.uncertain === 0 && m.branching === 0 && m.alternative === 0

/** Something fails here; throws where a handler may catch it. */
export function fail(m: Machine, refusal: Failure): void {
  if (!isCertain(m)) return
  const made: Refusal = { ...refusal, free: m.free, calls: refusal.calls ?? callsAround(m) }
  if (m.catching > 0) throw new Raised(made)
  m.dead = true
  m.refusals.push(made)
}

/** One of Python's own errors, such as a key that is not there. */
export function failPython(
  m: Machine,
  at: Place,
  error: string,
  found: string,
  expected: string | undefined,
  text: string,
) {
  if (at.program.language !== 'python') return
  fail(m, { at, kind: 'error', found, expected, raises: `${error}: ${text}`, errors: errorsOf(error), tensors: [] })
}

/** Whether a handler catches it: by the last part of the names of its types. */
export function isCaughtBy(refusal: Refusal, types: readonly string[]): boolean {
  if (types.length === 0) return true
  return types.some(type => refusal.errors.includes(type.replace(/^.*\./, '').trim()))
}

/** Stored tensors of some variants, one of each, for showing. */
export const storedOf = (variants: readonly ArrayVariant[]): readonly Source[] =>
  variants.flatMap(v => v.stored?.sources[0] ?? [])
