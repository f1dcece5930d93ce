// `npm run bench`: builds what is shipped, bundles the benchmark, makes its Python environment, and runs it.
import path from 'node:path'
import { ensureNodeModules } from './setup/nodeModules.mjs'
import { pythonEnvironment } from './setup/python.mjs'
import { cache, root, run } from './setup/shell.mjs'

async function main() {
  await ensureNodeModules()
  const built = await run(process.execPath, ['esbuild.js'], { stream: true })
  if (built.code !== 0) throw new Error('the build failed')
  // Not at the top: on a fresh clone there is none before the line above.
  const { default: esbuild } = await import('esbuild')
  const outfile = path.join(cache, 'bench.js')
  await esbuild.build({
    entryPoints: [path.join(root, 'scripts/bench/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    alias: { 'web-tree-sitter': path.join(root, 'node_modules/web-tree-sitter/web-tree-sitter.cjs') },
    logLevel: 'warning',
  })
  const venv = await pythonEnvironment()
  if (!venv.ok) throw new Error(`${venv.reason}; ${venv.remedy}`)
  const { code } = await run(process.execPath, [outfile, venv.python, ...process.argv.slice(2)], { stream: true })
  process.exitCode = code ?? 1
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
