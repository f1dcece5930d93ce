// Words for people: shapes, folded names, places. Numbers of layers are folded, so that a fault in forty layers is one line.

import type { Model } from '../checkpoint/facts'
import type { Arrived } from '../interp/deliveries'
import type { Place } from '../interp/values/value'
import type { Because, Position, Range } from '../protocol'
import { lineIndex, type LineIndex } from '../util/lineIndex'

const indexes = new WeakMap<object, LineIndex>()

function indexOf(owner: { readonly text: string }): LineIndex {
  let index = indexes.get(owner)
  if (!index) indexes.set(owner, (index = lineIndex(owner.text)))
  return index
}

/** The range of a span in a text; `owner` is the immutable object that the text belongs to. */
export const rangeIn = (owner: { readonly text: string }, start: number, end: number): Range =>
  indexOf(owner).range(start, end)

/** The offset of a position in a text. */
export const offsetIn = (owner: { readonly text: string }, position: Position): number =>
  indexOf(owner).offset(position)

export const rangeOf = (place: Place): Range => rangeIn(place.program, place.span.start, place.span.end)
export const textAt = (place: Place): string => place.program.text.slice(place.span.start, place.span.end)

/** Where a fault sits in a file without lines. */
export const fileStart: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }

export const showShape = (shape: readonly number[]) => `[${shape.join(', ')}]`
export const showTensor = (t: { readonly dtype: string; readonly shape: readonly number[] }) =>
  `${t.dtype} ${showShape(t.shape)}`

/** The last part of a path, either slash. */
export const baseName = (path: string) => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
export const modelName = (model: Model) => baseName(model.path)

/** `becauseTensor` leads to a tensor's line in its shard's header. */
export function becauseTensor(t: Pick<Arrived, 'shard' | 'tensor'>, message: string): Because {
  return { path: t.shard.path, range: fileStart, message, tensor: t.tensor.name }
}

/** A call that led to the place of a finding. */
export const becauseCall = (at: Place): Because => ({
  path: at.program.path,
  range: rangeOf(at),
  message: 'it is called from here',
})

/** Names with their numbers folded into ranges: `layers.0-3.q_proj`, at most `most` of them. */
export function foldNames(names: readonly string[], most = 4): string {
  const groups = new Map<string, number[]>()
  for (const name of new Set(names)) {
    const number = /(^|\.)(\d+)(?=\.|$)/.exec(name)
    const pattern = number
      ? `${name.slice(0, number.index)}${number[1]}\0${name.slice(number.index + number[0].length)}`
      : name
    const numbers = groups.get(pattern) ?? []
    if (number) numbers.push(Number(number[2]))
    groups.set(pattern, numbers)
  }
  const shown = [...groups].map(([pattern, numbers]) => pattern.replace('\0', ranges(numbers)))
  return shown.length <= most ? shown.join(', ') : `${shown.slice(0, most).join(', ')} and ${shown.length - most} more`
}

function ranges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b)
  const out: string[] = []
  for (let i = 0; i < sorted.length;) {
    let j = i
    while (sorted[j + 1] === (sorted[j] ?? 0) + 1) j++
    out.push(j > i ? `${sorted[i]}-${sorted[j]}` : String(sorted[i]))
    i = j + 1
  }
  return out.join(',')
}

export const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`
