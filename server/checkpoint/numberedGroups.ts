// The numbered parts of a model: `model.layers.0`, `model.layers.1`, …, an unbroken row of numbers behind one prefix. Worked
// out once for a model, when it is first asked for.

import type { Model } from './facts'

export interface Group {
  /** With its dot: `model.layers.`. */
  readonly prefix: string
  readonly first: number
  readonly last: number
  /** Number → what follows it in the names of its tensors. */
  readonly rests: ReadonlyMap<number, ReadonlySet<string>>
}

/** A name taken apart at one of its numbers. */
export interface NameParts {
  readonly prefix: string
  readonly number: number
  readonly rest: string
}

/** A name taken apart at each of its numbers. */
export function numbersIn(name: string): NameParts[] {
  return [...name.matchAll(/(?<=^|\.)\d+(?=\.)/g)].map(({ 0: text, index }) => ({
    prefix: name.slice(0, index),
    number: Number(text),
    rest: name.slice(index + text.length + 1),
  }))
}

const known = new WeakMap<Model, readonly Group[]>()

/** The unbroken rows of a model that have at least two members. */
export function numberedGroups(model: Model): readonly Group[] {
  let groups = known.get(model)
  if (!groups) known.set(model, (groups = groupsOf(model)))
  return groups
}

function groupsOf(model: Model): Group[] {
  const found = new Map<string, Map<number, Set<string>>>()
  for (const { tensors } of model.shards)
    for (const name of tensors.names())
      for (const { prefix, number, rest } of numbersIn(name)) {
        let numbers = found.get(prefix)
        if (!numbers) found.set(prefix, (numbers = new Map()))
        const rests = numbers.get(number)
        if (rests) rests.add(rest)
        else numbers.set(number, new Set([rest]))
      }
  return [...found].flatMap(([prefix, rests]) => {
    const numbers = [...rests.keys()]
    const [first, last] = [Math.min(...numbers), Math.max(...numbers)]
    return numbers.length >= 2 && last - first + 1 === numbers.length ? [{ prefix, first, last, rests }] : []
  })
}
