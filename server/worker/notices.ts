// The words for a part of the world that is not there: reason, remedy and, where one command is the remedy, the command.
// Nothing is decided here; mlxWorker.ts and verify.ts say what happened.

import type { Notice } from '../protocol'

const choose = 'choose another interpreter with the setting tensorlint.python'
const withoutMlx = 'without MLX, affine modules are verified by the built-in dequantizer'

export function pythonNotFound(command: string): Notice {
  return {
    reason: `No Python at ${quoted(command)}`,
    remedy: `Install Python 3.9 or newer, or ${choose}; ${withoutMlx}`,
  }
}

export function pythonNotStarted(command: string, detail: string): Notice {
  return { reason: `${quoted(command)} could not be started: ${detail}`, remedy: `Check its permissions, or ${choose}` }
}

/** MLX is not installed in an interpreter that works otherwise. `python`: the interpreter's own path. */
export function mlxMissing(python: string, detail: string, platform: NodeJS.Platform = process.platform): Notice {
  return {
    reason: `MLX cannot be imported by ${quoted(python)}: ${detail}`,
    remedy: `Install MLX into it, or ${choose}; ${withoutMlx}`,
    command: install('', python, platform),
  }
}

/** MLX is installed, but importing it fails. */
export function mlxBroken(python: string, detail: string, platform: NodeJS.Platform = process.platform): Notice {
  return {
    reason: `MLX is installed for ${quoted(python)} but importing it fails: ${detail}`,
    remedy: `Install MLX anew, or ${choose}; ${withoutMlx}`,
    command: install('--force-reinstall ', python, platform),
  }
}

export function mlxTooOld(python: string, detail: string, platform: NodeJS.Platform = process.platform): Notice {
  return {
    reason: `The MLX of ${quoted(python)} is too old: ${detail}`,
    remedy: `Upgrade MLX, or ${choose}; ${withoutMlx}`,
    command: install('--upgrade ', python, platform),
  }
}

/** The process ended before it had said which MLX it has. `stderr`: the last line it wrote, or empty. */
export function endedAtStart(command: string, how: string, stderr: string): Notice {
  return {
    reason: `The MLX worker ${how} before it was ready (interpreter ${quoted(command)})${said(stderr)}`,
    remedy: `See that this interpreter is Python 3.9 or newer and runs \`import mlx.core\`, or ${choose}; ${withoutMlx}`,
  }
}

export function hungAtStart(command: string, seconds: number): Notice {
  return {
    reason: `The MLX worker did not get ready within ${seconds} s (interpreter ${quoted(command)})`,
    remedy: `See how long this interpreter takes for \`import mlx.core\`, or ${choose}; ${withoutMlx}`,
  }
}

export function printedJunk(command: string, sample: string): Notice {
  return {
    reason: `${quoted(command)} wrote something to stdout that is not the worker's answer: ${quoted(sample)}`,
    remedy: `See that the setting tensorlint.python names a Python interpreter and nothing around it prints`,
  }
}

/** The process ended in the middle of a module. `weight`: the tensor it was working on. */
export function ended(how: string, stderr: string, weight: string): Notice {
  return {
    reason: `The MLX worker ${how} while it dequantized ${weight}${said(stderr)}`,
    remedy: 'If memory ran out, close other programs or verify fewer modules at once; then verify again',
  }
}

export function hung(seconds: number, weight: string): Notice {
  return {
    reason: `The MLX worker did not finish ${weight} within ${seconds} s and was stopped`,
    remedy: 'See whether the disk that holds the shard still answers; then verify again',
  }
}

/** The process answered a job with an error of the protocol, which only a bug on one of the two sides explains. */
export function refused(message: string, weight: string): Notice {
  return {
    reason: `The MLX worker could not take ${weight}: ${message}`,
    remedy: 'Report this as a bug of Tensorlint',
  }
}

export function gaveUp(restarts: number, last: Notice): Notice {
  return {
    reason: `The MLX worker was restarted ${restarts} times and is not tried again. ${last.reason}`,
    remedy: last.remedy,
  }
}

export const cancelled: Notice = { reason: 'Cancelled', remedy: 'Verify again' }

export const untrusted: Notice = {
  reason: 'MLX does not run in an untrusted workspace; the built-in dequantizer was used',
  remedy: 'Trust this workspace to verify with MLX',
}

/** What `code` and `signal` of a child's exit mean, as a part of a sentence. */
export function howItEnded(code: number | null, signal: string | null): string {
  if (signal === 'SIGKILL') return 'was killed (SIGKILL; the system does this when memory runs out)'
  return signal ? `was ended by ${signal}` : `exited with code ${code ?? 'unknown'}`
}

/** On Linux the CPU backend is an extra of the package; elsewhere the package alone brings what it needs. */
function install(option: string, python: string, platform: NodeJS.Platform): string {
  return `${shellCommand(python, platform)} -m pip install ${option}${platform === 'linux' ? '"mlx[cpu]"' : 'mlx'}`
}

/**
 * A program's path as the first word of a shell command line (PowerShell on Windows): as it is where it is plain, else
 * in quotes that let nothing through.
 */
export function shellCommand(program: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') {
    return /^[\w@:.\\/-]+$/.test(program) ? program : `& '${program.replaceAll("'", "''")}'`
  }
  if (/^[\w@%+=:,./-]+$/.test(program)) return program
  return /["$`\\!]/.test(program) ? `'${program.replaceAll("'", `'\\''`)}'` : `"${program}"`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function said(stderr: string): string {
  return stderr === '' ? '' : `: ${stderr}`
}
