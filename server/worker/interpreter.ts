// Which Python runs the worker, and how it is started. The setting may name an interpreter, a command on PATH or the
// folder of a virtual environment. No shell is ever used, and nothing of the user's own code can be imported: the
// process runs in the worker's folder, without PYTHONPATH, and worker.py takes the current folder off the import path.

import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'

/** What `spawn` needs. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** A folder that holds nothing of the user's. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** The parts of the machine that choosing an interpreter asks about; tests hand in their own. */
export interface Machine {
  readonly platform: NodeJS.Platform
  readonly home: string
  isFolder(path: string): Promise<boolean>
}

export const thisMachine: Machine = {
  platform: process.platform,
  home: homedir(),
  isFolder: path =>
    stat(path).then(
      found => found.isDirectory(),
      () => false,
    ),
}

/**
 * The command to start for the setting `tensorlint.python` (empty: the platform's usual name). `~` is the home folder;
 * a folder stands for the interpreter of the virtual environment in it. Whether the result exists is not asked.
 */
export async function resolveInterpreter(setting: string, machine: Machine = thisMachine): Promise<string> {
  const windows = machine.platform === 'win32'
  const paths = windows ? path.win32 : path.posix
  const given = setting.trim()
  if (given === '') return windows ? 'python' : 'python3'
  const expanded = /^~(?=$|[\\/])/.test(given) ? paths.join(machine.home, given.slice(1)) : given
  // A bare word is a command on PATH, even where a folder of that name happens to lie in the current one.
  if (!/[\\/]/.test(expanded)) return expanded
  // The process is started in another folder, so a relative path has to be made absolute here.
  const absolute = paths.isAbsolute(expanded) ? expanded : paths.resolve(expanded)
  if (!(await machine.isFolder(absolute))) return absolute
  return windows ? paths.join(absolute, 'Scripts', 'python.exe') : paths.join(absolute, 'bin', 'python')
}

/** Variables through which foreign code or an interactive prompt would get into the process. */
const removed = new Set(['PYTHONPATH', 'PYTHONSTARTUP', 'PYTHONINSPECT', 'PYTHONBREAKPOINT', 'PYTHONSAFEPATH'])

/** How the bundled worker is started with an interpreter. `-B`: no .pyc files are left in the extension's folder. */
export function launchWorker(command: string, script: string, env: NodeJS.ProcessEnv = process.env): Launch {
  const kept = Object.entries(env).filter(([name]) => !removed.has(name.toUpperCase()))
  return {
    command,
    args: ['-B', '-u', script],
    cwd: path.dirname(script),
    env: { ...Object.fromEntries(kept), PYTHONDONTWRITEBYTECODE: '1' },
  }
}
