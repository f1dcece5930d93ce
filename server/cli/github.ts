// Findings as workflow commands of GitHub Actions, which become annotations on the changed files:
// docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands. Escaping is that of @actions/core.

import type { Finding, Severity } from '../protocol'
import { printable } from './carets'
import { pathBelow } from './uris'

const commands: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  information: 'notice',
  hint: 'notice',
}

/** More reasons than this are left out: an annotation is cut at 4 KB. */
const MAX_REASONS = 4

/** One command a line; paths are relative to `cwd`, lines and columns count from one. */
export function githubText(findings: readonly Finding[], cwd: string): string {
  return findings.map(finding => `${command(finding, cwd)}\n`).join('')
}

function command({ rule, severity, path, range, message, because }: Finding, cwd: string): string {
  const { start, end } = range
  const isPlace = end.line > start.line || end.character > start.character
  const properties = {
    file: pathBelow(cwd, path),
    ...(isPlace ? { line: start.line + 1, endLine: end.line + 1 } : {}),
    // GitHub takes columns only where the range stays on one line.
    ...(isPlace && end.line === start.line ? { col: start.character + 1, endColumn: end.character + 1 } : {}),
    title: `tensorlint ${rule}`,
  }
  const pairs = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
  const reasons = because
    .slice(0, MAX_REASONS)
    .map(reason => `because ${pathBelow(cwd, reason.path)}: ${reason.message}`)
  return `::${commands[severity]} ${pairs.join(',')}::${escapeData([message, ...reasons].map(printable).join('\n'))}`
}

const escapeData = (text: string) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
const escapeProperty = (text: string) => escapeData(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
