// Whether a finding is where the fault is: in the statement that was changed, in one that raised, on the changed value or
// file, or on something that speaks of the changed tensor.

import type { Mutant } from './mutant'
import { lineAt } from './mutant'
import type { Frame } from './run/outcome'
import { sourceOf, statementAt, type Source } from './source'
import type { Found, FoundPlace } from './verdict'

/** Lines of a file, counted from one; without `from` the whole file. */
interface Region {
  readonly path: string
  readonly from: number
  readonly to: number
}

/** Whether one of the findings, or what it names as its cause, lies where the fault is. */
export function isPlaced(mutant: Mutant, frames: readonly Frame[], findings: readonly Found[]): boolean {
  const regions = [...changedRegions(mutant), ...frames.flatMap(frame => raisedRegion(mutant, frame))]
  const tensors = new Set(mutant.changes.flatMap(change => change.tensors ?? []))
  const touches = ({ path, line, endLine }: FoundPlace): boolean =>
    regions.some(region => region.path === path && line <= region.to && region.from <= endLine)
  return findings.some(
    found => [found, ...found.related].some(touches) || found.tensors.some(name => tensors.has(name)),
  )
}

function changedRegions({ changes, files }: Mutant): Region[] {
  return changes.map(({ path, span }) => {
    const file = files.get(path)
    if (!span || file?.kind !== 'text') return { path, from: 0, to: Infinity }
    const statement = statementLines(sourceOf(path, file), span.start)
    return statement
      ? { path, ...statement }
      : { path, from: lineAt(file.text, span.start), to: lineAt(file.text, span.end) }
  })
}

function raisedRegion({ files }: Mutant, { path, line }: Frame): Region[] {
  const file = files.get(path)
  if (file?.kind !== 'text') return []
  const lines = file.text.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0)
  const offset = start + /^\s*/.exec(lines[line - 1] ?? '')![0].length
  return [{ path, ...(statementLines(sourceOf(path, file), offset) ?? { from: line, to: line }) }]
}

function statementLines(source: Source | undefined, offset: number): { from: number; to: number } | undefined {
  const statement = source && statementAt(source, offset)
  return statement && { from: lineAt(source.text, statement.start), to: lineAt(source.text, statement.end) }
}
