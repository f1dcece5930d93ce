// Writes a verification report as Markdown whose tables are also aligned as plain text: totals first, then what is
// missing and its remedy, then the distinct errors, then one table per shard. Names and error texts come from files
// and are escaped. No `vscode` here.
import type { DequantizeResult, VerifiedModule, VerifyReport } from '../server/protocol'
import { counted } from './words'

export interface ReportOptions {
  /** What was verified, for the title. */
  readonly subject: string
  readonly scope?: string
  /** Shortens a shard's absolute path. */
  readonly showPath: (path: string) => string
}

type Status = DequantizeResult['status']
const words: Readonly<Record<Status, string>> = { ok: 'pass', error: 'FAIL', skipped: 'skipped' }

/** The outcome in a sentence, and whether any module fails as it is delivered now. */
export function reportSummary({ modules }: VerifyReport): { readonly sentence: string; readonly failing: boolean } {
  const totals = total(modules)
  const fixed = total(modules.flatMap(({ afterFix }) => (afterFix ? [afterFix] : [])))
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
  const after = fixed.ok + fixed.error + fixed.skipped
  const afterText = after > 0 ? `. After the proposed fix ${fixed.ok} of ${after} pass` : ''
  const sentence =
    modules.length === 0
      ? 'There is no quantized module to verify'
      : `${counted(modules.length, 'module')}: ${totals.ok} pass, ${totals.error} fail${skipped}${afterText}`
  return { sentence, failing: totals.error > 0 }
}

/** The whole report. */
export function reportText(report: VerifyReport, { subject, scope, showPath }: ReportOptions): string {
  const { sentence } = reportSummary(report)
  const lines = [`# Verify Dequantize: ${escape(subject)}`, '', `**${sentence}.**`, '']
  if (scope !== undefined) lines.push(`Only ${escape(showPath(scope))}.`, '')
  lines.push(`Decoded by ${engineText(report)}.`, '')
  if (report.notice) {
    const { reason, remedy, command } = report.notice
    lines.push(`> ${escape(reason)}`, '>', `> ${escape(remedy)}`)
    if (command) lines.push('>', ...verbatim(command).map(line => `> ${line}`))
    lines.push('')
  }
  lines.push(...reasons('Errors', report.modules, 'error'), ...reasons('Skipped', report.modules, 'skipped'))
  lines.push(...reasons('Errors after the fix', afterFixes(report.modules), 'error'))
  for (const [path, modules] of grouped(report.modules, module => module.path)) {
    lines.push(`## ${escape(showPath(path))}`, '', ...table(modules), '')
  }
  return `${lines.join('\n').trimEnd()}\n`
}

function engineText({ engine, mlxVersion }: VerifyReport): string {
  const mlx = `MLX${mlxVersion === null ? '' : ` ${mlxVersion}`}`
  if (engine === 'mlx') return `${mlx} on the CPU`
  if (engine === 'both') return `${mlx} on the CPU and by the built-in dequantizer, compared bit for bit`
  return 'the built-in dequantizer'
}

function afterFixes(modules: readonly VerifiedModule[]): VerifiedModule[] {
  return modules.flatMap(({ module, path, afterFix }) => (afterFix ? [{ ...afterFix, module, path }] : []))
}

/** Each distinct text once, with the modules it concerns: the same error in every layer is one cause. */
function reasons(title: string, modules: readonly VerifiedModule[], status: Status): string[] {
  const concerned = modules.filter(module => module.status === status && module.error !== null)
  if (concerned.length === 0) return []
  const lines = [`## ${title}`, '']
  for (const [error, group] of grouped(concerned, module => module.error ?? '')) {
    lines.push(`${counted(group.length, 'module')}: ${escape(someNames(group))}`, '', ...verbatim(error), '')
  }
  return lines
}

function someNames(modules: readonly VerifiedModule[]): string {
  const names = modules.slice(0, 3).map(({ module }) => module)
  return modules.length > names.length ? `${names.join(', ')}, …` : names.join(', ')
}

const columns: readonly (readonly [title: string, cell: (module: VerifiedModule) => string, right?: 'right'])[] = [
  ['Module', ({ module }) => module],
  ['Status', ({ status }) => words[status]],
  ['After fix', ({ afterFix }) => (afterFix ? words[afterFix.status] : '')],
  ['Shape', module => `${(shown(module).shape ?? []).join(' × ')}`],
  ['Dtype', module => shown(module).dtype ?? ''],
  ['Min', module => number(shown(module).min), 'right'],
  ['Max', module => number(shown(module).max), 'right'],
  ['Mean', module => number(shown(module).mean), 'right'],
  ['NaN', module => String(shown(module).nan ?? ''), 'right'],
  ['Inf', module => String(shown(module).inf ?? ''), 'right'],
  ['ms', module => shown(module).ms.toFixed(1), 'right'],
]

/** The values worth showing: those of the fixed module where the module itself does not decode. */
function shown(module: VerifiedModule): DequantizeResult {
  return module.status !== 'ok' && module.afterFix?.status === 'ok' ? module.afterFix : module
}

function table(modules: readonly VerifiedModule[]): string[] {
  const used = columns.filter(([title]) => title !== 'After fix' || modules.some(({ afterFix }) => afterFix))
  const cells = modules.map(module => used.map(([, cell]) => escape(cell(module))))
  const widths = used.map(([title], index) => Math.max(title.length, ...cells.map(row => row[index]?.length ?? 0)))
  const line = (row: readonly string[], fill = ' ') =>
    `| ${row.map((cell, i) => (used[i]?.[2] ? cell.padStart(widths[i] ?? 0, fill) : cell.padEnd(widths[i] ?? 0, fill))).join(' | ')} |`
  const rule = used.map(([, , right], i) => `${'-'.repeat((widths[i] ?? 1) - (right ? 1 : 0))}${right ? ':' : ''}`)
  return [line(used.map(([title]) => title)), line(rule), ...cells.map(row => line(row))]
}

function number(value: number | null): string {
  if (value === null) return ''
  if (value === 0) return '0'
  const size = Math.abs(value)
  return size >= 1e-4 && size < 1e6 ? value.toPrecision(4) : value.toExponential(3)
}

function total(results: readonly DequantizeResult[]): Record<Status, number> {
  const totals: Record<Status, number> = { ok: 0, error: 0, skipped: 0 }
  for (const { status } of results) totals[status]++
  return totals
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

/** Text from a file, safe in a Markdown table: one line, no markup, no HTML, no image that would be fetched. */
function escape(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`|<&*[\]$~]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
}

/** Text of others, word for word: a block whose fence is longer than any in the text. */
function verbatim(text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}text`, ...text.split(/\r?\n/), fence]
}
