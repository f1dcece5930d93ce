// `npm start [-- PATH] [-- --no-open]`: from a fresh clone to Tensorlint at work on a folder. Sets itself up, builds,
// generates the sample where no folder is given, prints the diagnosis, packages tensorlint.vsix, and opens VS Code:
// an installed one if there is one, else VS Code in the browser. `--no-open` stops after the package.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { packageExtension, vsixFile } from './package.mjs'
import { codeServer } from './setup/codeServer.mjs'
import { ensureNodeModules } from './setup/nodeModules.mjs'
import { cache, findProgram, root, run } from './setup/shell.mjs'
import { pageAddress, quietSettings, startVsCodeServer } from './setup/vscodeServer.mjs'

/** Runs one of the project's own scripts, and ends this one where that fails. @param {string[]} args */
async function step(...args) {
  const { code } = await run(process.execPath, args, { stream: true })
  if (code !== 0) throw new Error(`node ${args.join(' ')} failed`)
}

/** The sample is written anew each time: what a person fixed in it is broken again. */
async function writeSample() {
  const folder = path.join(cache, 'sample')
  fs.rmSync(folder, { recursive: true, force: true })
  await step('--import', 'tsx', 'scripts/sample/main.ts', folder)
  return folder
}

/** @param {string} folder */
async function openInstalled(folder) {
  const { code } = await run('code', ['--new-window', `--extensionDevelopmentPath=${root}`, folder], { stream: true })
  return code === 0
}

/** @param {string} folder */
async function serveInBrowser(folder) {
  console.log('There is no `code` on PATH, so VS Code is served in the browser.')
  const installed = await codeServer()
  if (!installed.ok) throw new Error(`VS Code cannot be served: ${installed.reason}. ${installed.remedy}`)
  const token = randomBytes(24).toString('hex')
  // A data folder of its own keeps this apart from every other VS Code; what the user sets there stays until the next build of .cache.
  const dataDirectory = path.join(cache, 'vscode-data')
  const settings = fs.existsSync(dataDirectory) ? undefined : { ...quietSettings }
  await installExtension(installed, dataDirectory)
  const server = await startVsCodeServer(installed, { dataDirectory, token, settings })
  const address = pageAddress(server.port, folder, { token })
  console.log(`\nVS Code with Tensorlint on ${folder}:\n\n  ${address}\n\nCtrl-C ends it.`)
  openBrowser(address)
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => void server.stop())
  await server.exited
}

/** @param {import('./setup/codeServer.mjs').CodeServer} installed @param {string} dataDirectory */
async function installExtension(installed, dataDirectory) {
  const args = [installed.serverMain, '--server-data-dir', dataDirectory, '--accept-server-license-terms']
  const { code, output } = await run(installed.node, [...args, '--install-extension', vsixFile, '--force'])
  if (code !== 0) throw new Error(`The extension could not be installed:\n${output}`)
}

/** Opens the address where there is a program for that; where not, it has been printed. @param {string} address */
function openBrowser(address) {
  if (process.platform === 'darwin') void run('open', [address])
  else if (findProgram('xdg-open') !== undefined && (process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY))
    void run('xdg-open', [address])
}

async function main() {
  const args = process.argv.slice(2)
  const unknown = args.find(arg => arg.startsWith('-') && arg !== '--no-open')
  if (unknown !== undefined) throw new Error(`Unknown option ${unknown}. Use: npm start -- [PATH] [--no-open]`)
  const given = args.find(arg => !arg.startsWith('-'))
  if (given !== undefined && !fs.existsSync(given)) throw new Error(`There is no ${given}`)
  await ensureNodeModules()
  await step('esbuild.js')
  const folder = given === undefined ? await writeSample() : path.resolve(given)
  console.log(`\nDiagnosis of ${folder}:\n`)
  // Exit code 1 means that it found something, which is what the sample is for.
  const diagnosis = await run(process.execPath, ['dist/cli.js', 'check', folder], { stream: true })
  if (diagnosis.code !== 0 && diagnosis.code !== 1) console.log('The diagnosis did not run to its end.')
  await packageExtension()
  console.log(`\nThe extension is in ${vsixFile} (code --install-extension ${path.basename(vsixFile)}).`)
  if (args.includes('--no-open')) return
  if (findProgram('code') !== undefined && (await openInstalled(folder))) return
  await serveInBrowser(folder)
}

main().catch(error => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
