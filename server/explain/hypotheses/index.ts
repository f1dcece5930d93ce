// The list of hypotheses, in the order in which a person would try them.

import { damaged } from './damaged'
import { foreignFormat } from './foreignFormat'
import type { Hypothesis } from './hypothesis'
import { slicedUnevenly } from './slicedUnevenly'
import { transposed } from './transposed'
import { wrongModule } from './wrongModule'
import { wrongParameters } from './wrongParameters'

export const hypotheses = [
  transposed,
  wrongParameters,
  foreignFormat,
  slicedUnevenly,
  damaged,
  wrongModule,
] as const satisfies readonly Hypothesis[]
