// The modules of a model with one expert for all of a layer: what is enough to know its layers and their sizes. There may be
// tens of thousands of experts; they are passed over by their families, without a look at their names.

import type { Model, Shard } from './facts'
import { groupBy } from '../util/groupBy'
import { type Member, splitName } from './modules'
import { folderOf } from './paths'

/** The number of an expert, and of a layer, in a tensor's name. */
const [expert, layer] = [/(^|\.)experts\.(\d+)(?=\.)/, /(^|\.)layers\.(\d+)(?=\.)/]

/** Module paths with their stored tensors, in the order of shards; of numbered experts only number 0. */
export function outlineOf(model: Model): ReadonlyMap<string, readonly Member[]> {
  const modules = new Map<string, Member[]>()
  const add = (name: string, shard: Shard, index: number): void => {
    const { module, parameter } = splitName(name)
    const members = modules.get(module)
    const member = { parameter, shard, index }
    if (members) members.push(member)
    else modules.set(module, [member])
  }
  const layers = new Set<string>()
  const experts = new Set<string>()
  for (const shard of model.shards)
    for (const { sample, rows } of shard.tensors.families()) {
      if (expert.test(sample)) {
        experts.add(sample.replace(layer, '$1layers.#').replace(expert, '$1experts.0'))
        layers.add(layer.exec(sample)?.[2] ?? '')
        continue
      }
      for (const index of rows) {
        const name = shard.tensors.nameAt(index)
        const number = layer.exec(name)?.[2]
        if (number !== undefined) layers.add(number)
        add(name, shard, index)
      }
    }
  const find = finder(model)
  // A layer has norms or a router beside its experts, so that every layer with experts is known by now.
  for (const pattern of experts)
    for (const name of new Set([...layers].map(number => pattern.replace('#', number))))
      for (const { shard, index } of find(name)) add(name, shard, index)
  return modules
}

/** Finds a tensor in every rank. Names that are asked for one after another mostly lie in the same shard. */
function finder({ shards }: Model): (name: string) => readonly { shard: Shard; index: number }[] {
  const ranks = [...groupBy(shards, ({ path }) => folderOf(path)).values()]
  const last = ranks.map(([first]) => first)
  return name =>
    ranks.flatMap((own, rank) => {
      const known = last[rank]?.tensors.indexOf(name) ?? -1
      const shard = known >= 0 ? last[rank] : own.find(({ tensors }) => tensors.indexOf(name) >= 0)
      if (!shard) return []
      last[rank] = shard
      return [{ shard, index: shard.tensors.indexOf(name) }]
    })
}
