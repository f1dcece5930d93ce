// What a module is filled with.

import type { ModuleLoad } from '../interp/arrays/parameters'
import type { Source } from '../interp/values/value'

/** The stored tensors that a module is given. */
export const sourcesGiven = ({ given }: ModuleLoad): readonly Source[] =>
  [...(given?.values() ?? [])].flatMap(v =>
    (v.kind === 'array' ? v.variants : []).flatMap(x => x.stored?.sources ?? []),
  )
