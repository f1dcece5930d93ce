// Scales or biases that do not belong to the weight they arrive with: of another module, or each in the other's place.
// Told by the stored names, since shapes often agree and MLX then decodes to wrong numbers without a word.

import type { Delivery } from '../interp/deliveries'
import { placeKey } from '../interp/run/machine'
import { escapeRegExp } from '../interp/values/text'
import type { Edit, Fix } from '../protocol'
import { groupBy } from '../util/groupBy'
import { where } from './delivered'
import { defineRule, type Draft } from './rule'
import { becauseTensor, count, foldNames, rangeOf, showTensor, textAt } from './show'
import { isCrossed, strangers, swapped } from './sites'
import { swapFix } from './swapFix'
import { tensorNames } from './transposedTriple'
import { misplaced, misplacedDraft } from './misplacedMembers'

export const crossedTensors = defineRule({
  id: 'crossed-tensors',
  severity: 'error',
  title: 'Scales or biases do not belong to the weight',
  *check(facts) {
    const groups = groupBy(where(facts, isSurelyCrossed), d => placeKey(d.site))
    for (const group of groups.values()) yield draft(group)
    const told = new Set(where(facts, isCrossed).map(d => placeKey(d.sink.call)))
    const sinks = facts.runs.flatMap(run => run.sinks).filter(sink => !told.has(placeKey(sink.call)))
    for (const group of groupBy(misplaced(sinks), ({ sink }) => placeKey(sink.call)).values())
      if (group[0]) yield misplacedDraft(group[0])
  },
})

const isSurelyCrossed = (d: Delivery): boolean => isCrossed(d) && !d.sink.uncertain

function draft(group: readonly Delivery[]): Draft {
  const d = group[0] as Delivery
  const isSwap = swapped(d)
  const members = strangers(d)
  const found = isSwap
    ? `scales are ${d.scales.tensor.name} and biases ${d.biases?.tensor.name}, each in the other's place`
    : members.map(m => `${m} are ${d[m]?.tensor.name}`).join(' and ')
  const expected = isSwap ? `scales first, then biases` : members.map(m => `${d.module}.${m}`).join(' and ')
  const silent = d.verdict.kind === 'fits' ? '; the shapes agree, so MLX decodes to wrong numbers without an error' : ''
  return {
    path: d.site.program.path,
    range: rangeOf(d.site),
    message: `${found}; ${d.weight.tensor.name} wants ${expected}; ${count(new Set(group.map(x => x.module)).size, 'module')}, ${foldNames(group.map(x => x.module))}${silent}`,
    tensors: [...new Set(group.flatMap(tensorNames))],
    because: [d.weight, d.scales, d.biases].flatMap(t =>
      t ? [becauseTensor(t, `${t.tensor.name} is stored ${showTensor(t.tensor)}`)] : [],
    ),
    fixes: group.every(swapped) ? swapFix(d.handles.scales, d.handles.biases, 'scales and biases') : keyFix(group),
  }
}

/** Members of another module are asked for by the weight's own, where that part of the key is written here. */
function keyFix(group: readonly Delivery[]): Fix[] {
  const first = group[0]
  if (!first) return []
  const edits = keyEdits(first)
  // Every reading of this call must want the same edits.
  if (!edits || group.some(d => JSON.stringify(keyEdits(d)) !== JSON.stringify(edits))) return []
  const members = strangers(first).join(' and ')
  return [{ title: `Read the ${members} of the weight's own module`, kind: 'needs-a-look', edits }]
}

function keyEdits(d: Delivery): readonly Edit[] | undefined {
  const edits: Edit[] = []
  for (const member of strangers(d)) {
    const [place, tensor] = [d.handles[member], d[member]?.tensor]
    const newText = place && tensor && renamed(textAt(place), tensor.name, `${d.module}.${member}`)
    if (!place || newText === undefined) return undefined
    edits.push({ path: place.program.path, range: rangeOf(place), newText })
  }
  return edits.length > 0 ? edits : undefined
}

/** A text that names a tensor, naming another: only the parts that differ are replaced, each of which must stand in it once. */
function renamed(text: string, from: string, to: string): string | undefined {
  const [a, b] = [from.split('.'), to.split('.')]
  if (a.length !== b.length) return undefined
  let out = text
  for (const [i, part] of a.entries()) {
    const wanted = b[i] ?? ''
    if (part === wanted) continue
    const pieces = out.split(new RegExp(`(?<![\\w-])${escapeRegExp(part)}(?![\\w-])`))
    if (pieces.length !== 2) return undefined
    out = pieces.join(wanted)
  }
  return out === text ? undefined : out
}
