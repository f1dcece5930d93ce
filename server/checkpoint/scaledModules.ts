// Modules that have a weight with scales beside it. Found by the families of the scales, so that a model without any costs
// nothing, however many tensors it has; what the shapes say is for quant/.

import type { Model, Shard } from './facts'
import { sharedTensorsOf } from './duplicates'
import { type Member, splitName } from './modules'
import { folderOf } from './paths'
import { groupBy } from '../util/groupBy'

/** A weight that is stored with scales beside it, all from the same folder (so from the same rank). */
export interface ScaledModule {
  /** Module path, without `.weight`. */
  readonly module: string
  readonly folder: string
  readonly weight: Member
  readonly scales: Member
  readonly biases: Member | undefined
}

const cache = new WeakMap<Model, readonly ScaledModule[]>()

/** Every module that has a weight and scales, rank by rank, in the order of its scales; a tensor stored twice counts once. */
export function scaledModules(model: Model): readonly ScaledModule[] {
  let known = cache.get(model)
  if (!known) {
    const folders = groupBy(model.shards, shard => folderOf(shard.path))
    const all = [...folders].flatMap(([folder, shards]) => scaledIn(folder, shards))
    cache.set(model, (known = sharedTensorsOf(model).length > 0 ? once(all) : all))
  }
  return known
}

function scaledIn(folder: string, shards: readonly Shard[]): ScaledModule[] {
  return shards.flatMap(shard =>
    scalesRows(shard).flatMap((index): ScaledModule[] => {
      const { module } = splitName(shard.tensors.nameAt(index))
      const beside = (parameter: string): Member | undefined => {
        const name = module === '' ? parameter : `${module}.${parameter}`
        const own = shard.tensors.indexOf(name)
        if (own >= 0) return { parameter, shard, index: own }
        const other = shards.findLast(each => each.tensors.indexOf(name) >= 0)
        return other && { parameter, shard: other, index: other.tensors.indexOf(name) }
      }
      const weight = beside('weight')
      if (!weight) return []
      return [{ module, folder, weight, scales: { parameter: 'scales', shard, index }, biases: beside('biases') }]
    }),
  )
}

/** Rows of the tensors called `scales`, in the order of the header. */
function scalesRows({ tensors }: Shard): readonly number[] {
  const families = tensors.families().filter(({ sample }) => splitName(sample).parameter === 'scales')
  return families.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)
}

/** Of scales that are stored twice the last counts. */
function once(all: readonly ScaledModule[]): readonly ScaledModule[] {
  return [...new Map(all.map(each => [`${each.folder}\n${each.module}`, each] as const)).values()]
}
