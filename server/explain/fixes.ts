// The fixes of findings as small diffs, the first of each finding, each edit once.

import { FILE_HEADERS_ONLY, createTwoFilesPatch } from 'diff'
import { jsonFilesOf } from '../checkpoint/models'
import type { Edit, Finding, Fix } from '../protocol'
import { applyEdits } from '../util/applyEdits'
import type { Dossier } from './dossier'
import { atLine, code, fenced, prose } from './markdown'

/** More than this is counted. */
const mostFixes = 8

/** The section's text: a diff for each finding with a fix, and the reason where there is none. */
export function fixesText(dossier: Dossier): string {
  const { findings, show } = dossier
  const parts: string[] = []
  const seen = new Set<string>()
  let left = 0
  for (const finding of findings) {
    const fix = finding.fixes[0]
    if (!fix) continue
    const key = JSON.stringify(fix.edits)
    if (seen.has(key)) continue
    seen.add(key)
    if (seen.size > mostFixes) left++
    else parts.push(oneFix(dossier, finding, fix))
  }
  const without = findings.filter(f => f.fixes.length === 0 && f.severity === 'error')
  if (left > 0) parts.push(`and ${left} more; ${code('tensorlint fix')} prints them all.`)
  for (const finding of without.slice(0, 4))
    parts.push(
      `${atLine(show, finding.path, finding.range.start)}: no edit is offered, because none is known to be right: ${prose(finding.message)}`,
    )
  if (parts.length === 0) return 'No fix is known for what was found.'
  return parts.join('\n\n')
}

function oneFix(dossier: Dossier, finding: Finding, fix: Fix): string {
  const { show } = dossier
  const look = fix.kind === 'safe' ? '' : ' (needs a look)'
  const others = finding.fixes.slice(1).map(other => prose(other.title))
  const also = others.length > 0 ? `\n\nor: ${others.join('; ')}` : ''
  return `**${prose(fix.title)}**${look}, ${atLine(show, finding.path, finding.range.start)}:\n\n${diffs(dossier, fix.edits)}${also}`
}

function diffs(dossier: Dossier, edits: readonly Edit[]): string {
  const paths = [...new Set(edits.map(e => e.path))]
  return paths
    .flatMap(path => {
      const text = textOf(dossier, path)
      if (text === undefined) return []
      const after = applyEdits(
        text,
        edits.filter(e => e.path === path),
      )
      const name = dossier.show(path)
      return [
        fenced(
          'diff',
          createTwoFilesPatch(name, name, text, after, undefined, undefined, {
            context: 1,
            headerOptions: FILE_HEADERS_ONLY,
          }),
        ),
      ]
    })
    .join('\n\n')
}

/** The text of a program or of a JSON file. */
export function textOf({ snapshot }: Pick<Dossier, 'snapshot'>, path: string): string | undefined {
  const program = snapshot.programs.find(p => p.path === path)
  if (program) return program.text
  const { models, data = [] } = snapshot
  return [...models.flatMap(jsonFilesOf), ...data].find(file => file.path === path)?.text
}
