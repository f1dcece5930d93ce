// Small programs that stand in for the Python worker, each wrong in its own way. Node runs them as the "interpreter".

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'
import type { DeliveredTensor, DequantizeJob, DequantizeResult } from '../../../server/protocol'
import type { Launch } from '../../../server/worker/interpreter'

const folder = mkdtempSync(path.join(tmpdir(), 'tensorlint-worker-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let scripts = 0

/** The protocol, as little of it as the fakes need. `methods` answers by name; undefined: no answer ever. */
const prelude = `
const send = message => {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message })
  process.stdout.write('Content-Length: ' + Buffer.byteLength(body) + '\\r\\n\\r\\n' + body)
}
const ready = () => ({ python: 'fake', pythonVersion: '3.11.0', mlxVersion: '9.9' })
const result = job => ({
  status: 'ok', error: null, shape: [1, 2], dtype: 'float16', sha256: 'hash of ' + job.weight.name,
  min: 0, max: 1, mean: 0.5, nan: 0, inf: 0, ms: 1,
})
const serve = methods => {
  let text = ''
  process.stdin.setEncoding('utf8').on('data', chunk => {
    text += chunk
    for (;;) {
      const match = /^Content-Length: (\\d+)\\r\\n\\r\\n/.exec(text)
      if (!match || text.length < match[0].length + Number(match[1])) return
      const { id, method, params } = JSON.parse(text.slice(match[0].length, match[0].length + Number(match[1])))
      text = text.slice(match[0].length + Number(match[1]))
      const answer = methods[method](params)
      if (answer !== undefined) send({ id, result: answer })
    }
  }).on('end', () => process.exit(0))
}
`

/** A launch of a program that begins with the prelude; `body` sees send, ready, result and serve. */
export function fakeWorker(body: string): Launch {
  const script = path.join(folder, `fake${scripts++}.js`)
  writeFileSync(script, prelude + body)
  return { command: process.execPath, args: [script], cwd: folder, env: process.env }
}

/** A file that fakes use to remember something over a restart. */
export function freshFile(): string {
  return path.join(folder, `file${scripts++}`)
}

export const healthy = 'serve({ initialize: ready, dequantize: result })'

export function tensor(name: string): DeliveredTensor {
  return { name, path: '/model.safetensors', dtype: 'U32', shape: [1, 8], beginBytes: 0, endBytes: 32, ops: [] }
}

/** A job that fakes recognise by the name of its module. */
export function fakeJob(module: string): DequantizeJob {
  return { weight: tensor(module), scales: tensor(`${module}.scales`), groupSize: 64, bits: 4, mode: 'affine' }
}

/** What a healthy fake answers for a module. */
export function fakeResult(module: string): DequantizeResult {
  return {
    status: 'ok',
    error: null,
    shape: [1, 2],
    dtype: 'float16',
    sha256: `hash of ${module}`,
    min: 0,
    max: 1,
    mean: 0.5,
    nan: 0,
    inf: 0,
    ms: 1,
  }
}

/** Whether a process is still there. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
