// The names of a checkpoint, folded: those that differ only in whole numbers between dots are one entry, so that 90,000
// names are a few dozen. Kept with the model.

import type { Model, Shard, Tensor } from '../checkpoint/facts'

export interface NameFamily {
  /** `model.layers.#.self_attn.q_proj.weight` */
  readonly pattern: string
  readonly sample: Tensor
  readonly shard: Shard
  readonly count: number
  /** For each `#` the smallest and the largest number. */
  readonly ranges: readonly (readonly [number, number])[]
}

const kept = new WeakMap<Model, readonly NameFamily[]>()

/** Families in the order in which they are stored. */
export function nameFamilies(model: Model): readonly NameFamily[] {
  let known = kept.get(model)
  if (!known) kept.set(model, (known = collect(model)))
  return known
}

interface Growing extends NameFamily {
  count: number
  readonly ranges: [number, number][]
}

function collect(model: Model): readonly NameFamily[] {
  const families = new Map<string, Growing>()
  for (const shard of model.shards)
    for (const { sample, pattern, rows } of shard.tensors.families()) {
      let family = families.get(pattern)
      if (!family) {
        const tensor = shard.tensors.find(sample)
        if (!tensor) continue
        const ranges = numbersOf(sample).map((n): [number, number] => [n, n])
        families.set(pattern, (family = { pattern, sample: tensor, shard, count: 0, ranges }))
      }
      family.count += rows.length
      if (family.ranges.length > 0)
        for (const row of rows)
          numbersOf(shard.tensors.nameAt(row)).forEach((n, i) => {
            const range = family.ranges[i]
            if (range && n < range[0]) range[0] = n
            if (range && n > range[1]) range[1] = n
          })
    }
  return [...families.values()]
}

/** The numbers that fill a part of a name, in order. */
export const numbersOf = (name: string): number[] =>
  [...name.matchAll(/(?:^|\.)(\d+)(?=\.)/g)].map(match => Number(match[1]))
