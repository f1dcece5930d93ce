// Where things are, and how the scripts start other programs. Plain JavaScript without dependencies, since it runs on
// a fresh clone before `npm ci`; the JSDoc types are checked by `tsc` like the rest of the project.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

/** What the set-up makes and keeps between runs; git ignores it. */
export const cache = path.join(root, '.cache')

/** A missing part of the world. @typedef {{ ok: false, reason: string, remedy: string }} Missing */

/** @param {string} reason @param {string} remedy @returns {Missing} */
export const missing = (reason, remedy) => ({ ok: false, reason, remedy })

/**
 * This process's environment without what `npm run` adds: an npm started inside another takes those for its own.
 * @param {Record<string, string | undefined>} [extra]
 */
export function cleanEnvironment(extra = {}) {
  const inherited =
    /^(npm_(package|lifecycle|command|node_execpath|execpath|config_((local_|global_)?prefix|user_agent|node_gyp))|INIT_CWD$)/
  const entries = Object.entries(process.env).filter(([name]) => !inherited.test(name))
  return /** @type {NodeJS.ProcessEnv} */ ({ ...Object.fromEntries(entries), ...extra })
}

/**
 * Runs a program to its end. Its output goes to the terminal (`stream`), else it is returned.
 * `code` is null when the program could not be started or was ended by a signal.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, stream?: boolean, timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function run(command, args, options = {}) {
  return new Promise(resolve => {
    let output = ''
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: options.env ?? cleanEnvironment(),
      stdio: options.stream ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      // npm is a batch file on Windows, and those start through the shell only.
      shell: process.platform === 'win32' && command === 'npm',
    })
    child.stdout?.on('data', chunk => (output += chunk))
    child.stderr?.on('data', chunk => (output += chunk))
    child.on('error', error => resolve({ code: null, output: `${output}${error.message}\n` }))
    child.on('close', code => resolve({ code, output }))
  })
}

/** The last lines of a program's output, for a message. @param {string} output */
export const tail = (output, lines = 15) => output.trimEnd().split('\n').slice(-lines).join('\n')

/**
 * Makes a folder once: `make` runs where the folder does not hold `identity` in its stamp, and what was there is
 * removed first, so a half-finished attempt is never taken for a whole one.
 * @param {string} directory
 * @param {string} identity
 * @param {() => Promise<Missing | undefined>} make
 * @returns {Promise<Missing | undefined>}
 */
export async function makeOnce(directory, identity, make) {
  const stamp = path.join(directory, '.stamp')
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === identity) return undefined
  fs.rmSync(directory, { recursive: true, force: true })
  fs.mkdirSync(directory, { recursive: true })
  const trouble = await make()
  if (trouble === undefined) fs.writeFileSync(stamp, identity)
  return trouble
}

/**
 * The program of that name on PATH, if there is one.
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : ['']
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const ending of endings) {
      const candidate = path.join(folder, name + ending)
      if (folder !== '' && fs.existsSync(candidate)) return candidate
    }
  }
  return undefined
}

/** Seconds since `start` (milliseconds), as people read them. @param {number} start */
export const secondsSince = start => `${((Date.now() - start) / 1000).toFixed(1)} s`
