// Files that the program itself writes. A conversion or sharding script saves shards, often into a temporary folder, and
// reads them back: what comes back is what was written, not the checkpoint that the run is bound to.

import { noteMade } from './fileReads'
import type { Machine } from '../run/machine'
import { escapeRegExp, type Part, partsOf, textOf } from '../values/text'
import { type DictValue, dict, type Value } from '../values/value'

export interface WrittenFile {
  readonly path: Value
  /** Undefined where it is not known: written on a path that may not be taken, or once for each turn of a long loop. */
  readonly content: Value | undefined
}

const keyOf = (parts: readonly Part[]): string =>
  parts
    .map(p => (typeof p === 'string' ? p.replace(/\\/g, '/') : `\0${p.symbol}\0`))
    .join('')
    .replace(/\/{2,}/g, '/')
    .replace(/(^|\/)\.\//g, '$1')

/** Remembers that the program writes a file. */
export function noteWritten(m: Machine, path: Value, content: Value | undefined): void {
  const parts = partsOf(path)
  if (!parts) return
  const isCertain = m.uncertain === 0 && m.alternative === 0 && m.summaries === 0
  noteMade(m, path, true)
  m.written.set(keyOf(parts), { path: textOf(parts), content: isCertain && content ? copied(content) : undefined })
}

/** What the program has written under a path; undefined where it has written nothing there. */
export function writtenAt(m: Machine, path: Value): WrittenFile | undefined {
  if (m.written.size === 0) return undefined
  const parts = partsOf(path)
  const file = parts && m.written.get(keyOf(parts))
  return file && { path: file.path, content: file.content && copied(file.content) }
}

/** Paths of written files that a pattern of `*`, `**` and `?` can mean, in the order of their texts. */
export function writtenMatching(m: Machine, pattern: readonly Part[]): readonly Value[] {
  if (m.written.size === 0) return []
  const source = keyOf(pattern)
    .split(/(\*\*\/|\*|\?)/)
    .map(t => (t === '**/' ? '(?:.*/)?' : t === '*' ? '[^/]*' : t === '?' ? '[^/]' : escapeRegExp(t)))
    .join('')
  // The source is made of escaped literals of the program; a star cannot run past '/'.
  const regex = new RegExp(`^${source}$`)
  return [...m.written]
    .filter(([key]) => regex.test(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, file]) => file.path)
}

/** Whether a path lies in a temporary folder of the program, where no checkpoint can be. */
export function isScratch(m: Machine, path: Value): boolean {
  const first = m.scratch.size > 0 ? partsOf(path)?.[0] : undefined
  return first !== undefined && typeof first !== 'string' && m.scratch.has(first.symbol)
}

/** A value as a file keeps it: later changes of the original do not reach it. */
function copied(v: Value): Value {
  if (v.kind !== 'dict') return v
  const copy: DictValue = { ...dict([], v.open), map: new Map(v.map), views: [...v.views], deleted: new Set(v.deleted) }
  return copy
}
