// Whom a wrong value of config.json hurts, and so how bad it is. A loader in the workspace that uses the value makes it an
// error. Where the workspace loads the model without using the value it is a warning. Where nothing in the workspace loads
// the model, current mlx-lm is in play: what it refuses is an error, what only older or other loaders refuse a warning.

import type { Node } from 'jsonc-parser'
import type { JsonFile, Model } from '../checkpoint/facts'
import { indexFitOf } from '../checkpoint/indexFit'
import { weightsIn } from '../interp/deliveries'
import { overrideOf, type QuantizationConfig } from '../quant/config'
import { quantizedModules } from '../quant/quantizedModules'
import type { Because, Severity } from '../protocol'
import { sourcesGiven } from './given'
import type { Facts } from './rule'
import { rangeOf } from './show'

/** Operations of the workspace's loaders that get the value at one of the nodes. */
export function readers(facts: Facts, file: JsonFile, nodes: readonly (Node | undefined)[]): readonly Because[] {
  const offsets = new Set(nodes.flatMap(n => (n ? [n.offset] : [])))
  if (offsets.size === 0) return []
  const places = new Map<string, Because>()
  for (const { sink } of facts.bundles)
    for (const v of [sink.groupSize, sink.bits, sink.mode])
      if (v?.kind === 'const' && v.config && v.config.file.path === file.path && offsets.has(v.config.offset)) {
        const because: Because = {
          path: sink.call.program.path,
          range: rangeOf(sink.call),
          message: `used by this ${sink.op}`,
        }
        places.set(JSON.stringify(because), because)
      }
  return [...places.values()].slice(0, 8)
}

/** Whether a program of the workspace was seen to load the model's weights, be it that it fails before it uses them. */
export function isLoadedHere(facts: Facts, model: Model): boolean {
  return facts.runs.some(run => run.met.has(model)) || facts.bundles.some(bundle => weightsIn(bundle).has(model))
}

/** Whether a program of the workspace fills a module with the model's weights and leaves these out, as what is not needed. */
export function isLeftOut(facts: Facts, model: Model, names: readonly string[]): boolean {
  const left = new Set(names)
  return facts.runs.some(run =>
    run.moduleLoads.some(load => {
      const sources = sourcesGiven(load).filter(source => source.model === model)
      return load.reached && sources.length > 0 && sources.every(({ tensor }) => !left.has(tensor.name))
    }),
  )
}

/**
 * Whether a block is one of a loader's own making: the workspace loads the model, and the block gives none of MLX's
 * parameters, neither for all modules nor for one that is stored.
 */
export function isLoadersOwn(facts: Facts, model: Model, block: QuantizationConfig): boolean {
  const { groupSize, bits, mode } = block.global.written
  if (groupSize || bits || mode || !isLoadedHere(facts, model)) return false
  return !quantizedModules(model).some(({ path }) => overrideOf(block, path))
}

/** The severity of a fault that no loader in the workspace was seen to meet. */
export function severityFor(facts: Facts, model: Model, mlxLmRefuses: boolean): Severity {
  return mlxLmRefuses && !isLoadedHere(facts, model) ? 'error' : 'warning'
}

/** Tensors may be missing from what was read: a damaged shard, or an index or file numbers that speak of others. */
export function isComplete(model: Model): boolean {
  let known = completeness.get(model)
  if (known === undefined) completeness.set(model, (known = judgeComplete(model)))
  return known
}

const completeness = new WeakMap<Model, boolean>()

function judgeComplete(model: Model): boolean {
  if (model.shards.some(shard => shard.problems.some(p => p.refusedBy.mlx || p.tensors.length > 0))) return false
  const numbers = new Map<string, Set<string>>()
  for (const { path } of model.shards) {
    const found = /^(.*)-(\d+)-of-(\d+)\.safetensors$/.exec(path)
    if (!found) continue
    const key = `${found[1]} ${found[3]}`
    numbers.set(key, (numbers.get(key) ?? new Set()).add(found[2] ?? ''))
  }
  if (lacksIndexed(model)) return false
  return [...numbers].every(([key, seen]) => seen.size >= Number(key.slice(key.lastIndexOf(' ') + 1)))
}

/** Whether the index names tensors that no shard holds: they were saved, and have gone since. */
function lacksIndexed(model: Model): boolean {
  const { absent, misplaced } = indexFitOf(model) ?? { absent: [], misplaced: [] }
  return absent.some(one => one.elsewhere < one.tensors.length) || misplaced.some(one => one.actual === undefined)
}
