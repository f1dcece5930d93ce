// A program that cannot come to its end with this checkpoint: a key or an index that is not there, values that do not fit
// the names they are unpacked to, its own `raise` or `assert`.

import type { Run } from '../interp/index'
import { defineRule } from './rule'
import { certain, draft } from './shapeMismatch'

export const alwaysRaises = defineRule({
  id: 'always-raises',
  severity: 'error',
  title: 'The program raises here on every run',
  *check(facts) {
    for (const refusal of certain(facts, 'error', isNamed)) if (!refusal.free) yield draft(refusal)
  },
})

/** A program that stops at a checkpoint which is only guessed was written for another. */
const isNamed = ({ askedBound, bound, loads }: Run): boolean =>
  !askedBound || !bound || loads.some(load => load.named && load.model === bound)
