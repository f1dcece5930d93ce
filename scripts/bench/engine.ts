// The full check in process, from the walk over the folder to the findings, against reading the same headers and
// JSON.parse; and the check after one shard has changed, which must cost that shard and little else.

import { mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, copyFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { analyse } from '../../server/engine'
import { Session } from '../../server/workspace/session'
import { parseHeader } from './open'
import type { Row } from './row'

const rounds = 7

/** Checks the checkpoint in `model` in this process. */
export async function benchEngine(model: string): Promise<readonly Row[]> {
  const shards = readdirSync(model)
    .filter(file => file.endsWith('.safetensors'))
    .sort()
  const paths = shards.map(file => join(model, file))
  let [full, parse] = [Infinity, Infinity]
  for (let round = 0; round < rounds; round++) {
    let began = performance.now()
    paths.forEach(parseHeader)
    parse = Math.min(parse, performance.now() - began)
    began = performance.now()
    const session = await checked(model)
    full = Math.min(full, performance.now() - began)
    session.dispose()
  }
  return [
    {
      name: `full check in process against JSON.parse (${full.toFixed(0)} ms, ${parse.toFixed(0)} ms)`,
      value: full / parse,
      unit: 'x',
      limit: 1,
      direction: 'at most',
    },
    await changedShard(model, shards),
  ]
}

async function checked(folder: string): Promise<Session> {
  const errors: unknown[] = []
  const session = new Session({ analyse, onError: error => errors.push(error), filesDelayMs: 0 })
  session.configure({ folders: [folder] })
  await session.current()
  if (errors.length > 0) throw errors[0]
  return session
}

/** Links to all files but one, which is a copy whose time is changed. */
async function changedShard(model: string, shards: readonly string[]): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'tensorlint-bench-'))
  const changing = shards[Math.floor(shards.length / 2)] ?? ''
  try {
    for (const file of readdirSync(model)) if (file !== changing) symlinkSync(join(model, file), join(folder, file))
    copyFileSync(join(model, changing), join(folder, changing))
    const session = await checked(folder)
    let best = Infinity
    for (let round = 0; round < rounds; round++) {
      const time = new Date(2e12 + round * 1000)
      utimesSync(join(folder, changing), time, time)
      const before = session.latest.snapshot
      const began = performance.now()
      session.filesChanged()
      await session.current()
      best = Math.min(best, performance.now() - began)
      if (session.latest.snapshot === before) throw new Error('the change of a shard was not seen')
    }
    session.dispose()
    return { name: 'check again after one shard changed', value: best, unit: 'ms', limit: 20, direction: 'at most' }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
