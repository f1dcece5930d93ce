// Scales or biases that do not belong to the weight they arrive with: of another module, or each in the other's place.
// Told by the stored names, since shapes often agree and MLX then decodes to wrong numbers without a word.

import type { Delivery } from '../interp/deliveries'
import { placeKey } from '../interp/machine'
import type { Fix } from '../protocol'
import { groupBy } from '../util/groupBy'
import { defineRule, type Draft } from './rule'
import { becauseTensor, count, foldNames, rangeOf, showTensor, textAt } from './show'
import { isCrossed, strangers, swapped } from './sites'
import { tensorNames } from './transposedTriple'

export const crossedTensors = defineRule({
  id: 'crossed-tensors',
  severity: 'error',
  title: 'Scales or biases do not belong to the weight',
  *check({ deliveries }) {
    const groups = groupBy(
      deliveries.filter(d => isCrossed(d) && !d.sink.uncertain),
      d => placeKey(d.site),
    )
    for (const group of groups.values()) yield draft(group)
  },
})

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
    fixes: isSwap && group.every(swapped) ? swapFix(d) : [],
  }
}

/** Exchanges the two expressions where each has a place of its own. */
function swapFix({ handles: { scales, biases } }: Delivery): Fix[] {
  if (!scales || !biases || scales.program !== biases.program || placeKey(scales) === placeKey(biases)) return []
  const { path } = scales.program
  const edits = [
    { path, range: rangeOf(scales), newText: textAt(biases) },
    { path, range: rangeOf(biases), newText: textAt(scales) },
  ]
  return [{ title: 'Swap scales and biases', kind: 'safe', edits }]
}
