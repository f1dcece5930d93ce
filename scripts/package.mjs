// Packages tensorlint.vsix from a finished build and compares what is in it with test/package-files.txt, so that
// nothing ships by accident and nothing needed is left out. `--update` rewrites that list.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run, tail } from './setup/shell.mjs'

const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce')
const listFile = path.join(root, 'test/package-files.txt')

/** Where `npm start` and `npm run package` leave the extension. */
export const vsixFile = path.join(root, 'tensorlint.vsix')

/** Writes tensorlint.vsix; throws with vsce's own words where it fails. */
export async function packageExtension() {
  const args = [vsce, 'package', '--no-dependencies', '--allow-missing-repository', '--skip-license', '--out', vsixFile]
  const { code, output } = await run(process.execPath, args)
  if (code !== 0) throw new Error(`vsce package failed:\n${tail(output)}`)
}

/** The files that the package holds, sorted. */
async function packagedFiles() {
  const { code, output } = await run(process.execPath, [vsce, 'ls', '--no-dependencies'])
  if (code !== 0) throw new Error(`vsce ls failed:\n${tail(output)}`)
  return output.trim().split(/\r?\n/).sort()
}

async function main() {
  await packageExtension()
  const files = await packagedFiles()
  if (process.argv.includes('--update')) {
    fs.writeFileSync(listFile, `${files.join('\n')}\n`)
    return
  }
  const expected = fs.readFileSync(listFile, 'utf8').trim().split('\n')
  const extra = files.filter(file => !expected.includes(file))
  const absent = expected.filter(file => !files.includes(file))
  for (const file of extra) console.error(`${file} is in the package, but not in test/package-files.txt`)
  for (const file of absent) console.error(`${file} is in test/package-files.txt, but not in the package`)
  if (extra.length + absent.length > 0) process.exitCode = 1
  const megabytes = (fs.statSync(vsixFile).size / 1e6).toFixed(1)
  console.log(`tensorlint.vsix: ${files.length} files, ${megabytes} MB`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
