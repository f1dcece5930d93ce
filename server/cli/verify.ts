// `tensorlint verify PATH...`: really decodes every quantized module, as the loader or the config delivers it and as it
// would be after the proposed fix. The JSON is an interface (docs/cli.md).

import { CancellationToken } from 'vscode-jsonrpc'
import type { World } from '../lsp/context'
import type { DequantizeResult, Engine, VerifiedModule, VerifyReport } from '../protocol'
import { verifyItems } from '../workspace/verifyItems'
import { printable } from './carets'
import { plural, type Format } from './check'
import { coloursOf } from './colours'
import type { CliIo } from './io'
import { askedModels, look } from './workspace'

export interface VerifyCliOptions {
  readonly format: Format
  readonly engine: Engine | 'auto'
  readonly python: string
}

/** Runs the command; 1 where a module fails as delivered, 2 where the engine asked for by name did not run. */
export async function verify(
  paths: readonly string[],
  options: VerifyCliOptions,
  world: World,
  io: CliIo,
): Promise<number> {
  const seen = await look(paths, world, io)
  seen.session.dispose()
  const { snapshot, analysis } = seen.state
  const wanted = new Set(askedModels(seen))
  const shards = seen.targets.filter(({ path, isFolder }) => !isFolder && /\.safetensors$/i.test(path))
  const items = verifyItems(
    { ...snapshot, models: snapshot.models.filter(model => wanted.has(model)) },
    analysis,
    {},
  ).filter(item => shards.length !== seen.targets.length || shards.some(({ path }) => path === item.path))
  const report = await world.verify(items, {
    engine: options.engine,
    python: options.python,
    trusted: true,
    token: CancellationToken.None,
    onProgress: () => undefined,
  })
  const shown = { ...report, modules: report.modules.map(module => ({ ...module, path: seen.show(module.path) })) }
  io.out(options.format === 'json' ? `${JSON.stringify(verifyJson(shown), null, 2)}\n` : await verifyText(shown, io))
  if (report.notice) {
    const { reason, remedy, command } = report.notice
    io.err(`${printable(reason)}\n${printable(remedy)}${command === undefined ? '' : `\n  ${printable(command)}`}\n`)
  }
  if (report.modules.some(({ status }) => status === 'error')) return 1
  const isMissing = report.notice !== undefined && (options.engine === 'mlx' || options.engine === 'both')
  return isMissing ? 2 : 0
}

function verifyJson({ engine, mlxVersion, notice, modules }: VerifyReport) {
  return {
    version: 1,
    engine,
    mlxVersion,
    ...(notice ? { notice } : {}),
    modules: modules.map(({ module, path, afterFix, ...result }) => ({
      module,
      path,
      ...resultJson(result),
      ...(afterFix ? { afterFix: resultJson(afterFix) } : {}),
    })),
  }
}

function resultJson(result: DequantizeResult): DequantizeResult {
  const { status, error, shape, dtype, sha256, min, max, mean, nan, inf, ms } = result
  return { status, error, shape, dtype, sha256, min, max, mean, nan, inf, ms }
}

async function verifyText(report: VerifyReport, io: CliIo): Promise<string> {
  const colours = await coloursOf(io)
  const head = ['', 'module', 'result', 'min', 'max', 'mean', 'ms', 'after fix']
  const rows = report.modules.map(row)
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(cells => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) =>
      column >= 3 && column <= 6 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    )
  const lines = [colours.dim(line(head).join('  ').trimEnd())]
  report.modules.forEach(({ status, error }, i) => {
    const [mark = '', ...rest] = line(rows[i] ?? [])
    const paint = status === 'ok' ? colours.green : status === 'error' ? colours.red : colours.yellow
    lines.push([paint(mark), ...rest].join('  ').trimEnd())
    // What holds for every module is said once, as the notice.
    if (error !== null && error !== report.notice?.reason) lines.push(colours.dim(`   ${printable(error)}`))
  })
  const count = (status: string) => report.modules.filter(module => module.status === status).length
  const engine = report.engine === 'builtin' ? 'the built-in dequantizer' : `MLX ${report.mlxVersion ?? ''}`.trim()
  const by = report.engine === 'both' ? `${engine} and the built-in dequantizer` : engine
  const repaired = report.modules.filter(module => module.status === 'error' && module.afterFix?.status === 'ok').length
  const mended = repaired > 0 ? ` ${repaired} of the failing pass after the proposed fix.` : ''
  if (report.modules.length === 0) return 'No quantized module to verify.\n'
  lines.push(
    '',
    `${plural(count('ok'), 'module')} ok, ${count('error')} failing, ${count('skipped')} skipped by ${by}.${mended}`,
  )
  return `${lines.join('\n')}\n`
}

function row(module: VerifiedModule): readonly string[] {
  const { status, shape, dtype, min, max, mean, nan, inf, ms, afterFix } = module
  const mark = status === 'ok' ? '✓' : status === 'error' ? '✗' : '-'
  const strange = [nan ? `${nan} NaN` : '', inf ? `${inf} Inf` : ''].filter(Boolean).join(', ')
  const result = status === 'ok' ? `${dtype ?? ''} ${shape?.join('×') ?? ''}${strange && `, ${strange}`}` : status
  const number = (value: number | null) => (value === null ? '' : value.toPrecision(4))
  const after =
    afterFix === undefined
      ? ''
      : afterFix.status === 'ok'
        ? 'passes'
        : afterFix.status === 'error'
          ? 'fails'
          : afterFix.status
  return [
    mark,
    printable(module.module),
    result,
    number(min),
    number(max),
    number(mean),
    ms.toFixed(1),
    printable(after),
  ]
}
