// The weight has other rows than its scales and biases: one of them was sliced for a rank and the other was not.
// `mx.dequantize` refuses that; `mx.quantized_matmul` does not compare the rows and reads past the end of the shorter
// (ml-explore/mlx 0.32.4), which is worse. Where the program itself slices one of them, by rows or by columns, the others
// are sliced alike; a slice that is stored is only explained.

import type { Arrived, Delivery } from '../interp/deliveries'
import type { Place } from '../interp/values/value'
import type { Edit, Fix } from '../protocol'
import { sitesWhere } from './delivered'
import { foreignFormat } from './foreign'
import { columnFix, columnSlice } from './columnSlice'
import { defineRule, type Draft, type Facts } from './rule'
import { count, foldNames, rangeOf, showShape, textAt } from './show'
import { isSameFunction } from './sameFunction'
import { splitLike } from './splitText'
import { asOperand } from './turnText'
import { because, tensorNames } from './transposedTriple'

type Sliced = Delivery & { readonly verdict: { readonly kind: 'sliced' } }

export const slicedScales = defineRule({
  id: 'sliced-scales',
  severity: 'error',
  title: 'Weight and scales were sliced differently',
  *check(facts) {
    for (const site of sitesWhere(facts, isSliced)) {
      const group = site.deliveries.filter(isSliced)
      const first = group[0]
      if (!first) continue
      const { weightRows, scalesRows, turned } = first.verdict
      const [longer, shorter] =
        weightRows > scalesRows ? ['weight', 'scales and biases'] : ['scales and biases', 'weight']
      const parts = Math.max(weightRows, scalesRows) / Math.min(weightRows, scalesRows)
      const silently = first.sink.op === 'quantized_matmul' && weightRows > scalesRows
      const consequence = silently ? '; quantized_matmul does not notice and reads past the end of the scales' : ''
      yield {
        path: site.place.program.path,
        range: rangeOf(site.place),
        message:
          `weight is ${first.weight.dtype} ${showShape(first.weight.shape)} and scales ${first.scales.dtype} ${showShape(first.scales.shape)}; ` +
          `MLX wants as many ${turned ? 'columns' : 'rows'} in both, and ${shorter} ${shorter === 'weight' ? 'has' : 'have'} 1/${parts} of them: sliced where the ${longer} ${longer === 'weight' ? 'was' : 'were'} not; ` +
          `${count(new Set(group.map(d => d.module)).size, 'module')}, ${foldNames(group.map(d => d.module))}${consequence}`,
        tensors: [...new Set(group.flatMap(tensorNames))],
        because: because(group),
        fixes: sliceFix(group),
      }
    }
    yield* byColumns(facts)
  },
})

/** Slices of the last axis, where words and groups no longer are of the same columns. */
function* byColumns(facts: Facts): Iterable<Draft> {
  for (const site of sitesWhere(facts, isColumnSliced)) {
    const group = site.deliveries.filter(isColumnSliced)
    const found = group.map(columnSlice)
    const [first, slice] = [group[0], found[0]]
    if (!first || !slice) continue
    const fixes = group.map((d, i) => columnFix(d, found[i] ?? slice))
    const isOne = fixes.every(fix => JSON.stringify(fix) === JSON.stringify(fixes[0]))
    const groups = (first.weight.shape.at(-1) ?? 0) / slice.words
    yield {
      path: site.place.program.path,
      range: rangeOf(site.place),
      message:
        `weight is ${showPart(first.weight)} and scales ${showPart(first.scales)}; ` +
        `MLX wants ${Number.isInteger(groups) ? `${groups} groups for so many words` : 'whole groups'}: ${were(slice.sliced)} sliced by columns where ${were(slice.whole)} not; ` +
        `${count(new Set(group.map(d => d.module)).size, 'module')}, ${foldNames(group.map(d => d.module))}`,
      tensors: [...new Set(group.flatMap(tensorNames))],
      because: because(group),
      fixes: isOne && fixes[0] ? [fixes[0]] : [],
    }
  }
}

/** `U32 [96, 32] of [96, 64]`. */
const showPart = ({ dtype, shape, tensor }: Arrived): string =>
  `${dtype} ${showShape(shape)}${shape.at(-1) === tensor.shape.at(-1) ? '' : ` of ${showShape(tensor.shape)}`}`

const were = (members: readonly Member[]): string =>
  `${members.join(' and ')} ${members.length > 1 || members[0] !== 'weight' ? 'were' : 'was'}`

const isColumnSliced = (d: Delivery): boolean => columnSlice(d) !== undefined && !foreignFormat(d) && !isSliced(d)

const isSliced = (d: Delivery): d is Sliced => d.verdict.kind === 'sliced' && !foreignFormat(d)

type Member = 'weight' | 'scales' | 'biases'

/** The slice that one member has, for those that lack it; every delivery of the site must want the same. */
function sliceFix(group: readonly Sliced[]): Fix[] {
  const [first, ...others] = group.map(sliceEdits)
  if (!first || others.some(edits => JSON.stringify(edits) !== JSON.stringify(first))) return []
  const missing = first.members.join(' and ')
  return [{ title: `Slice ${missing} like the ${first.like}`, kind: 'safe', edits: first.edits }]
}

interface SliceEdits {
  readonly like: Member
  readonly members: readonly Member[]
  readonly edits: readonly Edit[]
}

function sliceEdits(d: Sliced): SliceEdits | undefined {
  const all = (['weight', 'scales', 'biases'] as const).filter(m => d[m])
  const sliced = all.filter(m => isRowSlice(d[m]))
  const whole = all.filter(m => d[m]?.ops?.length === 0)
  const [like] = sliced
  // Rows are counted alike in all three, so the same slice is right where as many rows are stored.
  const rows = new Set(all.map(m => d[m]?.tensor.shape[0]))
  if (!like || sliced.length + whole.length !== all.length || rows.size !== 1) return undefined
  const from = d.sink[like]?.at
  const text = sliceText(from)
  // Names of a slice mean nothing, or something else, in another function.
  const isKnownAt = (place: Place) => !from || !/[a-z_]/i.test(text ?? 'x') || isSameFunction(from, place)
  const edits: Edit[] = []
  for (const member of whole) {
    const place = d.handles[member]
    // What the slice is made of must be known where it is added.
    if (!place || d.sink[member]?.activation !== d.sink[like]?.activation || !isKnownAt(place)) return undefined
    const operand = textAt(place)
    const newText = text === undefined ? from && splitLike(from, operand) : `${asOperand(operand)}${text}`
    if (newText === undefined) return undefined
    edits.push({ path: place.program.path, range: rangeOf(place), newText })
  }
  return edits.length > 0 ? { like, members: whole, edits } : undefined
}

/** Nothing but fewer rows than are stored; where a rank takes its own, which ones is not known. */
function isRowSlice(arrived: Arrived | undefined): boolean {
  if (!arrived) return false
  const { ops, shape, tensor } = arrived
  if (ops) return ops.length === 1 && ops[0]?.op === 'slice' && ops[0].axis === 0
  const [rows = 0, ...others] = shape
  const [stored = 0, ...rest] = tensor.shape
  return rows < stored && others.length === rest.length && others.every((d, i) => d === rest[i])
}

/** `[:48]` of `weights["proj.weight"][:48]`. */
const sliceText = (place: Place | undefined): string | undefined =>
  place && /\[[^\[\]"'`,]*:[^\[\]"'`,]*\]$/.exec(textAt(place))?.[0]
