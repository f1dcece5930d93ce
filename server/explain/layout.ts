// The table "what MLX expects against what is stored", one row for each tensor of each group of modules that look alike.

import { logicalColumns } from '../quant/affine'
import { turn } from '../quant/triple'
import { foldNames, showShape, showTensor } from '../rules/show'
import { configured, type Dossier, storedTriple, verdictOf, type WeightFacts } from './dossier'
import { bullets, code, table } from './markdown'
import { showGiven } from './parameters'
import { alike, readings } from './show'

/** More groups than this are counted, not shown: faults first. */
const mostGroups = 10

/** The section's text; empty where no weight is quantized. */
export function layout(dossier: Dossier): string {
  const groups = [...alike(dossier.weights)]
  if (groups.length === 0) return 'No quantized weight was found: nothing to compare.'
  const fine = (w: WeightFacts) => Number(verdictOf(w).kind === 'fits')
  const ordered = dossier.subject ? groups : groups.sort((a, b) => fine(a[0]) - fine(b[0]))
  const shown = ordered.slice(0, mostGroups)
  const isHandedOver = shown.some(([w]) => w.deliveries.some(d => changes(w, d.weight.shape, d.scales.shape)))
  const head = ['module', 'tensor', 'stored', ...(isHandedOver ? ['handed over'] : []), 'MLX expects', 'parameters']
  const rows = shown.flatMap(([w, ...rest]) => rowsOf(w, [w, ...rest], isHandedOver))
  const more = ordered.length - shown.length
  return [
    bullets([
      'MLX packs a logical [out, in] weight of b bits along its last axis into 32-bit words: `weight` is U32 [out, in × b / 32].',
      'A group of g inputs shares one scale: `scales` and `biases` are [out, in / g].',
    ]),
    '',
    table(head, rows),
    ...(more > 0 ? ['', `and ${more} more ${more === 1 ? 'group' : 'groups'} of modules.`] : []),
  ].join('\n')
}

const changes = (w: WeightFacts, weight: readonly number[], scales: readonly number[]) =>
  showShape(weight) !== showShape(w.weight.tensor.shape) || showShape(scales) !== showShape(w.scales.tensor.shape)

function rowsOf(w: WeightFacts, group: readonly WeightFacts[], isHandedOver: boolean): string[][] {
  const name = code(foldNames(group.map(x => x.module)))
  const delivered = w.deliveries[0]
  const said = configured(w)
  const triple = storedTriple(w)
  const logical = triple?.likely.map(p => `[${triple.rows}, ${logicalColumns(triple.packedColumns, p.bits)}]`)
  const parameters = triple
    ? `${readings(triple)}, logical ${logical?.join(' or ')}${said && !triple.likely.some(p => p.bits === said.pair.bits && p.groupSize === said.pair.groupSize) ? `; config says **${showGiven(said.pair)}**` : ''}`
    : said
      ? `config says ${showGiven(said.pair)}`
      : '?'
  const members = (['weight', 'scales', 'biases'] as const).filter(m => w[m])
  const same = w.biases !== undefined && showTensor(w.biases.tensor) === showTensor(w.scales.tensor)
  return members.flatMap((member, i) => {
    const stored = w[member]?.tensor
    if (!stored || (member === 'biases' && same)) return []
    const label = member === 'scales' && same ? `${code('scales')}, ${code('biases')}` : code(member)
    const arrives = delivered?.[member]
    return [
      [
        i === 0 ? `${name}${group.length > 1 ? ` (${group.length})` : ''}` : '',
        label,
        showTensor(stored),
        ...(isHandedOver ? [arrives ? showShape(arrives.shape) : '?'] : []),
        expected(w, member),
        i === 0 ? parameters : '',
      ],
    ]
  })
}

function expected(w: WeightFacts, member: 'weight' | 'scales' | 'biases'): string {
  const { stored } = w
  const tensor = w[member]?.tensor
  if (!tensor) return ''
  switch (stored.kind) {
    case 'fits':
      return 'as stored'
    case 'turned':
      return stored.turned[member] ? `**${showShape(turn(tensor.shape))}**` : 'as stored'
    case 'sliced': {
      const wanted = Math.max(stored.weightRows, stored.scalesRows)
      const rows = member === 'weight' ? stored.weightRows : stored.scalesRows
      return rows === wanted
        ? `as stored, or its part of **${Math.min(stored.weightRows, stored.scalesRows)}** rows`
        : `**${wanted}** rows, as the ${member === 'weight' ? 'scales' : 'weight'}`
    }
    case 'misfit':
      return member === 'weight' && tensor.dtype !== 'U32' ? 'U32 words' : 'nothing that fits the others'
  }
}
