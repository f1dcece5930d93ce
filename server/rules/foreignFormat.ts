// Tensors of another format than MLX's: GPTQ, AWQ, FP8 and their like. Where a loader of the workspace hands them to an
// operation that decodes MLX's format, that is an error at its call. Where no loader was seen to load the model, the
// finding says what the format is and what mlx-lm does with it: plain information, unless the model claims to be MLX's.

import type { Model } from '../checkpoint/facts'
import type { Delivery } from '../interp/deliveries'
import type { Because, Severity } from '../protocol'
import { showRecognition, type Format, type Found, type Recognition } from '../quant/formats/format'
import { foreignGroups, hintsFor, type FormatGroup } from '../quant/formats/formatsOf'
import type { Hints } from '../quant/formats/hints'
import { formats } from '../quant/formats/index'
import { mlxLmOutcome, mlxLmVersion, type Outcome } from '../quant/formats/mlxLm'
import { groupBy } from '../util/groupBy'
import { sitesWhere } from './delivered'
import { foreignFormat } from './foreign'
import { defineRule, type Draft, type Facts } from './rule'
import { becauseTensor, count, fileStart, foldNames, rangeIn, rangeOf, showTensor } from './show'
import type { Site } from './sites'
import { because, tensorNames } from './transposedTriple'

type ForeignGroup = FormatGroup & { readonly recognition: Recognition }

export const foreignFormatRule = defineRule({
  id: 'foreign-format',
  severity: 'error',
  title: "Tensors are in another format than MLX's",
  *check(facts) {
    for (const site of sitesWhere(facts, isForeignHere)) yield* atSite(site)
    yield* unloaded(facts)
  },
})

const isForeignHere = (d: Delivery): boolean => foreignFormat(d) !== undefined

/** A finding for every foreign format that arrives at a call. */
function* atSite(site: Site): Iterable<Draft> {
  const foreign = site.deliveries.flatMap(d => {
    const recognition = foreignFormat(d)
    return recognition ? [{ d, recognition }] : []
  })
  for (const [, group] of groupBy(foreign, ({ recognition }) => recognition.format.id)) {
    const first = group[0]
    if (!first) continue
    const deliveries = group.map(({ d }) => d)
    const { weight, scales } = first.d
    yield {
      path: site.place.program.path,
      range: rangeOf(site.place),
      message: [
        `weight is ${showTensor(weight)} and scales ${showTensor(scales)}: ${showRecognition(first.recognition)}, not MLX's format`,
        first.recognition.format.notMlx,
        conversion(first.recognition),
        modules(deliveries),
      ].join('; '),
      tensors: [...new Set(deliveries.flatMap(tensorNames))],
      because: [
        ...because(deliveries),
        ...first.recognition.evidence.map(line => becauseTensor(weight, `${first.d.module}: ${line}`)),
      ],
    }
  }
}

const modules = (group: readonly Delivery[]) =>
  `${count(new Set(group.map(d => d.module)).size, 'module')}, ${foldNames(group.map(d => d.module))}`

/** Models that no program was seen to load. */
function* unloaded({ models, runs }: Facts): Iterable<Draft> {
  const met = new Set(runs.flatMap(run => [...run.met]))
  const mayBeLoaded = runs.some(run => run.unfollowed.length > 0)
  for (const model of models) {
    const groups = met.has(model) ? [] : [...foreignGroups(model)].sort((a, b) => b.count - a.count)
    const [most] = groups
    if (most) yield inModel(model, most, groups, mayBeLoaded)
  }
}

