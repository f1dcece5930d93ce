// NVFP4 weights of other runtimes whose scales are not theirs: two codes to a byte and one E4M3 scale for sixteen inputs
// make eight bytes to a scale, and a second scale for the whole weight always goes with them (ModelOpt: `weight_scale_2`,
// compressed-tensors: `weight_global_scale`). Runtimes that miss it compute with memory that nobody wrote.

import type { Model } from '../checkpoint/facts'
import { hintsFor } from '../quant/formats/formatsOf'
import type { Hints } from '../quant/formats/hints'
import { type Family, familiesOf } from '../quant/formats/families'
import type { StoredMember } from '../quant/formats/format'
import { find, last, sameRows } from '../quant/formats/shapes'
import { defineRule, type Draft, eachModel } from './rule'
import { count, fileStart, foldNames, showShape, showTensor } from './show'

/** Names of the codes and of the second scale, by the two writers. */
const writers = [
  { codes: 'weight_packed', second: 'weight_global_scale' },
  { codes: 'weight', second: 'weight_scale_2' },
] as const

export const mismatchedNvfp4 = defineRule({
  id: 'mismatched-nvfp4-scales',
  severity: 'error',
  title: 'NVFP4 codes and their scales do not belong together',
  check: eachModel(function* (model) {
    const families = familiesOf(model)
    for (const writer of writers) yield* faultsIn(model, families, writer)
  }),
})

type Writer = (typeof writers)[number]

function* faultsIn(model: Model, families: readonly Family[], { codes, second }: Writer): Iterable<Draft> {
  const own = families.flatMap(family => {
    const weight = find(family.parameters, codes, 'U8', 2)
    const scale = find(family.parameters, 'weight_scale', 'F8_E4M3', 2)
    return weight && scale ? [{ family, weight, scale, hasSecond: family.parameters.has(second) }] : []
  })
  // Bytes named `weight` are NVFP4's only where something says so: a second scale, or the config.
  const isNvfp4 = (shard: Family['shard']) =>
    codes === 'weight_packed' || own.some(each => each.hasSecond) || saysNvfp4(hintsFor(model, shard))
  for (const { family, weight, scale, hasSecond } of own) {
    if (!isNvfp4(family.shard) || !sameRows(weight.shape, scale.shape)) continue
    const why = misfit(weight, scale) ?? (hasSecond ? undefined : withoutSecond(second))
    if (why === undefined) continue
    const name = family.names(codes)[0] ?? codes
    yield {
      path: family.shard.path,
      range: fileStart,
      message: `${name} is ${showTensor(weight)} with weight_scale ${showTensor(scale)}: ${why}; ${count(family.count, 'weight')}, ${foldNames(family.modules())}`,
      tensors: family.names(codes),
      because: [{ path: family.shard.path, range: fileStart, message: `${name} is stored here`, tensor: name }],
    }
  }
}

const saysNvfp4 = ({ method, quantAlgo }: Hints) =>
  method === 'modelopt_fp4' || (method === 'modelopt' && /^NVFP4/.test(quantAlgo ?? ''))

function misfit(weight: StoredMember, scale: StoredMember): string | undefined {
  const [bytes, scales] = [last(weight.shape), last(scale.shape)]
  if (bytes === scales * 8) return undefined
  const inputs = bytes * 2
  const wanted = [...weight.shape.slice(0, -1), inputs / 16]
  const slip = bytes === scales * 16 ? ', so the writer took the packed width for the number of inputs' : ''
  return `two inputs to a byte are ${inputs} inputs, and one scale for 16 of them makes weight_scale ${showShape(wanted)}${slip}; no runtime can decode them`
}

const withoutSecond = (second: string) =>
  `there is no ${second}, by which every scale counts; runtimes that do not check keep what the memory held before`
