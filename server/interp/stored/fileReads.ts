// Files that a program opens by a path that is known: whether they are there is for a rule to say, which knows what the
// folders hold. What the program may have made itself is remembered too.

import type { Machine, Reader } from '../run/machine'
import { partsOf } from '../values/text'
import type { Place, Value } from '../values/value'

export interface FileRead {
  readonly at: Place
  /** The path as the program has it. */
  readonly path: string
  /** The literal that ends the path, if the value still knows it. */
  readonly literal: Place | undefined
  /** Absolute paths that it may mean, in `/` form. */
  readonly readings: readonly string[]
  /** MLX's own reader, the Rust library, or the language's `open`. */
  readonly how: Reader | 'open'
}

/** Remembers a read that is sure to happen, and whose failure nothing catches. */
export function noteFileRead(
  m: Machine,
  path: Value,
  at: Place,
  how: FileRead['how'],
  readings: (text: string) => readonly string[],
): void {
  if (m.uncertain > 0 || m.alternative > 0 || m.guarded > 0 || m.keyGuarded > 0) return
  const parts = partsOf(path)
  const [text] = parts ?? []
  if (parts?.length !== 1 || typeof text !== 'string' || m.made.has(baseNameOf(text))) return
  if (m.madePaths.has(plainPath(text))) return
  const key = `${at.program.path}:${at.span.start} ${text}`
  if (m.fileReads.has(key)) return
  const literal = path.kind === 'const' ? path.literal : undefined
  m.fileReads.set(key, { at, path: text, literal, readings: readings(text), how })
}

/** A path without what says nothing. */
export const plainPath = (path: string): string =>
  path
    .replace(/\\/g, '/')
    .replace(/\/{2,}/g, '/')
    .replace(/(^|\/)(\.\/)+/g, '$1')

/** Remembers a file that the program writes, or that a call which is not modelled is told of: that may make it. */
export function noteMade(m: Machine, v: Value, isWritten = false): void {
  const parts = partsOf(v)
  const [text] = parts ?? []
  if (isWritten && parts?.length === 1 && typeof text === 'string') {
    m.madePaths.add(plainPath(text))
    return
  }
  const last = partsOf(v)?.at(-1)
  if (typeof last === 'string' && /^\S*\.\w+$/.test(last)) m.made.add(baseNameOf(last))
}

const baseNameOf = (path: string): string => path.slice(path.replace(/\\/g, '/').lastIndexOf('/') + 1)