function inModel(model: Model, most: ForeignGroup, groups: readonly ForeignGroup[], mayBeLoaded: boolean): Draft {
  const { recognition, shard } = most
  const hints = hintsFor(model, shard)
  const outcome = mlxLmOutcome(recognition, hints, [...most.members.keys()])
  const claimsMlx = hints.mlxBlock !== undefined || shard.metadata.get('format') === 'mlx'
  const contradicts = contradictsMethod(hints, groups)
  const severity = mayBeLoaded ? 'information' : severityOf(outcome, claimsMlx, contradicts)
  const node = outcome.kind !== 'reads' && hints.mlxBlock ? hints.mlxBlock : hints.node
  const place =
    hints.file && node
      ? { path: hints.file.path, range: rangeIn(hints.file, node.offset, node.offset + node.length) }
      : { path: shard.path, range: fileStart }
  const others = groups.slice(1).map(each => `${showRecognition(each.recognition)} (${count(each.count, 'weight')})`)
  return {
    ...place,
    severity,
    message: [
      `${count(most.count, 'weight')} in ${showRecognition(recognition)}, not MLX's format: ${showPatterns(most)}${others.length > 0 ? `; beside ${others.join(', ')}` : ''}`,
      recognition.evidence[0],
      ...(contradicts
        ? [`${hints.lacksMethod ? 'producer' : 'quant_method'} ${hints.method} contradicts the tensors`]
        : []),
      ...(claimsMlx && outcome.kind !== 'reads' ? [claim(hints)] : []),
      recognition.format.notMlx,
      `no loader in the workspace loads it; mlx-lm ${mlxLmVersion} ${outcome.how}`,
      conversion(recognition),
    ].join('; '),
    tensors: () => groups.flatMap(each => each.tensors()),
    because: groups.flatMap(each => becauseOf(model, each)),
  }
}

const claim = (hints: Hints) =>
  hints.mlxBlock ? "the `quantization` block says that it is MLX's" : '__metadata__ says that MLX wrote the shard'

function severityOf(outcome: Outcome, claimsMlx: boolean, contradicts: boolean): Severity {
  if (outcome.kind === 'reads') return 'information'
  if (claimsMlx) return 'error'
  return outcome.kind === 'misreads' || contradicts ? 'warning' : 'information'
}

/** auto-round files several packings, those of others among them, under its own name. */
const severalFormats = /auto-round/

/** Whether the config names a method that is known and writes none of the formats found. */
function contradictsMethod({ method }: Hints, groups: readonly ForeignGroup[]): boolean {
  if (method === undefined || severalFormats.test(method)) return false
  const writes = (format: Format) => format.methods.includes(method)
  return formats.some(writes) && !groups.some(({ recognition }) => writes(recognition.format))
}

/** Names of a few weights as they are, of many by their patterns: folding thousands would take longer than finding them. */
function showPatterns({ patterns, weights, count }: FormatGroup): string {
  if (count <= namesToFold) return foldNames(weights())
  const shown = patterns.slice(0, patternsToShow).map(pattern => pattern.replaceAll('#', '*'))
  return patterns.length > shown.length
    ? `${shown.join(', ')} and ${patterns.length - shown.length} more`
    : shown.join(', ')
}

const namesToFold = 1000
const patternsToShow = 4

/** A tensor of the group, and the rest of the evidence. */
function becauseOf(model: Model, { sample, recognition }: ForeignGroup): Because[] {
  const shard = model.shards.find(each => each.tensors.indexOf(sample) >= 0)
  const tensor = shard?.tensors.find(sample)
  if (!shard || !tensor) return []
  const about = (message: string): Because => ({ path: shard.path, range: fileStart, message, tensor: sample })
  return [
    about(`${sample} is stored ${showTensor(tensor)}: ${showRecognition(recognition)}`),
    ...recognition.evidence.slice(1).map(about),
  ]
}

const kinds = {
  rename: 'to MLX by renaming',
  exact: 'to MLX without loss',
  lossy: 'to MLX with loss',
  none: 'to MLX',
} as const

function conversion(found: Found & { readonly format: Format }): string {
  const { kind, how } = found.format.convert?.(found) ?? { kind: 'none', how: 'nothing converts it' }
  return `${kinds[kind]}: ${how}`
}
