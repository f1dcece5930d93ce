// What waits behind the first error, and only what the facts show: the message that comes once the transposition is
// repaired, products with a matrix that is not turned, and findings of another kind.

import { placeKey } from '../interp/run/machine'
import type { Delivery } from '../interp/deliveries'
import { groupBy } from '../util/groupBy'
import { foldNames, rangeIn } from '../rules/show'
import { tripleOf } from '../rules/parameters'
import { withEvidence } from '../quant/dimensions'
import type { Dossier } from './dossier'
import { atLine, atPlace, code, prose } from './markdown'
import { errorAfterTurning } from './predict'
import { productsOf } from './products'

/** One line of Markdown each; empty where nothing was seen. */
export function behind(dossier: Dossier): readonly string[] {
  return [...nextErrors(dossier), ...products(dossier), ...otherFindings(dossier)]
}

function nextErrors({ deliveries, show }: Dossier): string[] {
  const groups = groupBy(
    deliveries.filter(d => errorAfterTurning(d) !== undefined),
    d => placeKey(d.sink.call),
  )
  return [...groups.values()].flatMap(group => {
    const first = group[0]
    const error = first && errorAfterTurning(first)
    if (!first || !error) return []
    return [
      `After the transposition alone, the ${code(first.sink.op)} at ${atPlace(show, first.sink.call)} still refuses ${code(first.module)}: ${code(error)}`,
    ]
  })
}

/** Logical [out, in] of a delivery; undefined where more than one reading is left. */
function logicalOf(d: Delivery): readonly [number, number] | undefined {
  const triple = tripleOf(d)
  if (!triple) return undefined
  const [pair, ...others] = withEvidence(triple.pairs, triple.packedColumns, triple.width)
  const turned = d.verdict.kind === 'turned' && d.verdict.turned.weight
  const rows = d.weight.shape[d.weight.shape.length - (turned ? 1 : 2)]
  return pair && rows !== undefined && others.length === 0 ? [rows, (triple.packedColumns * 32) / pair.bits] : undefined
}

function products({ deliveries, show }: Dossier): string[] {
  const bySink = groupBy(
    deliveries.filter(d => d.sink.op === 'dequantize'),
    d => placeKey(d.sink.call),
  )
  return [...bySink.values()].flatMap(group => {
    const call = group[0]?.sink.call
    if (!call) return []
    return productsOf(call.program, call.span)
      .filter(product => !product.isTurned)
      .map(({ span }) => {
        const { start } = rangeIn(call.program, span.start, span.end)
        const at = atLine(show, call.program.path, start)
        const isSquare = (d: Delivery) => {
          const logical = logicalOf(d)
          return logical && logical[0] === logical[1]
        }
        const square = foldNames(group.filter(d => isSquare(d) === true).map(d => d.module))
        const other = foldNames(group.filter(d => isSquare(d) === false).map(d => d.module))
        const harm = [
          ...(other ? [`an error about shapes for ${code(other)}`] : []),
          ...(square ? [`silently wrong numbers for the square ${code(square)}`] : []),
        ]
        return `${at} multiplies by what ${code('mx.dequantize')} returns, which is [out, in], without ${code('.T')}${harm.length > 0 ? `: ${harm.join(', ')}` : ''}`
      })
  })
}

function otherFindings({ subject, findings, show }: Dossier): string[] {
  if (!subject) return []
  return findings
    .filter(f => f !== subject && (f.severity === 'error' || f.severity === 'warning'))
    .slice(0, 8)
    .map(f => `${f.severity} ${code(f.rule)} at ${atLine(show, f.path, f.range.start)}: ${prose(f.message)}`)
}
