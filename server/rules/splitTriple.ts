// A packed weight and its scales or biases in different shards. Loaders that merge all files first, as mlx-lm does, do
// not care; one that takes a shard at a time never has both. A loader of the workspace is taken for such a one where it
// hands over the same module of other layers and leaves this one out.

import type { Model } from '../checkpoint/facts'
import { weightsIn } from '../interp/deliveries'
import type { Place } from '../interp/values/value'
import { inOrder, quantizedKinds, type QuantizedModule } from '../quant/quantizedModules'
import { becauseLoads, playersOf } from './players'
import { defineRule, type Draft, type Facts } from './rule'
import { baseName, count, fileStart, foldNames, rangeOf } from './show'

export const splitTriple = defineRule({
  id: 'split-triple',
  severity: 'information',
  title: 'A weight and its scales are in different shards',
  *check(facts) {
    for (const model of facts.models) {
      if (model.shards.length < 2 || model.kind !== 'mlx') continue
      const apart = quantizedKinds(model).flatMap(kind => kind.apart())
      const split = inOrder(model, apart.filter(isSplit))
      if (split.length === 0) continue
      const missed = new Set(missedBy(facts, model, split))
      const rest = split.filter(module => !missed.has(module))
      if (missed.size > 0) yield draft(facts, model, [...missed], true)
      if (rest.length > 0) yield draft(facts, model, rest, false)
    }
  },
})

const isSplit = ({ weight, scales, biases }: QuantizedModule) =>
  weight.shard !== scales.shard || (biases !== undefined && biases.shard !== weight.shard)

const pattern = (module: string) => module.replace(/\d+/g, '#')

/** Modules that the loader leaves out, though it hands over their like. */
function missedBy(facts: Facts, model: Model, split: readonly QuantizedModule[]): readonly QuantizedModule[] {
  const whole = facts.runs.every(run => run.stopped === undefined)
  const own = facts.bundles.filter(bundle => weightsIn(bundle).has(model))
  if (!whole || own.length === 0) return []
  const delivered = own.flatMap(bundle => weightsIn(bundle).get(model) ?? [])
  const absent = split.filter(({ path }) => !delivered.some(modules => modules.has(path)))
  if (absent.length === 0) return []
  const patterns = new Set(own.flatMap(({ triples }) => triples.map(t => pattern(t.module))))
  return absent.filter(({ path }) => patterns.has(pattern(path)))
}

/** One of the modules that are handed over, and where. */
function siblingOf({ bundles }: Facts, model: Model, wanted: string): { module: string; site: Place } | undefined {
  for (const { triples, site } of bundles) {
    const like = triples.find(t => t.model === model && pattern(t.module) === wanted)
    if (like) return { module: like.module, site }
  }
  return undefined
}

function draft(facts: Facts, model: Model, modules: readonly QuantizedModule[], isMissed: boolean): Draft {
  const first = modules[0] as QuantizedModule
  const other = first.scales.shard !== first.weight.shard ? first.scales : (first.biases ?? first.scales)
  const members = [first.weight, first.scales, ...(first.biases ? [first.biases] : [])]
  const names = modules.flatMap(m => [m.weight, m.scales, m.biases].flatMap(t => (t ? [t.tensor.name] : [])))
  const sibling = isMissed ? siblingOf(facts, model, pattern(first.path)) : undefined
  const what = `${first.weight.tensor.name} is in ${baseName(first.weight.shard.path)}, ${other.tensor.name} in ${baseName(other.shard.path)}: ${count(modules.length, 'module')} (${foldNames(modules.map(m => m.path))})`
  const harm = isMissed
    ? `the loader here takes one shard at a time: it hands over ${sibling?.module ?? 'others'} and never these; merge the shards' dicts before looking tensors up`
    : 'loaders that merge all shards first (mlx-lm, transformers) read them as well as any, one that takes a shard at a time does not find the pair'
  return {
    path: first.weight.shard.path,
    range: fileStart,
    severity: isMissed ? 'error' : 'information',
    message: `${what}; ${harm}`,
    tensors: names,
    because: [
      ...(isMissed && sibling
        ? [
            {
              path: sibling.site.program.path,
              range: rangeOf(sibling.site),
              message: `${sibling.module} is handed over here`,
            },
          ]
        : []),
      ...members.map(t => ({
        path: t.shard.path,
        range: fileStart,
        message: `${t.tensor.name} is in ${baseName(t.shard.path)}`,
        tensor: t.tensor.name,
      })),
      ...(isMissed ? becauseLoads(playersOf(facts, model)) : []),
    ],
  }
}
