// The list of test levels, in the order in which they run: the cheap ones first. Each says how it runs and counts.
import path from 'node:path'
import { chromium } from '../setup/chromium.mjs'
import { codeServer } from '../setup/codeServer.mjs'
import { frostMlx } from '../setup/frost.mjs'
import { pythonEnvironment } from '../setup/python.mjs'
import { root } from '../setup/shell.mjs'
import { runCounted, runSteps, skipAll } from './counting.mjs'
import { runUnittest } from './unittest.mjs'

/** @typedef {import('./counting.mjs').Counts} Counts */
/** @typedef {{ name: string, run: () => Promise<Counts> }} Level */

/** @param {string} module Path under node_modules of a program written for Node. @param {string[]} args */
const tool = (module, ...args) => ({ command: process.execPath, args: [path.join('node_modules', module), ...args] })

/** @type {readonly Level[]} */
export const levels = [
  { name: 'types', run: () => runSteps([{ name: 'tsc', ...tool('typescript/bin/tsc', '--noEmit') }]) },
  { name: 'lint', run: lint },
  {
    name: 'build',
    run: () => runSteps([{ name: 'esbuild', command: process.execPath, args: ['esbuild.js', '--tests'] }]),
  },
  { name: 'fast', run: () => vitest('fast') },
  { name: 'lsp', run: () => vitest('lsp') },
  { name: 'python', run: pythonWorker },
  { name: 'run', run: samplePrograms },
  { name: 'package', run: packaged },
  { name: 'e2e', run: endToEnd },
]

async function lint() {
  const counts = await runSteps([
    { name: 'eslint', ...tool('eslint/bin/eslint.js', '.', '--max-warnings', '0') },
    { name: 'prettier', ...tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.') },
  ])
  const venv = await pythonEnvironment()
  if (!venv.ok) return { ...counts, missing: [{ name: 'ruff', reason: venv.reason }] }
  const ruff = ['-m', 'ruff', 'check', '--no-cache', 'server/python', 'test/python', 'scripts/sample/program']
  const python = await runSteps([{ name: 'ruff', command: venv.python, args: ruff }])
  return { ...python, passed: counts.passed + python.passed, failed: counts.failed + python.failed }
}

/**
 * One project of vitest.config.ts, with the parts it may use named in the environment.
 * @param {string} project
 * @param {Record<string, string>} [env]
 */
async function vitest(project, env = {}) {
  const venv = await pythonEnvironment()
  /** @type {Record<string, string>} */
  const python = venv.ok ? { TENSORLINT_TEST_PYTHON: venv.python } : {}
  const args = [path.join('node_modules', 'vitest/vitest.mjs'), 'run', '--project', project]
  args.push('--reporter=default', '--reporter=./scripts/test/vitestReporter.mjs')
  const counts = await runCounted(process.execPath, args, { ...python, ...env })
  return venv.ok ? counts : { ...counts, missing: [{ name: 'tests against real MLX', reason: venv.reason }] }
}

async function pythonWorker() {
  const venv = await pythonEnvironment()
  if (!venv.ok) return skipAll('tests of the Python worker', venv.reason)
  const counts = await runUnittest(venv.python)
  if (venv.mlxVersion !== undefined) return counts
  return { ...counts, missing: [{ name: 'MLX', reason: 'there is no MLX for this platform' }] }
}

async function samplePrograms() {
  const [venv, frost] = [await pythonEnvironment(), await frostMlx()]
  /** @type {Record<string, string>} */
  const env = {}
  const missing = []
  if (venv.ok && venv.mlxVersion !== undefined) env.TENSORLINT_TEST_MLX_PYTHON = venv.python
  else missing.push({ name: 'loader.py', reason: venv.ok ? 'there is no MLX for this platform' : venv.reason })
  if (frost.ok) env.TENSORLINT_TEST_NODE_MODULES = frost.nodeModules
  else missing.push({ name: 'loader.ts', reason: frost.reason })
  return { ...(await vitest('run', env)), missing }
}

function packaged() {
  return runSteps([
    { name: 'vsce', command: process.execPath, args: ['scripts/package.mjs'] },
    { name: 'file list', command: process.execPath, args: ['--import', 'tsx', 'scripts/packageFiles.ts'] },
  ])
}

async function endToEnd() {
  const [venv, browser] = [await pythonEnvironment(), await chromium()]
  const server = await codeServer()
  if (!venv.ok) return skipAll('end-to-end suite', venv.reason)
  if (venv.mlxVersion === undefined) return skipAll('end-to-end suite', 'there is no MLX for this platform')
  if (!browser.ok) return skipAll('end-to-end suite', browser.reason)
  if (!server.ok) return skipAll('end-to-end suite', server.reason)
  const env = {
    TENSORLINT_TEST_PYTHON: venv.python,
    TENSORLINT_CHROMIUM: browser.executable,
    TENSORLINT_CODE_SERVER: JSON.stringify(server),
  }
  return runCounted(process.execPath, ['--import', 'tsx', path.join(root, 'test/e2e/main.ts')], env)
}
