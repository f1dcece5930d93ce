// A weight, its scales and its biases arrive with their last two axes the wrong way round: the usual mark of a sharding
// or conversion script that transposed every 2-D tensor, packed ones too. Judged by shapes alone, whatever the config says.

import type { Delivery } from '../interp/deliveries'
import { placeKey } from '../interp/run/machine'
import type { Because, Fix } from '../protocol'
import { turn, type Turned } from '../quant/triple'
import { groupBy } from '../util/groupBy'
import { sitesWhere } from './delivered'
import { foreignFormat, isPacked } from './foreign'
import { mlxError } from './mlxError'
import { showReadings } from './parameters'
import { defineRule, type Draft } from './rule'
import { baseName, becauseTensor, count, foldNames, modelName, rangeOf, showShape } from './show'
import { type Site, sitesOf, turnEdits } from './sites'

type TurnedDelivery = Delivery & { readonly verdict: { readonly kind: 'turned' } }

export const transposedTriple = defineRule({
  id: 'transposed-triple',
  severity: 'error',
  title: 'Quantized tensors are handed over transposed',
  *check(facts) {
    for (const { place, deliveries } of sitesWhere(facts, isTurned)) {
      // What else is handed over here says whether one edit is right for all.
      const key = placeKey(place)
      const site = sitesOf(facts.deliveries).find(s => placeKey(s.place) === key)
      const groups = groupBy(deliveries.filter(isTurned), d => turnedKey(d.verdict.turned))
      if (site) for (const group of groups.values()) yield draft(site, group, groups.size)
    }
  },
})

const isTurned = (d: Delivery): d is TurnedDelivery => d.verdict.kind === 'turned' && isPacked(d) && !foreignFormat(d)

const turnedKey = (t: Turned) => `${t.weight}${t.scales}${t.biases}`

function draft(site: Site, group: readonly TurnedDelivery[], kinds: number): Draft {
  const first = group[0] as TurnedDelivery
  const fitting = site.deliveries.filter(d => d.verdict.kind === 'fits')
  const others = site.deliveries.length - group.length
  const models = new Set(site.deliveries.map(d => d.model))
  const concerned = new Set(group.map(d => d.model))
  const inModel = models.size > 1 ? ` in ${[...concerned].map(modelName).join(', ')}` : ''
  const { weight, scales } = first
  const { turned } = first.verdict
  const found = `weight is ${weight.dtype} ${showShape(weight.shape)} and scales ${scales.dtype} ${showShape(scales.shape)}`
  const expected = `MLX wants ${showShape(turned.weight ? turn(weight.shape) : weight.shape)} and ${showShape(turned.scales ? turn(scales.shape) : scales.shape)} (${showReadings(first)})`
  const why = `${what(turned, first)} transposed${inModel}: ${count(modulesIn(group), 'module')}, ${foldNames(group.map(d => d.module))}`
  const mixed =
    fitting.length > 0
      ? `; the same call hands over ${foldNames(fitting.map(d => d.module))} as MLX wants ${fitting.length === 1 ? 'it' : 'them'}${models.size > 1 ? ` (${[...new Set(fitting.map(d => modelName(d.model)))].join(', ')})` : ''}, so no single edit here is right for all`
      : kinds > 1
        ? '; other modules at this call are transposed differently, so no single edit here is right for all'
        : ''
  return {
    path: site.place.program.path,
    range: rangeOf(site.place),
    message: `${found}; ${expected}; ${why}${mixed}`,
    tensors: [...new Set(group.flatMap(tensorNames))],
    because: because(group),
    fixes: others === 0 && kinds === 1 ? fixes(group) : [],
  }
}

const modulesIn = (group: readonly Delivery[]) => new Set(group.map(d => `${d.model.path}\0${d.module}`)).size

function what(turned: Turned, d: Delivery): string {
  const members = (['weight', 'scales', 'biases'] as const).filter(m => turned[m] && (m !== 'biases' || d.biases))
  const all = members.length === (d.biases ? 3 : 2)
  const stored = members.every(m => d[m]?.ops?.length === 0)
  return `${all ? 'all' : `only ${members.join(' and ')}`} ${stored ? 'stored' : 'delivered'}`
}

/** Full names of the three tensors. */
export const tensorNames = (d: Delivery): string[] =>
  [d.weight, d.scales, d.biases].flatMap(t => (t ? [t.tensor.name] : []))

/** The operation that refuses, then the first weight's tensors, then one weight of every other shard. */
export function because(group: readonly Delivery[]): Because[] {
  const first = group[0]
  if (!first) return []
  const out: Because[] = [
    { path: first.sink.call.program.path, range: rangeOf(first.sink.call), message: mlxError(first) },
    ...[first.weight, first.scales, first.biases].flatMap(t =>
      t ? [becauseTensor(t, `${t.tensor.name} is stored ${t.tensor.dtype} ${showShape(t.tensor.shape)}`)] : [],
    ),
  ]
  const shards = new Set([first.weight.shard.path])
  for (const d of group) {
    if (shards.has(d.weight.shard.path) || shards.size > 8) continue
    shards.add(d.weight.shard.path)
    out.push(
      becauseTensor(
        d.weight,
        `${d.weight.tensor.name} in ${baseName(d.weight.shard.path)} is stored ${d.weight.tensor.dtype} ${showShape(d.weight.tensor.shape)}`,
      ),
    )
  }
  return out
}

function fixes(group: readonly TurnedDelivery[]): Fix[] {
  const first = group[0]
  if (!first) return []
  const edits = turnEdits(first, first.verdict.turned)
  if (!edits) return []
  // Every reading of this call must want the same edits.
  const same = group.every(d => JSON.stringify(turnEdits(d, d.verdict.turned)) === JSON.stringify(edits))
  if (!same) return []
  const { turned } = first.verdict
  const members = (['weight', 'scales', 'biases'] as const).filter(m => turned[m] && (m !== 'biases' || first.biases))
  return [{ title: `Transpose ${members.join(', ').replace(/, (?=[^,]*$)/, ' and ')} here`, kind: 'safe', edits }]
}
