// Packages tensorlint.vsix; vsce builds first (`vscode:prepublish`). What belongs in it is compared by packageFiles.ts.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run, tail } from './setup/shell.mjs'

/** Where `npm start` and `npm run package` leave the extension. */
export const vsixFile = path.join(root, 'tensorlint.vsix')

/** Writes tensorlint.vsix; throws with vsce's own words where it fails. */
export async function packageExtension() {
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce')
  const options = ['--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '--skip-license']
  const args = [vsce, 'package', ...options, '--out', vsixFile]
  const { code, output } = await run(process.execPath, args)
  if (code !== 0) throw new Error(`vsce package failed:\n${tail(output)}`)
  console.log(`tensorlint.vsix: ${(fs.statSync(vsixFile).size / 1e6).toFixed(1)} MB`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await packageExtension()
