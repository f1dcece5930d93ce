// How much of a program was followed: loads, operations that quantized weights arrive at, and loads that nobody could
// follow, in a whole file or in a part of it.

import type { Analysis } from '../engine'
import type { Program, Span } from '../source/ir'
import { rangeIn } from '../rules/show'
import { arrivalsIn } from './arrivals'
import { lookupsIn } from './lookups'

export interface LoadCounts {
  /** Expressions that ask for tensors and were followed to them. */
  readonly loads: number
  /** Operations that quantized weights were followed to. */
  readonly dequantized: number
  /** Loads that were not followed. */
  readonly unknown: number
}

/** Counts of a file, or of what begins inside a span of it. */
export function countLoads(analysis: Analysis, program: Program, within?: Span): LoadCounts {
  const inside = ({ start }: Span) => !within || (start >= within.start && start < within.end)
  const range = within && rangeIn(program, within.start, within.end)
  const loads = lookupsIn(analysis.facts, program.path).filter(l => l.kind === 'load' && inside(l.place.span))
  const arrivals = arrivalsIn(analysis.facts, program.path).filter(a => inside(a.place.span))
  const unknown = analysis.unknown.filter(
    u =>
      u.path === program.path &&
      (!range || (u.range.start.line >= range.start.line && u.range.start.line <= range.end.line)),
  )
  return { loads: loads.length, dequantized: arrivals.length, unknown: unknown.length }
}

/** "12 loads, 4 dequantized, 3 not understood"; empty where there is nothing to count. */
export function showCounts({ loads, dequantized, unknown }: LoadCounts): string {
  return [
    ...(loads > 0 ? [loads === 1 ? '1 load' : `${loads} loads`] : []),
    ...(dequantized > 0 ? [`${dequantized} dequantized`] : []),
    ...(unknown > 0 ? [`${unknown} not understood`] : []),
  ].join(', ')
}
