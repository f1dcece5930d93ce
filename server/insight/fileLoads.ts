// The loads of a file as a list for people: what was understood and what it gave, what was not and why.

import type { Analysis } from '../engine'
import type { FileLoads } from '../protocol'
import { modelName, offsetIn, rangeOf, textAt } from '../rules/show'
import type { Program } from '../source/ir'
import { countLoads } from './counts'
import { loadLabel } from './hints'
import { lookupsIn } from './lookups'

/** A line of a list holds no more. */
const longText = 80

/** More entries than a person scrolls through. */
const mostEntries = 2_000

export function fileLoads(analysis: Analysis, program: Program): FileLoads {
  const { loads, dequantized, unknown } = countLoads(analysis, program)
  const lookups = lookupsIn(analysis.facts, program.path).filter(l => l.kind === 'load')
  const models = new Set(
    analysis.facts.runs.filter(run => run.programs.has(program)).flatMap(run => [...run.met].map(modelName)),
  )
  return {
    loads,
    dequantized,
    unknown,
    models: loads > 0 ? [...models] : [],
    entries: [
      ...analysis.unknown
        .filter(u => u.path === program.path)
        .map(({ range, reason }) => {
          const text = program.text.slice(offsetIn(program, range.start), offsetIn(program, range.end))
          return { range, text: short(text), understood: false, detail: reason }
        }),
      ...lookups.slice(0, mostEntries).map(l => ({
        range: rangeOf(l.place),
        text: short(textAt(l.place)),
        understood: true,
        detail: loadLabel(l) ?? '',
      })),
    ],
  }
}

function short(text: string): string {
  const flat = text.replace(/\s+/g, ' ')
  return flat.length <= longText ? flat : `${flat.slice(0, longText - 1)}…`
}
