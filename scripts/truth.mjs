// `npm run bench:truth`: makes the Python with MLX and MLX for Node, bundles scripts/bench/truth, and runs it.
import path from 'node:path'
import { bundleScript } from './setup/bundle.mjs'
import { frostMlx } from './setup/frost.mjs'
import { ensureNodeModules } from './setup/nodeModules.mjs'
import { pythonEnvironment } from './setup/python.mjs'
import { cache, root, run } from './setup/shell.mjs'

async function main() {
  await ensureNodeModules()
  const [venv, frost] = [await pythonEnvironment(), await frostMlx()]
  for (const part of [venv, frost]) if (!part.ok) throw new Error(`${part.reason}; ${part.remedy}`)
  if (!venv.ok || !frost.ok) return
  if (venv.mlxVersion === undefined) throw new Error('there is no MLX for this platform')
  const outfile = path.join(cache, 'truth.js')
  await bundleScript('scripts/bench/truth/main.ts', outfile, { external: ['esbuild'] })
  const setting = {
    root,
    cache: path.join(cache, 'truth'),
    python: venv.python,
    mlxVersion: venv.mlxVersion,
    versions: `${venv.mlxVersion} for Python, @frost-beta/mlx ${frost.version} for Node, on the CPU`,
    nodeModules: frost.nodeModules,
  }
  const args = ['--enable-source-maps', outfile, JSON.stringify(setting), ...process.argv.slice(2)]
  const { code } = await run(process.execPath, args, { stream: true })
  process.exitCode = code ?? 1
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
