// MLX for Node, which the sample's loader.ts runs against. The binary lies in the package, so its install script, which
// wants a download, is not run; the binary needs OpenBLAS and LAPACKE.
import fs from 'node:fs'
import path from 'node:path'
import { ensureDebianPackages } from './debian.mjs'
import { cache, cleanEnvironment, makeOnce, missing, run, tail } from './shell.mjs'

const version = '0.0.7'

/** @returns {Promise<{ ok: true, nodeModules: string, version: string } | import('./shell.mjs').Missing>} */
export async function frostMlx() {
  const directory = path.join(cache, 'frost')
  await ensureDebianPackages(['libopenblas0', 'liblapacke'])
  const trouble = await makeOnce(directory, `@frost-beta/mlx@${version}\n`, async () => {
    console.log(`Installing @frost-beta/mlx ${version}`)
    fs.writeFileSync(path.join(directory, 'package.json'), '{ "private": true }\n')
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@frost-beta/mlx@${version}`]
    const { code, output } = await run('npm', args, { cwd: directory, env: cleanEnvironment() })
    return code === 0 ? undefined : missing(`npm install failed: ${tail(output, 3)}`, `npm ${args.join(' ')}`)
  })
  if (trouble !== undefined) return trouble
  const probe = await run(process.execPath, ['-e', "require('@frost-beta/mlx').core.zeros([1])"], { cwd: directory })
  if (probe.code === 0) return { ok: true, nodeModules: path.join(directory, 'node_modules'), version }
  return missing(`@frost-beta/mlx does not load here: ${tail(probe.output, 8)}`, 'install libopenblas0 and liblapacke')
}
