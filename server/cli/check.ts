// `tensorlint check PATH...`: the findings, as text with carets, as JSON, and in the two forms that other programs read
// (sarif.ts, github.ts). The JSON is an interface (docs/cli.md).

import type { World } from '../lsp/context'
import type { Texts } from '../policy/baseline'
import { textsOf as snapshotTexts } from '../policy/policy'
import type { Finding, Severity } from '../protocol'
import { drawCarets, printable } from './carets'
import { coloursOf } from './colours'
import type { CliIo } from './io'
import { readPolicyOptions, saveBaseline, type PolicyOptions } from './policyOptions'
import { sarifText } from './sarif'
import { githubText } from './github'
import { askedFindings, askedFor, askedModels, look, summary, type Look } from './workspace'
import { grouped } from '../util/numbers'

export type Format = 'text' | 'json'

export interface CheckOptions extends PolicyOptions {
  readonly format: Format | 'sarif' | 'github'
}

/** Runs the command; 1 where a finding is an error, 2 where a rule broke (the others still report). */
export async function check(paths: readonly string[], options: CheckOptions, world: World, io: CliIo): Promise<number> {
  const seen = await look(paths, world, io, await readPolicyOptions(options, io))
  seen.session.dispose()
  const findings = askedFindings(seen)
  const { broken } = seen.state.analysis
  if (options.writeBaseline !== undefined) await saveBaseline(options.writeBaseline, seen, findings, io)
  else if (options.format === 'json') io.out(`${JSON.stringify(checkJson(seen, findings), null, 2)}\n`)
  else if (options.format === 'sarif') io.out(sarifText(seen, findings, world, io.cwd))
  else if (options.format === 'github') io.out(`${githubText(findings, io.cwd)}${closing(seen, findings)}\n`)
  else io.out(await checkText(seen, findings, io))
  for (const { rule, error } of broken)
    io.err(`tensorlint: rule ${rule} failed: ${error instanceof Error ? error.stack : error}\n`)
  if (broken.length > 0) return 2
  if (options.writeBaseline !== undefined) return 0
  return findings.some(({ severity }) => severity === 'error') ? 1 : 0
}

function checkJson(seen: Look, findings: readonly Finding[]) {
  return {
    version: 1,
    models: askedModels(seen).map(model => summary(model, seen.show)),
    findings: findings.map(finding => findingJson(finding, seen.show)),
    suppressed: suppressedCounts(seen),
  }
}

/** A finding with its paths as they are printed; the keys in the order of the documentation. */
export function findingJson(finding: Finding, show: (path: string) => string) {
  const { rule, severity, path, range, message, tensors, because, fixes } = finding
  return {
    rule,
    severity,
    path: show(path),
    range,
    message,
    tensors,
    because: because.map(({ path, range, message, tensor }) => ({
      path: show(path),
      range,
      message,
      ...(tensor === undefined ? {} : { tensor }),
    })),
    fixes: fixes.map(({ title, kind, edits }) => ({
      title,
      kind,
      edits: edits.map(({ path, range, newText }) => ({ path: show(path), range, newText })),
    })),
  }
}

/** More reasons than this are counted, not listed: a fault may have one for every layer. */
const MAX_REASONS = 4

async function checkText(seen: Look, findings: readonly Finding[], io: CliIo): Promise<string> {
  const { show } = seen
  const colours = await coloursOf(io)
  const paint: Record<Severity, (text: string) => string> = {
    error: colours.red,
    warning: colours.yellow,
    information: colours.blue,
    hint: colours.gray,
  }
  const texts = textsOf(seen)
  const lines: string[] = []
  const at = ({ path, range }: { path: string; range: Finding['range'] }) =>
    texts.get(path) !== undefined
      ? `${printable(show(path))}:${range.start.line + 1}:${range.start.character + 1}`
      : printable(show(path))
  for (const [path, group] of byPath(findings)) {
    lines.push(colours.underline(printable(show(path))))
    for (const finding of group) {
      lines.push(
        `  ${at(finding)} ${paint[finding.severity](finding.severity)} ${printable(finding.message)} ${colours.dim(`[${finding.rule}]`)}`,
      )
      const [code, carets] = drawCarets(texts.get(path) ?? '', finding.range)
      if (texts.get(path) !== undefined && code && carets)
        lines.push(`    ${code}`, `    ${paint[finding.severity](carets)}`)
      for (const because of finding.because.slice(0, MAX_REASONS))
        lines.push(colours.dim(`    because ${at(because)} ${printable(because.message)}`))
      const more = finding.because.length - MAX_REASONS
      if (more > 0) lines.push(colours.dim(`    and ${more} more`))
      for (const fix of finding.fixes)
        lines.push(`    ${colours.green('fix')} ${printable(fix.title)}${fix.kind === 'safe' ? '' : ' (needs a look)'}`)
      lines.push('')
    }
  }
  lines.push(closing(seen, findings))
  return `${lines.join('\n')}\n`
}

function closing(seen: Look, findings: readonly Finding[]): string {
  const models = askedModels(seen)
  const tensors = models.reduce((sum, model) => sum + summary(model, seen.show).tensors, 0)
  const looked = `${plural(models.length, 'model')}, ${plural(tensors, 'tensor')}, ${plural(seen.state.snapshot.programs.length, 'source')}`
  const hidden = Object.entries(suppressedCounts(seen)).filter(([, count]) => count > 0)
  const total = hidden.reduce((sum, [, count]) => sum + count, 0)
  const by: Record<string, string> = { comment: 'comments', settings: 'the settings file', baseline: 'the baseline' }
  const without =
    total === 0 ? '' : ` ${total} suppressed: ${hidden.map(([what, n]) => `${n} by ${by[what]}`).join(', ')}.`
  if (findings.length === 0) return `No findings in ${looked}.${without}`
  const counts = (['error', 'warning', 'information', 'hint'] as const).flatMap(severity => {
    const count = findings.filter(finding => finding.severity === severity).length
    return count === 0 ? [] : severity === 'information' ? `${count} information` : plural(count, severity)
  })
  const fixable = findings.filter(({ fixes }) => fixes.some(({ kind }) => kind === 'safe')).length
  const hint = fixable > 0 ? ` ${fixable} can be fixed by \`tensorlint fix --write\`.` : ''
  return `${counts.join(', ')} in ${looked}.${hint}${without}`
}

/** How many of the findings that were asked for are left out, and by what. */
function suppressedCounts(seen: Look) {
  const asked = askedFor(seen)
  const by = seen.state.suppressed.filter(({ finding }) => asked(finding)).map(({ by }) => by)
  const count = (what: string) => by.filter(one => one === what).length
  return { comment: count('comment'), settings: count('settings'), baseline: count('baseline') }
}

export const plural = (count: number, noun: string) => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

/** Texts of the files that can be drawn: sources, JSON and settings, as the analysis saw them. */
export function textsOf({ state }: Pick<Look, 'state'>): Texts {
  const texts = snapshotTexts(state.snapshot)
  const settings = state.policy.folders.flatMap(folder => (folder.settings ? [folder.settings] : []))
  return { get: path => texts.get(path) ?? settings.find(file => file.path === path)?.text }
}

function byPath(findings: readonly Finding[]): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const group = groups.get(finding.path)
    if (group) group.push(finding)
    else groups.set(finding.path, [finding])
  }
  return groups
}
