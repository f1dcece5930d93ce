// JavaScript and TypeScript programs, a Node process each: MLX's binary ends the process when it aborts. TypeScript is
// bundled beside its entry, with a map back to its lines; Node's permission model keeps writes inside of the workspace.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { type Frame, type Job, type Outcome, type Runner, secondsAllowed } from './outcome'

/** Changes with how programs are started, since outcomes are kept. */
const startVersion = 3

interface Report {
  readonly status: 'ok' | 'raised'
  readonly type?: string
  readonly text: string
  readonly stacks: readonly string[]
}

/** `nodeModules` holds `@frost-beta/mlx`, `preload` is preload.mjs. */
export function nodeRunner(nodeModules: string, preload: string): Runner {
  const mlx = JSON.parse(readFileSync(join(nodeModules, '@frost-beta/mlx/package.json'), 'utf8')) as { version: string }
  const own = createHash('sha256').update(readFileSync(preload)).digest('hex').slice(0, 12)
  return {
    version: `node ${startVersion} ${process.version} @frost-beta/mlx ${mlx.version} ${own}`,
    run: job => runNode(job, nodeModules, preload),
    stop: () => undefined,
  }
}

async function runNode(job: Job, nodeModules: string, preload: string): Promise<Outcome> {
  const folder = realpathSync(job.folder)
  const temporary = join(folder, '.tmp')
  mkdirSync(temporary, { recursive: true })
  if (!existsSync(join(folder, 'node_modules'))) symlinkSync(nodeModules, join(folder, 'node_modules'), 'junction')
  const entry = /\.[mc]?ts$/.test(job.entry) ? await bundled(folder, job.entry) : job.entry
  const coverage = job.lines ? mkdtempSync(join(tmpdir(), 'tensorlint-cover-')) : undefined
  const args = [
    '--no-warnings',
    '--enable-source-maps',
    '--max-old-space-size=1024',
    ...(coverage ? [] : permissions(folder)),
  ]
  const env = { PATH: process.env.PATH, TMPDIR: temporary, ...(coverage ? { NODE_V8_COVERAGE: coverage } : {}) }
  return new Promise(done => {
    const child = spawn(process.execPath, [...args, '--import', pathToFileURL(preload).href, entry], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      env,
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
      if (timedOut) done({ status: 'timeout' })
      else if (report === '') done({ status: 'aborted', text: signal ?? 'no word' })
      else done({ ...outcomeOf(JSON.parse(report) as Report, folder), output, ...(lines ? { lines } : {}) })
    })
  })
}

/** One module beside the entry, so that `import.meta.url` is in its folder. */
async function bundled(folder: string, entry: string): Promise<string> {
  const outfile = join(dirname(join(folder, entry)), '.bundled.mjs')
  await build({
    entryPoints: [join(folder, entry)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
  })
  return outfile
}

/** Coverage is not written under the permission model; it is asked for originals only, which are our own programs. */
function permissions(folder: string): string[] {
  const major = Number(process.versions.node.split('.')[0])
  const flag = major >= 24 ? '--permission' : '--experimental-permission'
  return [flag, '--allow-fs-read=*', `--allow-fs-write=${join(folder, '/')}`, '--allow-addons']
}

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
  readonly sources: readonly string[]
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
    const names = map?.data?.sources.map(name => resolve(dirname(path), name.replace(/^file:\/\//, ''))) ?? [path]
    const shown = names.map(name => name.slice(folder.length + 1).replaceAll('\\', '/'))
    let offset = 0
    return lengths.flatMap((length, index) => {
      const ends = source?.[index] ?? [{ column: 0, line: index + 1, source: 0 }]
      const begin = offset
      offset += length + 1
      return ends
        .filter(({ column }) => isExecuted(ranges, begin + column))
        .map(({ line, source: at }) => [shown[at] ?? '', line] as const)
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

/** The segments of a source map by generated line: column there, source, and its line counted from one. */
function linesOf(mappings: string): { column: number; line: number; source: number }[][] {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  let [line, source] = [0, 0]
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
      source += values[1] ?? 0
      line += values[2] ?? 0
      return values.length >= 4 ? [{ column, line: line + 1, source }] : []
    })
  })
}
