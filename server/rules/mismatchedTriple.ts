// Weight and scales that cannot be one MLX weight in any orientation: tensors of different modules, or a weight that is
// not packed at all. Tensors of another format that can be named are left to foreignFormat.ts.

import { foreignFormat, isPacked } from './foreign'
import { defineRule } from './rule'
import { count, foldNames, rangeOf, showTensor } from './show'
import { sitesOf } from './sites'
import { because, tensorNames } from './transposedTriple'

export const mismatchedTriple = defineRule({
  id: 'mismatched-triple',
  severity: 'error',
  title: 'Weight and scales are not one MLX weight',
  *check({ deliveries }) {
    for (const site of sitesOf(deliveries)) {
      const group = site.deliveries.filter(d => (d.verdict.kind === 'misfit' || !isPacked(d)) && !foreignFormat(d))
      const first = group[0]
      if (!first) continue
      const why = !isPacked(first)
        ? `MLX wants a weight of U32 words`
        : first.verdict.kind === 'misfit'
          ? `MLX cannot take them as one weight: ${first.verdict.why}`
          : ''
      yield {
        path: site.place.program.path,
        range: rangeOf(site.place),
        message: `weight is ${showTensor(first.weight)} and scales ${showTensor(first.scales)}; ${why}; ${count(new Set(group.map(d => d.module)).size, 'module')}, ${foldNames(group.map(d => d.module))}`,
        tensors: [...new Set(group.flatMap(tensorNames))],
        because: because(group),
      }
    }
  },
})
