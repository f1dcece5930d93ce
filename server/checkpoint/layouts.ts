// The tensors of a folder that are alike in name, dtype and shape, from all of its shards, under the patterns of their modules'
// paths. Families of shards are compared with one another; no tensor is looked at.

import { groupBy } from '../util/groupBy'
import type { Model, Shard } from './facts'
import { splitName } from './modules'
import { folderOf } from './paths'
import { patternOf, type TensorFamily } from './tensorFamilies'

/** A family, and the shard that it is of. */
export interface ShardFamily {
  readonly shard: Shard
  readonly family: TensorFamily
}

/** Tensors of one parameter that are alike. */
export interface Layout {
  readonly parameter: string
  readonly pattern: Pattern
  /** Of the first. */
  readonly family: TensorFamily
  readonly pieces: ShardFamily[]
  count: number
  pathSum: number
  mixedSum: number
}

/** What the paths of modules have in common. */
export interface Pattern {
  readonly folder: string
  /** With `#` for numbers. */
  readonly text: string
  readonly layouts: Layout[]
}

const byModel = new WeakMap<Model, readonly Pattern[]>()

/** The patterns of a model, folder by folder, in the order of shards and headers. */
export function patternsOf(model: Model): readonly Pattern[] {
  let known = byModel.get(model)
  if (!known) {
    const folders = groupBy(model.shards, shard => folderOf(shard.path))
    byModel.set(model, (known = [...folders].flatMap(([folder, shards]) => patternsIn(folder, shards))))
  }
  return known
}

function patternsIn(folder: string, shards: readonly Shard[]): readonly Pattern[] {
  const patterns = new Map<string, Pattern>()
  const byHash = new Map<number, Layout[]>()
  for (const shard of shards)
    for (const family of shard.tensors.families()) {
      let bucket = byHash.get(family.hash)
      if (!bucket) byHash.set(family.hash, (bucket = []))
      let layout = bucket.find(each => each.family.isLike(family))
      if (!layout) bucket.push((layout = layoutOf(folder, family, patterns)))
      layout.pieces.push({ shard, family })
      layout.count += family.count
      layout.pathSum = (layout.pathSum + family.pathSum) | 0
      layout.mixedSum = (layout.mixedSum + family.mixedSum) | 0
    }
  return [...patterns.values()]
}

function layoutOf(folder: string, family: TensorFamily, patterns: Map<string, Pattern>): Layout {
  const { module, parameter } = splitName(family.sample)
  const text = module === '' ? '' : patternOf(`${module}.`).slice(0, -1)
  let pattern = patterns.get(text)
  if (!pattern) patterns.set(text, (pattern = { folder, text, layouts: [] }))
  const layout: Layout = { parameter, pattern, family, pieces: [], count: 0, pathSum: 0, mixedSum: 0 }
  pattern.layouts.push(layout)
  return layout
}
