// Tensor names by module: "model.layers.0.self_attn.q_proj.weight" is the parameter `weight` of a module path.
// Kept for each shard, as long as the shard is, so that one changed shard costs only itself. What the members of a
// module mean together is for quant/ to say.

import type { Model, Shard, Tensor } from './facts'

/** One stored tensor of a module; the tensor itself is made when asked for. */
export interface Member {
  /** `weight`, `scales`, `bias`, `qweight`, ... */
  readonly parameter: string
  readonly shard: Shard
  /** Its place in the shard's table. */
  readonly index: number
}

/** The tensor that a member stands for. */
export function tensorOf(member: Member): Tensor {
  return member.shard.tensors.tensorAt(member.index)
}

/** A tensor name as module path and parameter. bitsandbytes' `weight.absmax` is one parameter; no dot: no module path. */
export function splitName(name: string): { readonly module: string; readonly parameter: string } {
  const inner = name.indexOf('.weight.')
  const dot = inner >= 0 ? inner : name.lastIndexOf('.')
  return { module: name.slice(0, Math.max(0, dot)), parameter: name.slice(dot + 1) }
}

/** Up to here a module's members are kept in an array of just their number. */
const maxExactMembers = 4

const byShard = new WeakMap<Shard, ReadonlyMap<string, readonly Member[]>>()
const byModel = new WeakMap<Model, ReadonlyMap<string, readonly Member[]>>()

/**
 * Every module path of a model with its stored tensors, in the order of shards and headers. A module that several ranks
 * hold a slice of has each parameter several times, from different shards.
 */
export function modulesOf(model: Model): ReadonlyMap<string, readonly Member[]> {
  const known = byModel.get(model)
  if (known) return known
  const only = model.shards.length === 1 ? model.shards[0] : undefined
  const modules = only ? modulesOfShard(only) : merged(model.shards)
  byModel.set(model, modules)
  return modules
}

/** The same for one shard. */
export function modulesOfShard(shard: Shard): ReadonlyMap<string, readonly Member[]> {
  const known = byShard.get(shard)
  if (known) return known
  const modules = new Map<string, Member[]>()
  // The same few words again and again: one string each is enough.
  const words = new Map<string, string>()
  const { tensors } = shard
  for (let index = 0; index < tensors.count; index++) {
    const { module, parameter } = splitName(tensors.nameAt(index))
    let word = words.get(parameter)
    if (word === undefined) words.set(parameter, (word = parameter))
    const member: Member = { parameter: word, shard, index }
    const members = modules.get(module)
    // An array that grows by push takes room for 17 at once; most modules have two or three members.
    if (members && members.length >= maxExactMembers) members.push(member)
    else modules.set(module, members ? [...members, member] : [member])
  }
  byShard.set(shard, modules)
  return modules
}

function merged(shards: readonly Shard[]): ReadonlyMap<string, readonly Member[]> {
  const all = new Map<string, readonly Member[]>()
  for (const shard of shards) {
    for (const [module, members] of modulesOfShard(shard)) {
      const before = all.get(module)
      all.set(module, before ? [...before, ...members] : members)
    }
  }
  return all
}
