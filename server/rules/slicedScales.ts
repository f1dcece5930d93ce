// The weight has other rows than its scales and biases: one of them was sliced for a rank and the other was not.
// `mx.dequantize` refuses that; `mx.quantized_matmul` does not compare the rows and reads past the end of the shorter
// (ml-explore/mlx 0.32.4), which is worse. No edit of the call can be known to be right, so the finding explains.

import type { Delivery } from '../interp/deliveries'
import { foreignFormat } from './foreign'
import { defineRule } from './rule'
import { count, foldNames, rangeOf, showShape } from './show'
import { sitesOf } from './sites'
import { because, tensorNames } from './transposedTriple'

type Sliced = Delivery & { readonly verdict: { readonly kind: 'sliced' } }

export const slicedScales = defineRule({
  id: 'sliced-scales',
  severity: 'error',
  title: 'Weight and scales were sliced differently',
  *check({ deliveries }) {
    for (const site of sitesOf(deliveries)) {
      const group = site.deliveries.filter((d): d is Sliced => d.verdict.kind === 'sliced' && !foreignFormat(d))
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
      }
    }
  },
})
