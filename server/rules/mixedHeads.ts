// An attention whose heads and tokens are taken for one another: queries that are not turned before it, or results that are
// not turned back before their heads are joined. Every shape is as it should be, and the numbers are wrong.

import { type Mixup } from '../interp/arrays/heads'
import { placeKey } from '../interp/run/machine'
import { groupBy } from '../util/groupBy'
import { defineRule, type Draft } from './rule'
import { rangeOf } from './show'

export const mixedHeads = defineRule({
  id: 'mixed-heads',
  severity: 'warning',
  title: 'Heads and tokens of an attention are mixed up',
  *check({ runs }) {
    const found = groupBy(
      runs.flatMap(run => run.mixups),
      mixup => `${mixup.kind} ${placeKey(mixup.at)}`,
    )
    for (const [first] of found.values()) if (first) yield draft(first)
  },
})

function draft({ kind, at, split, found, expected }: Mixup): Draft {
  const what =
    kind === 'attention'
      ? `attention gets ${found} beside ${expected}; it takes the second axis of each for heads, the third for tokens`
      : `${found} is joined into one axis as it lies; it was split as ${expected}, so it must be transposed back first`
  return {
    path: at.program.path,
    range: rangeOf(at),
    message: `${what}; the shapes agree, so nothing raises and the numbers are wrong`,
    tensors: [],
    because: [{ path: split.program.path, range: rangeOf(split), message: 'the heads are split here' }],
  }
}
