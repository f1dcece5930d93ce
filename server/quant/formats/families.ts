// Modules of a shard that are alike: the same parameters with the same dtypes and shapes. A checkpoint of 90,000 tensors
// has a few dozen such families, so a question about formats is asked once for each and not for every module.
// Kept with the shard, so that one changed shard costs only itself.

import { dtypes } from '../../checkpoint/dtype'
import type { Shard } from '../../checkpoint/facts'
import { modulesOfShard, type Member } from '../../checkpoint/modules'
import type { StoredMember } from './format'

export interface Family {
  readonly parameters: ReadonlyMap<string, StoredMember>
  readonly modules: readonly string[]
}

interface Branch {
  readonly next: Map<number, Branch>
  family?: { readonly parameters: ReadonlyMap<string, StoredMember>; readonly modules: string[] }
}

const kept = new WeakMap<Shard, readonly Family[]>()
const dtypeNumber = new Map(dtypes.map((dtype, i) => [dtype, i] as const))

/** The families of a shard, in the order in which they are met. */
export function familiesOf(shard: Shard): readonly Family[] {
  let known = kept.get(shard)
  if (!known) kept.set(shard, (known = build(shard)))
  return known
}

/** Parameter → dtype and shape of members that belong together; a parameter stored twice counts as its last. */
export function parametersOf(members: readonly Member[]): ReadonlyMap<string, StoredMember> {
  return new Map(members.map(({ parameter, shard, index }) => [parameter, shard.tensors.layoutAt(index)] as const))
}

function build(shard: Shard): readonly Family[] {
  const modules = modulesOfShard(shard)
  const families: Family[] = []
  const root: Branch = { next: new Map() }
  const names = new Map<string, number>()
  for (const [module, own] of modules) {
    const members = withCentroids(module, own, modules)
    if (!members) continue
    // A walk down a tree of numbers, since a key of text for every module would cost more than all the rest.
    let branch = root
    for (const { parameter, index } of members) {
      let name = names.get(parameter)
      if (name === undefined) names.set(parameter, (name = names.size))
      const { dtype, shape } = shard.tensors.layoutAt(index)
      branch = step(branch, -1 - (name * dtypes.length + (dtypeNumber.get(dtype) ?? 0)))
      for (const dim of shape) branch = step(branch, dim)
    }
    if (branch.family) branch.family.modules.push(module)
    else families.push((branch.family = { parameters: parametersOf(members), modules: [module] }))
  }
  return families
}

function step({ next }: Branch, key: number): Branch {
  let branch = next.get(key)
  if (!branch) next.set(key, (branch = { next: new Map() }))
  return branch
}

const centroids = /\.((?:res_|outlier_)?centroids)$/

/**
 * VPTQ keeps its tables in modules of their own below the weight: they are given to it, as `centroids.weight`. Undefined
 * for such a table itself.
 */
export function withCentroids(
  module: string,
  members: readonly Member[],
  modules: ReadonlyMap<string, readonly Member[]>,
): readonly Member[] | undefined {
  if (module.endsWith('centroids')) {
    const parent = module.replace(centroids, '')
    return parent !== module && modules.get(parent)?.some(isIndices) ? undefined : members
  }
  if (!members.some(isIndices)) return members
  const tables = ['centroids', 'res_centroids', 'outlier_centroids'].flatMap(table =>
    (modules.get(`${module}.${table}`) ?? []).map(each => ({ ...each, parameter: `${table}.${each.parameter}` })),
  )
  return [...members, ...tables]
}

const isIndices = ({ parameter }: Member): boolean => parameter === 'indices'
