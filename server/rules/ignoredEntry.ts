// The config says for all modules one thing and for this one another, in an entry of its own, and the program passes what
// holds for all: a loader that was written before there were entries.

import type { Delivery } from '../interp/deliveries'
import type { Pair } from '../quant/affine'
import { parametersOf, type QuantizationConfig, quantizationConfigs } from '../quant/config'
import { judgeParameters, type Parameter, passed, tripleOf } from './parameters'

/** What the entry of a delivery's module says, where the tensors bear it out and the program does not look it up. */
export function ignoredEntry(d: Delivery): Pair | undefined {
  const triple = tripleOf(d)
  const config = globalOf(d, 'bits') ?? globalOf(d, 'groupSize')
  if (!triple || !config) return undefined
  const parameters = parametersOf(config, d.module)
  return parameters?.isOverride && !judgeParameters(parameters.pair, triple) ? parameters.pair : undefined
}

/** The block whose value for all modules is passed as its own parameter; undefined where the value is from elsewhere. */
function globalOf(d: Delivery, which: Parameter): QuantizationConfig | undefined {
  const { from } = passed(d.sink, which)
  const place = from?.kind === 'const' ? from.config : undefined
  return place && quantizationConfigs(place.file).find(({ global }) => global.written[which]?.offset === place.offset)
}
