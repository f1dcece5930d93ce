// Whether names mean the same at two places.

import { functionAt } from '../interp/program/functions'
import type { Place } from '../interp/values/value'

/** Whether two places are in the body of one function, or both outside of any, of one program. */
export const isSameFunction = (a: Place, b: Place): boolean =>
  a.program === b.program && functionAt(a.program, a.span.start) === functionAt(b.program, b.span.start)
