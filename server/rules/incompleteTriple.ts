// A module that has only a part of what MLX packs: a weight without its scales, scales without the weight or the biases, or
// a weight of another dtype than packed ones have. Said of checkpoints that hold other modules packed, and that nothing in
// the workspace loads: mlx-lm's strict load is what fails then, and a loader of one's own may work out what is not stored.

import type { Model } from '../checkpoint/facts'
import { type ModuleKind, moduleKinds, placesOf } from '../checkpoint/moduleKinds'
import { pathOf } from '../checkpoint/shardModules'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
import { quantizedKinds } from '../quant/quantizedModules'
import { groupBy } from '../util/groupBy'
import { isComplete } from './configHarm'
import { modelsNothingLoads } from './players'
import { defineRule, type Draft } from './rule'
import { count, fileStart, foldNames, showTensor } from './show'

export const incompleteTriple = defineRule({
  id: 'incomplete-triple',
  severity: 'error',
  title: 'A packed weight lacks one of its tensors',
  *check(facts) {
    for (const model of modelsNothingLoads(facts)) {
      if (model.isPartial || !isComplete(model) || !quantizedKinds(model).some(isWhole)) continue
      const found = moduleKinds(model).flatMap(kind => {
        const fault = faultOf(kind.members)
        return fault ? [{ kind, fault }] : []
      })
      for (const group of groupBy(found, ({ fault }) => fault.what).values()) yield draft(model, group)
    }
  },
})

interface Fault {
  /** Groups modules that lack the same. */
  readonly what: 'no scales' | 'no biases' | 'no weight' | 'dtype'
  /** A parameter that is stored. */
  readonly stored: string
}

interface Found {
  readonly kind: ModuleKind
  readonly fault: Fault
}

const isFloat = (family: TensorFamily | undefined): boolean => /^(F16|BF16|F32)$/.test(family?.dtype ?? '')
const isWhole = ({ biases, scales }: { readonly biases: TensorFamily | undefined; readonly scales: TensorFamily }) =>
  scales.dtype === 'U8' || (biases !== undefined && isFloat(scales))

/** What is wrong with the members of a module; undefined where they may be another format's. */
function faultOf(members: ModuleKind['members']): Fault | undefined {
  const [weight, scales, biases] = ['weight', 'scales', 'biases'].map(parameter => members.get(parameter))
  const known = new Set(['weight', 'scales', 'biases', 'bias', 'global_scale'])
  if ([...members.keys()].some(parameter => !known.has(parameter))) return undefined
  if (weight?.dtype === 'U32' && !scales && weight.shape.length > 1) return { what: 'no scales', stored: 'weight' }
  if (!scales || !isFloat(scales) || scales.shape.length < 2) return undefined
  if (weight?.dtype === 'U32' && !biases) return { what: 'no biases', stored: 'weight' }
  if (!biases || biases.shape.join() !== scales.shape.join()) return undefined
  if (!weight) return { what: 'no weight', stored: 'scales' }
  return weight.dtype === 'U32' ? undefined : { what: 'dtype', stored: 'weight' }
}

const harms: Readonly<Record<Fault['what'], string>> = {
  'no scales':
    'has no scales beside it: mlx-lm takes the module for one that is not quantized, whose weight has another shape',
  'no biases':
    'has scales in floating point and no biases beside it: mlx-lm reads it as affine and stops with "Missing parameters"',
  'no weight': 'has biases beside it and no weight: mlx-lm stops with "Missing parameters"',
  dtype:
    'has scales and biases beside it, so that it is read as packed: MLX refuses it where it multiplies, with "The weight matrix should be uint32"',
}

function draft(model: Model, group: readonly Found[]): Draft {
  const all = group.flatMap(({ kind, fault }) => [...placesOf(kind, fault.stored)].map(place => ({ ...place, fault })))
  const names = all.map(({ shard, index }) => shard.tensors.nameAt(index))
  const [first] = all
  const tensor = first?.shard.tensors.tensorAt(first.index)
  const paths = all.map(({ fault }, i) => pathOf(names[i] ?? '', fault.stored))
  const what = group[0]?.fault.what ?? 'no scales'
  return {
    path: first?.shard.path ?? model.path,
    range: fileStart,
    message: `${tensor?.name} ${tensor ? showTensor(tensor) : ''} ${harms[what]}; ${count(paths.length, 'module')}, ${foldNames(paths)}`,
    tensors: names,
  }
}
