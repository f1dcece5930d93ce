// How a level is counted. A step that only succeeds or fails counts as one; a test runner writes its counts as JSON to
// the file that TENSORLINT_RESULTS names, and a runner that ends without having written any counts as one failure.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { cleanEnvironment, run, secondsSince } from '../setup/shell.mjs'

/** @typedef {{ name: string, reason: string }} Skip */

/**
 * `missing` are parts of the world that a level went without; `skipped` are tests that said they could not run.
 * @typedef {{ passed: number, failed: number, skipped: readonly Skip[], missing?: readonly Skip[] }} Counts
 */

/** @typedef {{ name: string, command: string, args: readonly string[] }} Step */

/** @param {readonly Step[]} steps @returns {Promise<Counts>} */
export async function runSteps(steps) {
  let passed = 0
  for (const step of steps) {
    const start = Date.now()
    const { code } = await run(step.command, step.args, { stream: true })
    if (code === 0) passed++
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${step.name} (${secondsSince(start)})`)
  }
  return { passed, failed: steps.length - passed, skipped: [] }
}

/**
 * Runs a test runner that writes its own counts.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<Counts>}
 */
export async function runCounted(command, args, env) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tensorlint-results-'))
  const file = path.join(folder, 'results.json')
  try {
    const { code } = await run(command, args, {
      stream: true,
      env: cleanEnvironment({ ...env, TENSORLINT_RESULTS: file }),
    })
    if (!fs.existsSync(file)) {
      console.log(`FAIL ${path.basename(args[0] ?? command)} ended with code ${code} and without results`)
      return { passed: 0, failed: 1, skipped: [] }
    }
    /** @type {Counts} */
    const counts = JSON.parse(fs.readFileSync(file, 'utf8'))
    // A runner may fail for a reason that is no test's, such as an error outside of every test.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** A level that cannot run at all. @param {string} name @param {string} reason @returns {Counts} */
export const skipAll = (name, reason) => ({ passed: 0, failed: 0, skipped: [], missing: [{ name, reason }] })
