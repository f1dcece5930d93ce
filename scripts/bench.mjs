// `npm run bench`: builds what is shipped, bundles the benchmark, makes its Python environment, and runs it.
import path from 'node:path'
import { bundleScript } from './setup/bundle.mjs'
import { ensureNodeModules } from './setup/nodeModules.mjs'
import { pythonEnvironment } from './setup/python.mjs'
import { cache, run } from './setup/shell.mjs'

async function main() {
  await ensureNodeModules()
  const built = await run(process.execPath, ['esbuild.js'], { stream: true })
  if (built.code !== 0) throw new Error('the build failed')
  const outfile = path.join(cache, 'bench.js')
  await bundleScript('scripts/bench/main.ts', outfile)
  const venv = await pythonEnvironment()
  if (!venv.ok) throw new Error(`${venv.reason}; ${venv.remedy}`)
  const { code } = await run(process.execPath, [outfile, venv.python, ...process.argv.slice(2)], { stream: true })
  process.exitCode = code ?? 1
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
