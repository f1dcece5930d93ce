// How long it takes to open a checkpoint: our facts, against Python's safe_open asking for every key, shape and dtype,
// and against reading the same headers and JSON.parse. All in one run, on the same files, the best of several rounds
// taken in turn, so that a busy machine hurts each alike.
// Usage: tsx scripts/bench/open.ts DIR PYTHON

import { spawnSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { readJsonFile } from '../../server/checkpoint/jsonFile'
import { groupModels } from '../../server/checkpoint/models'
import { readShard } from '../../server/checkpoint/shard'
import type { ByteSource } from '../../server/util/byteSource'
import type { Row } from './row'

const rounds = 9
const pythonRounds = 3

/** Prints the seconds of the best of `pythonRounds` rounds; the imports are not in them. */
const pythonProgram = `
import sys, time
from safetensors import safe_open
paths, best = sys.argv[2:], 1e9
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    count = 0
    for path in paths:
        with safe_open(path, "np") as file:
            for key in file.keys():
                part = file.get_slice(key)
                part.get_shape(), part.get_dtype()
                count += 1
    best = min(best, time.perf_counter() - start)
print(best, count)
`

/** Opens every shard in `dir` in the three ways. `python` has safetensors and numpy. */
export async function benchOpen(dir: string, python: string): Promise<readonly Row[]> {
  const paths = readdirSync(dir)
    .filter(file => file.endsWith('.safetensors'))
    .sort()
    .map(file => join(dir, file))
  const facts: number[] = []
  const parse: number[] = []
  const safeOpen: number[] = []
  let tensors = 0
  for (let round = 0; round < rounds; round++) {
    facts.push(await timed(async () => void (tensors = await openFacts(dir, paths))))
    parse.push(await timed(async () => void paths.forEach(parseHeader)))
    if (round < pythonRounds) safeOpen.push(runPython(python, paths, tensors))
  }
  const best = { facts: Math.min(...facts), parse: Math.min(...parse), safeOpen: Math.min(...safeOpen) }
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  const measured = `${tensors} tensors: facts ${ms(best.facts)}`
  return [
    {
      name: `open against safe_open (${measured}, Python ${ms(best.safeOpen)})`,
      value: best.facts / best.safeOpen,
      unit: 'x',
      limit: 0.5,
      direction: 'at most',
    },
    {
      name: `open against JSON.parse (${measured}, JSON.parse ${ms(best.parse)})`,
      value: best.facts / best.parse,
      unit: 'x',
      limit: 0.5,
      direction: 'at most',
    },
  ]
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function openFacts(dir: string, paths: readonly string[]): Promise<number> {
  const shards = []
  for (const path of paths) {
    const { source, close } = openSource(path)
    shards.push(await readShard(path, source))
    close()
  }
  const models = groupModels({
    shards,
    configs: [readJsonFile(join(dir, 'config.json'), readFileSync(join(dir, 'config.json'), 'utf8'))],
    indexes: [],
  })
  const problems = shards.flatMap(shard => shard.problems.filter(problem => problem.refusedBy.rust))
  if (models.length !== 1 || problems.length > 0) throw new Error(`expected one healthy model in ${dir}`)
  return shards.reduce((sum, shard) => sum + shard.tensors.count, 0)
}

/** The same two reads, then JSON.parse. */
export function parseHeader(path: string): unknown {
  const handle = openSync(path, 'r')
  const first = Buffer.alloc(8)
  readSync(handle, first, 0, 8, 0)
  const header = Buffer.allocUnsafe(Number(first.readBigUInt64LE()))
  readSync(handle, header, 0, header.length, 8)
  closeSync(handle)
  return JSON.parse(header.toString('utf8'))
}

function openSource(path: string): { source: ByteSource; close: () => void } {
  const handle = openSync(path, 'r')
  const source: ByteSource = {
    sizeBytes: fstatSync(handle).size,
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafe(length)
      return bytes.subarray(0, readSync(handle, bytes, 0, length, offset))
    },
  }
  return { source, close: () => closeSync(handle) }
}

function runPython(python: string, paths: readonly string[], tensors: number): number {
  const { status, stdout, stderr } = spawnSync(python, ['-c', pythonProgram, '1', ...paths], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${python} ended with ${status}: ${stderr}`)
  const [seconds = Number.NaN, count] = stdout.trim().split(' ').map(Number)
  if (count !== tensors) throw new Error(`Python sees ${count} tensors, we see ${tensors}`)
  return seconds * 1000
}

if (/[\\/]open\.[cm]?[jt]s$/.test(process.argv[1] ?? '')) {
  const [dir, python] = process.argv.slice(2)
  if (!dir || !python) {
    console.error('usage: tsx scripts/bench/open.ts DIR PYTHON')
    process.exit(2)
  }
  benchOpen(dir, python).then(
    rows =>
      rows.forEach(row =>
        console.log(`${row.value.toFixed(3)}${row.unit} (${row.direction} ${row.limit})  ${row.name}`),
      ),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
}
