// Writes the analysis that people otherwise write by hand: of a workspace, a model, a finding, or an error text.
// Pure: it sees what the engine saw, reads nothing, and returns Markdown that can be pasted into an issue.

import type { Analysis, Snapshot } from '../engine'
import type { ExplainParams, Explanation, Finding } from '../protocol'
import { documentOf } from './document'
import { gather, type Scope } from './dossier'
import { explainError } from './messages/explainError'

export { explainError } from './messages/explainError'

/** Writes the analysis of a scope as Markdown. */
export const explain = (snapshot: Snapshot, analysis: Analysis, subject: Scope): string =>
  documentOf(gather(snapshot, analysis, subject))

/** Answers a request of a client or a command line: an error text, a finding, or a part of the workspace. */
export function explanationOf(snapshot: Snapshot, analysis: Analysis, params: ExplainParams): Explanation {
  if (params.error !== undefined) return explainError(snapshot, analysis, params.error)
  const finding = params.finding && findingOf(analysis.findings, params.finding)
  const dossier = gather(snapshot, analysis, { model: params.model, scope: params.scope, finding })
  const places = (finding ? [finding] : dossier.findings).map(({ path, range, message }) => ({ path, range, message }))
  return { markdown: documentOf(dossier), places }
}

/** The finding that a client means: of that rule, at that place if there is one, else the nearest in the file. */
function findingOf(
  findings: readonly Finding[],
  { rule, path, line }: NonNullable<ExplainParams['finding']>,
): Finding | undefined {
  const ofRule = findings.filter(f => f.rule === rule && (path === undefined || f.path === path))
  if (line === undefined) return ofRule[0]
  const distance = (f: Finding) => Math.abs(f.range.start.line - line)
  return [...ofRule].sort((a, b) => distance(a) - distance(b))[0]
}
