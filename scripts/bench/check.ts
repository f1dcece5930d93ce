// Whole processes on the same checkpoint: `tensorlint check` against PyPI's `mlx-model-doctor check local`, from start to
// exit, taken in turn; the best of several runs counts.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Row } from './row'

const rounds = 5
const doctorRounds = 2

/** How many times as fast we are. `python` is the interpreter of the environment that holds mlx-model-doctor. */
export function benchCheck(model: string, cli: string, python: string): readonly Row[] {
  const doctor = join(python, '..', process.platform === 'win32' ? 'mlx-model-doctor.exe' : 'mlx-model-doctor')
  let [ours, theirs] = [Infinity, Infinity]
  for (let round = 0; round < rounds; round++) {
    ours = Math.min(ours, seconds(process.execPath, [cli, 'check', model]))
    if (round < doctorRounds) theirs = Math.min(theirs, seconds(doctor, ['check', 'local', model]))
  }
  return [
    {
      name: `check as a whole process against mlx-model-doctor (${ours.toFixed(2)} s, ${theirs.toFixed(2)} s)`,
      value: theirs / ours,
      unit: 'times as fast',
      limit: 8,
      direction: 'at least',
    },
    ...peakRow(cli, model),
  ]
}

/**
 * The most memory that a check needs, where the system says so: asked of the process itself as it ends. Linux begins the
 * count of resourceUsage() with the memory of the process that forks, which is this one; VmHWM begins with the program.
 */
function peakRow(cli: string, model: string): readonly Row[] {
  const code = `
    const peak = () => {
      try { return /VmHWM:\\s*(\\d+)/.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))[1] }
      catch { return process.resourceUsage().maxRSS }
    }
    process.on('exit', () => console.error('peak ' + peak()))
    require(${JSON.stringify(cli)})`
  const { stderr } = spawnSync(process.execPath, ['-e', code, '--', 'cli', 'check', model], { encoding: 'utf8' })
  const kilobytes = Number(/peak (\d+)/.exec(stderr)?.[1])
  if (!kilobytes) return []
  return [
    {
      name: 'peak resident memory of a check as a whole process',
      value: Math.round((kilobytes * 1024) / 1e6),
      unit: 'MB',
      limit: 150,
      direction: 'at most',
    },
  ]
}

/** Findings make both end with 1; anything else is a failure to run. */
function seconds(command: string, args: readonly string[]): number {
  const began = performance.now()
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1e9 })
  const took = (performance.now() - began) / 1000
  if (status !== 0 && status !== 1) throw new Error(`${command} ended with ${status}: ${error?.message ?? stderr}`)
  return took
}
