// Long-lived Python processes that fork for every program: importing MLX costs more than running it.

import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type Job, type Outcome, type Runner, secondsAllowed } from './outcome'

interface Worker {
  readonly process: ChildProcess
  /** What answers the job that is under way. */
  done: ((outcome: Outcome) => void) | undefined
}

/** `python` is an interpreter with MLX, `script` the path of runner.py. */
export function pythonRunner(python: string, script: string, mlxVersion: string): Runner {
  const idle: Worker[] = []
  const all: Worker[] = []
  let count = 0

  function start(): Worker {
    const child = spawn(python, ['-X', 'utf8', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, PYTHONHASHSEED: '0', HF_HUB_OFFLINE: '1' },
    })
    const worker: Worker = { process: child, done: undefined }
    all.push(worker)
    createInterface({ input: child.stdout }).on('line', line => {
      const { done } = worker
      worker.done = undefined
      idle.push(worker)
      done?.(JSON.parse(line) as Outcome)
    })
    child.on('close', code => worker.done?.({ status: 'aborted', text: `the runner ended with ${code}` }))
    return worker
  }

  return {
    version: `python ${mlxVersion} ${createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 12)}`,
    run: (job: Job) =>
      new Promise(resolve => {
        const worker = idle.pop() ?? start()
        worker.done = resolve
        worker.process.stdin?.write(`${JSON.stringify({ ...job, id: count++, seconds: secondsAllowed })}\n`)
      }),
    stop: () => all.forEach(worker => worker.process.stdin?.end()),
  }
}
