// A Python virtual environment in .cache, with MLX, the reference libraries and what the benchmark compares with. Versions
// are pinned in the requirements file beside this script.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { cache, makeOnce, missing, root, run, tail } from './shell.mjs'

/**
 * Makes the environment where needed. `mlxVersion` is undefined on platforms that MLX does not serve.
 * @returns {Promise<{ ok: true, python: string, mlxVersion: string | undefined } | import('./shell.mjs').Missing>}
 */
export async function pythonEnvironment() {
  const directory = path.join(cache, 'venv')
  const requirements = path.join(root, 'scripts/setup/requirements.txt')
  const base = await basePython()
  if (base === undefined) return missing('there is no Python 3.10 or newer', 'install Python 3 with its venv module')
  const python = path.join(directory, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const hash = createHash('sha256').update(fs.readFileSync(requirements))
  const identity = `${base.version} ${process.platform}-${process.arch} ${hash.digest('hex')}\n`
  const trouble = await makeOnce(directory, identity, async () => {
    console.log(`Making ${path.relative(root, directory)} with requirements.txt`)
    const made = await run(base.command, ['-m', 'venv', directory])
    if (made.code !== 0) return missing(`python -m venv failed: ${tail(made.output, 3)}`, 'install the venv module')
    const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input']
    const installed = await run(python, [...args, '-r', requirements])
    if (installed.code === 0) return undefined
    return missing(
      `pip install failed: ${tail(installed.output, 3)}`,
      `pip install -r ${path.relative(root, requirements)}`,
    )
  })
  if (trouble !== undefined) return trouble
  const probe = await run(python, ['-c', 'import mlx.core as mx; print(mx.__version__)'])
  return { ok: true, python, mlxVersion: probe.code === 0 ? probe.output.trim() : undefined }
}

/** @returns {Promise<{ command: string, version: string } | undefined>} */
async function basePython() {
  for (const command of ['python3', 'python']) {
    const code = 'import sys; print(sys.version.split()[0]) if sys.version_info >= (3, 10) else sys.exit(1)'
    const probe = await run(command, ['-c', code])
    if (probe.code === 0) return { command, version: probe.output.trim() }
  }
  return undefined
}
