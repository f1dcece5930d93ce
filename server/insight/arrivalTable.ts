// What arrives at a quantized operation, for people: the triple as handed over, how it reads, what the program passes, and
// the evidence for both.

import type { Arrived, Delivery } from '../interp/deliveries'
import type { Value } from '../interp/values/value'
import type { Pair } from '../quant/affine'
import { withEvidence } from '../quant/dimensions'
import { turn } from '../quant/triple'
import { code, prose, table } from '../explain/markdown'
import { passed, type Parameter, tripleOf } from '../rules/parameters'
import { baseName, foldNames, showShape, showTensor } from '../rules/show'
import { groupBy } from '../util/groupBy'
import { showReadings } from './meaning'

const mostRows = 12

/** Deliveries of one model that differ in nothing but numbers in their names. */
export type AlikeDeliveries = readonly [Delivery, ...Delivery[]]

export function alikeDeliveries(deliveries: readonly Delivery[]): readonly AlikeDeliveries[] {
  const groups = groupBy(deliveries, d =>
    [
      d.module.replace(/(^|\.)\d+(?=\.|$)/g, '$1#'),
      ...[d.weight, d.scales, d.biases].map(a => (a ? `${showTensor(a.tensor)}${a.shape.join()}` : '')),
      d.verdict.kind,
      readsAs(d)?.join(' or ') ?? '',
    ].join('\0'),
  )
  return [...groups.values()].flatMap(([first, ...rest]) => (first ? [[first, ...rest] as const] : []))
}

/** Markdown: a table of the weights of one model, and below it the parameters with their evidence. */
export function arrivalTable(deliveries: readonly Delivery[]): string {
  const groups = alikeDeliveries(deliveries)
  const rows = groups.slice(0, mostRows).map(([d, ...rest]) => [
    `${code(
      foldNames(
        [d, ...rest].map(x => x.module),
        1,
      ),
    )}${rest.length > 0 ? ` (${rest.length + 1})` : ''}`,
    showArrived(d.weight),
    sides(d),
    readsAs(d)?.join(' or ') ?? `**${prose(trouble(d))}**`,
  ])
  const left = groups.slice(mostRows).reduce((n, g) => n + g.length, 0)
  const first = groups[0]?.[0]
  return [
    table(['module', 'weight', 'scales, biases', 'reads as'], rows),
    ...(left > 0 ? ['', `and ${left} more`] : []),
    ...(first ? ['', `Passed: ${given(first)}.`, ...evidence(groups)] : []),
  ].join('\n')
}

/** Readings such as `4-bit [3072, 3072] g64`: by the pair that is passed where it fits; undefined where nothing fits as handed over. */
export function readsAs(d: Delivery): readonly string[] | undefined {
  if (d.verdict.kind !== 'fits') return undefined
  const { pairs } = d.verdict
  const wanted = pairsMeant(d)
  return showReadings(d.weight.shape, wanted.length > 0 ? wanted : pairs, d.scales.dtype === 'U8')
}

/** The pair that the program passes, where it fits; else those that the evidence leaves. */
function pairsMeant(d: Delivery): readonly Pair[] {
  const triple = tripleOf(d)
  if (!triple) return []
  const [bits, groupSize] = [passed(d.sink, 'bits').value, passed(d.sink, 'groupSize').value]
  const said = triple.pairs.filter(p => p.bits === bits && p.groupSize === groupSize)
  return said.length > 0 ? said : withEvidence(triple.pairs, triple.packedColumns, triple.width)
}

function trouble({ verdict, weight }: Delivery): string {
  switch (verdict.kind) {
    case 'turned':
      return `arrives transposed; turned it is ${showReadings(verdict.turned.weight ? turn(weight.shape) : weight.shape, verdict.pairs, false).join(' or ')}`
    case 'sliced':
      return `scales have ${verdict.scalesRows} rows, weight ${verdict.weightRows}`
    case 'misfit':
      return verdict.why
    case 'fits':
      return ''
  }
}

/** `U32 [72, 576]`, or `U32 [72, 576] → [576, 72]` where the program has changed it. */
function showArrived({ tensor, shape }: Arrived): string {
  const stored = showTensor(tensor)
  return showShape(tensor.shape) === showShape(shape) ? stored : `${stored} → ${showShape(shape)}`
}

function sides({ scales, biases }: Delivery): string {
  const one = showArrived(scales)
  if (!biases) return `${one}, none`
  const other = showArrived(biases)
  return one === other ? one : `${one}, ${other}`
}

function given(d: Delivery): string {
  const mode =
    d.sink.mode?.kind === 'const' && d.sink.mode.value !== null ? `, mode ${prose(String(d.sink.mode.value))}` : ''
  return `${parameter(d, 'bits', 'bits')}, ${parameter(d, 'groupSize', 'group size')}${mode}`
}

function parameter(d: Delivery, which: Parameter, name: string): string {
  const { value, from } = passed(d.sink, which)
  return `${name} ${value ?? 'not known'}${origin(from)}`
}

function origin(from: Value | undefined): string {
  if (from === undefined || (from.kind === 'const' && from.value === null)) return ' (the default of MLX)'
  if (from.kind === 'const' && from.config) return ` (${code(baseName(from.config.file.path))})`
  return from.kind === 'const' && from.literal ? ' (written in the program)' : ''
}

/** Why the pairs are what they are: the arithmetic, and what picks one, for every kind of triple once. */
function evidence(groups: readonly AlikeDeliveries[]): readonly string[] {
  const lines = new Set<string>()
  for (const [d] of groups) {
    const triple = tripleOf(d)
    if (!triple || lines.size >= 3) continue
    const { packedColumns, groups: count, width } = triple
    const product = (packedColumns * 32) / count
    lines.add(
      `${packedColumns} words × 32 bits / ${count} groups = ${product} = bits × group size${width ? `; ${prose(width.why)}` : ''}.`,
    )
  }
  return [...lines].flatMap(line => ['', line])
}
