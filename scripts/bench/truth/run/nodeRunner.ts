// JavaScript and TypeScript programs, a Node process each: MLX's binary ends the process when it aborts. tsx takes the
// types away and keeps the map back to the lines; Node's permission model keeps writes inside of the workspace.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Frame, type Job, type Outcome, type Runner, secondsAllowed } from './outcome'

interface Report {
  readonly status: 'ok' | 'raised'
  readonly type?: string
  readonly text: string
  readonly stacks: readonly string[]
}

/** `nodeModules` holds `@frost-beta/mlx`, `tsx` is the file to import for TypeScript, `preload` is preload.mjs. */
export function nodeRunner(nodeModules: string, tsx: string, preload: string): Runner {
  const mlx = JSON.parse(readFileSync(join(nodeModules, '@frost-beta/mlx/package.json'), 'utf8')) as { version: string }
  const own = createHash('sha256').update(readFileSync(preload)).digest('hex').slice(0, 12)
  return {
    version: `node ${process.version} @frost-beta/mlx ${mlx.version} ${own}`,
    run: job => runNode(job, { nodeModules, tsx, preload }),
    stop: () => undefined,
  }
}

function runNode(job: Job, parts: { nodeModules: string; tsx: string; preload: string }): Promise<Outcome> {
  const folder = realpathSync(job.folder)
  if (!existsSync(join(folder, 'node_modules')))
    symlinkSync(parts.nodeModules, join(folder, 'node_modules'), 'junction')
  const coverage = job.lines ? mkdtempSync(join(tmpdir(), 'tensorlint-cover-')) : undefined
  const args = ['--no-warnings', '--enable-source-maps', '--max-old-space-size=1024', ...permissions(folder, coverage)]
  args.push('--import', pathToFileURL(parts.preload).href)
  if (/\.[mc]?ts$/.test(job.entry) || hasTypeScript(folder)) args.push('--import', pathToFileURL(parts.tsx).href)
  return new Promise(resolve => {
    const child = spawn(process.execPath, [...args, job.entry], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, TSX_DISABLE_CACHE: '1', ...(coverage ? { NODE_V8_COVERAGE: coverage } : {}) },
    })
    let [output, report, timedOut] = ['', '', false]
    child.stdout?.setEncoding('utf8').on('data', piece => (output += piece))
    child.stdio[3]?.on('data', piece => (report += piece))
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, secondsAllowed * 1000)
    child.on('close', (_, signal) => {
      clearTimeout(timer)
      const lines = coverage && executedLines(coverage, folder)
      if (coverage) rmSync(coverage, { recursive: true, force: true })
      if (timedOut) resolve({ status: 'timeout' })
      else if (report === '') resolve({ status: 'aborted', text: signal ?? 'no word' })
      else resolve({ ...outcomeOf(JSON.parse(report) as Report, folder), output, ...(lines ? { lines } : {}) })
    })
  })
}

function permissions(folder: string, coverage: string | undefined): string[] {
  const major = Number(process.versions.node.split('.')[0])
  const flag = major >= 24 ? '--permission' : '--experimental-permission'
  const places = [folder, ...(coverage ? [coverage] : [])].map(place => `--allow-fs-write=${join(place, '/')}`)
  return [flag, '--allow-fs-read=*', ...places, '--allow-addons', '--allow-worker']
}

const hasTypeScript = (folder: string): boolean =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).some(
    file => /\.[mc]?ts$/.test(file) && !file.startsWith('node_modules'),
  )

function outcomeOf({ stacks, ...report }: Report, folder: string): Outcome {
  return { ...report, frames: stacks.flatMap(stack => framesOf(stack, folder)) }
}

/** Places of a stack in the workspace: `at f (file:///…/main.ts:12:5)`, or without the scheme for CommonJS. */
export function framesOf(stack: string, folder: string): Frame[] {
  return stack.split('\n').flatMap(text => {
    const found = /^\s+(?:at|->) (?:.*\()?((?:file:\/\/)?[^()]+):(\d+):\d+\)?$/.exec(text)
    const [, place = '', line = ''] = found ?? []
    if (!found) return []
    const path = place.startsWith('file://') ? fileURLToPath(place) : place
    const inside = path.startsWith(join(folder, '/')) && !path.includes('node_modules')
    return inside ? [{ path: path.slice(folder.length + 1).replaceAll('\\', '/'), line: Number(line) }] : []
  })
}

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
    }[]
  }[]
  readonly 'source-map-cache'?: Readonly<
    Record<string, { readonly lineLengths: readonly number[]; readonly data: SourceMap | null }>
  >
}

interface SourceMap {
  readonly mappings: string
}

/** Lines that were executed, from V8's coverage and the maps that it keeps; undefined where it was not written. */
function executedLines(coverage: string, folder: string): (readonly [string, number])[] | undefined {
  const [file] = readdirSync(coverage)
  if (file === undefined) return undefined
  const { result, 'source-map-cache': maps = {} } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as Coverage
  return result.flatMap(({ url, functions }) => {
    if (!url.startsWith('file://') || url.includes('node_modules')) return []
    const path = fileURLToPath(url.replace(/\?.*$/, ''))
    if (!path.startsWith(join(folder, '/'))) return []
    const map = maps[url]
    const lengths =
      map?.lineLengths ??
      readFileSync(path, 'utf8')
        .split('\n')
        .map(line => line.length)
    const ranges = functions.flatMap(one => one.ranges)
    const source = map?.data ? linesOf(map.data.mappings) : undefined
    const shown = path.slice(folder.length + 1).replaceAll('\\', '/')
    let offset = 0
    return lengths.flatMap((length, index) => {
      const ends = source?.[index] ?? [{ column: 0, line: index + 1 }]
      const begin = offset
      offset += length + 1
      return ends.filter(({ column }) => isExecuted(ranges, begin + column)).map(({ line }) => [shown, line] as const)
    })
  })
}

type Ranges = readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]

/** The innermost range that holds an offset decides. */
function isExecuted(ranges: Ranges, offset: number): boolean {
  let inner: Ranges[number] | undefined
  for (const range of ranges)
    if (range.startOffset <= offset && offset < range.endOffset)
      if (!inner || range.endOffset - range.startOffset <= inner.endOffset - inner.startOffset) inner = range
  return (inner?.count ?? 1) > 0
}

/** The segments of a source map by generated line: column there, line of the source counted from one. */
function linesOf(mappings: string): { column: number; line: number }[][] {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  let line = 0
  return mappings.split(';').map(group => {
    let column = 0
    return group.split(',').flatMap(segment => {
      const values: number[] = []
      let [value, shift] = [0, 0]
      for (const char of segment) {
        const digit = digits.indexOf(char)
        value |= (digit & 31) << shift
        shift += 5
        if (digit & 32) continue
        values.push(value & 1 ? -(value >> 1) : value >> 1)
        ;[value, shift] = [0, 0]
      }
      column += values[0] ?? 0
      line += values[2] ?? 0
      return values.length >= 4 ? [{ column, line: line + 1 }] : []
    })
  })
}
