// How much of a program was followed: loads, operations that quantized weights arrive at, and loads that nobody could
// follow, in a whole file and in each of its functions.

import type { Analysis } from '../engine'
import type { FunctionDef, Program } from '../source/ir'
import { offsetIn } from '../rules/show'
import { arrivalPlaces } from './arrivals'
import { functionAt } from '../interp/program/functions'
import { lookupsIn } from './lookups'

export interface LoadCounts {
  /** Expressions that ask for tensors and were followed to them. */
  readonly loads: number
  /** Operations that quantized weights were followed to. */
  readonly dequantized: number
  /** Loads that were not followed. */
  readonly unknown: number
}

/** Counts of a file, and of what stands in each function and in no function inside it. */
export interface ProgramCounts extends LoadCounts {
  readonly functions: ReadonlyMap<FunctionDef, LoadCounts>
}

export function countLoads(analysis: Analysis, program: Program): ProgramCounts {
  const all = { loads: 0, dequantized: 0, unknown: 0 }
  const functions = new Map<FunctionDef, { -readonly [K in keyof LoadCounts]: number }>()
  const add = (which: keyof LoadCounts, offset: number) => {
    all[which]++
    const def = functionAt(program, offset)
    if (!def) return
    let own = functions.get(def)
    if (!own) functions.set(def, (own = { loads: 0, dequantized: 0, unknown: 0 }))
    own[which]++
  }
  for (const l of lookupsIn(analysis.facts, program.path)) if (l.kind === 'load') add('loads', l.place.span.start)
  for (const place of arrivalPlaces(analysis.facts, program.path)) add('dequantized', place.span.start)
  for (const u of analysis.unknown) if (u.path === program.path) add('unknown', offsetIn(program, u.range.start))
  const inOrder = [...functions].sort(([a], [b]) => a.span.start - b.span.start)
  return { ...all, functions: new Map(inOrder) }
}

/** "12 loads, 4 dequantized, 3 not understood"; empty where there is nothing to count. */
export function showCounts({ loads, dequantized, unknown }: LoadCounts): string {
  return [
    ...(loads > 0 ? [loads === 1 ? '1 load' : `${loads} loads`] : []),
    ...(dequantized > 0 ? [`${dequantized} dequantized`] : []),
    ...(unknown > 0 ? [`${unknown} not understood`] : []),
  ].join(', ')
}
