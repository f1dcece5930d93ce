// Starts the web VS Code of codeServer.mjs on a loopback port and tells the address. Both `npm start` and the
// end-to-end suite use it; the suite alone may go without token and trust.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { cleanEnvironment, tail } from './shell.mjs'

/**
 * @typedef {object} ServerOptions
 * @property {string} dataDirectory Settings, logs and extensions of this server; nothing else is touched.
 * @property {Record<string, unknown>} [settings] User settings to begin with.
 * @property {Record<string, unknown>} [machineSettings] Settings of the server's machine, such as paths.
 * @property {string} [token] Connection token; without it anybody on this machine could connect.
 * @property {boolean} [trust] Workspace trust, on unless false.
 * @property {boolean} [testDriver] Lets the page run extension tests.
 * @property {Record<string, string>} [env] Further environment of the extension host.
 * @property {string} [logFile]
 */

/** @typedef {{ port: number, exited: Promise<void>, stop: () => Promise<void> }} VsCodeServer */

/**
 * @param {import('./codeServer.mjs').CodeServer} installed
 * @param {ServerOptions} options
 * @returns {Promise<VsCodeServer>}
 */
export async function startVsCodeServer(installed, options) {
  const { dataDirectory } = options
  for (const [name, settings] of Object.entries({ User: options.settings, Machine: options.machineSettings })) {
    if (settings === undefined) continue
    fs.mkdirSync(path.join(dataDirectory, 'data', name), { recursive: true })
    fs.writeFileSync(path.join(dataDirectory, 'data', name, 'settings.json'), JSON.stringify(settings, null, 2))
  }
  const args = [installed.serverMain, '--host', '127.0.0.1', '--port', '0', '--server-data-dir', dataDirectory]
  args.push('--accept-server-license-terms', '--telemetry-level', 'off')
  if (options.token === undefined) args.push('--without-connection-token')
  else args.push('--connection-token-file', writeToken(dataDirectory, options.token))
  if (options.trust === false) args.push('--disable-workspace-trust')
  if (options.testDriver) args.push('--enable-smoke-test-driver')

  const child = spawn(installed.node, args, { env: cleanEnvironment(options.env), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const log = options.logFile === undefined ? undefined : fs.createWriteStream(options.logFile)
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      // Only the start is needed here, for the port; a long session must not fill the memory.
      if (output.length < 100_000) output += chunk
      log?.write(chunk)
    })
  }
  /** @type {Promise<void>} */
  const exited = new Promise(resolve => child.once('close', () => resolve()))
  const port = await new Promise((resolve, reject) => {
    const find = () => {
      const match = /Server bound to 127\.0\.0\.1:(\d+)/.exec(output)
      if (match) resolve(Number(match[1]))
    }
    child.stdout.on('data', find)
    child.once('error', reject)
    child.once('close', () => reject(new Error(`VS Code's server did not start: ${tail(output)}`)))
  })
  const stop = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await exited
    clearTimeout(timer)
    log?.end()
  }
  return { port, exited, stop }
}

/**
 * In a file that only its owner reads: the arguments of a process are there for every user of the machine to see.
 * @param {string} dataDirectory
 * @param {string} token
 */
function writeToken(dataDirectory, token) {
  const file = path.join(dataDirectory, 'connection-token')
  fs.mkdirSync(dataDirectory, { recursive: true })
  fs.rmSync(file, { force: true })
  fs.writeFileSync(file, token, { mode: 0o600 })
  return file
}

/** Settings that keep everything else of VS Code out of the way: no welcome page, chat, update checks or hints. */
export const quietSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.showReleaseNotes': false,
  'window.commandCenter': false,
  'workbench.enableExperiments': false,
  'workbench.layoutControl.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
}

/**
 * Address of the page that shows `folder`.
 * @param {number} port
 * @param {string} folder
 * @param {{ token?: string, extension?: string, tests?: string }} [options] Folders and files of this machine.
 */
export function pageAddress(port, folder, options = {}) {
  const address = new URL(`http://127.0.0.1:${port}/`)
  if (options.token !== undefined) address.searchParams.set('tkn', options.token)
  address.searchParams.set('folder', folder)
  const remote = `vscode-remote://127.0.0.1:${port}`
  const payload = []
  if (options.extension !== undefined) payload.push(['extensionDevelopmentPath', remote + options.extension])
  if (options.tests !== undefined) payload.push(['extensionTestsPath', remote + options.tests])
  if (payload.length > 0) address.searchParams.set('payload', JSON.stringify(payload))
  return address.href
}
