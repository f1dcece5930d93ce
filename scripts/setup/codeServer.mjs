// A real VS Code without a download page: the npm package code-server ships VS Code's server and its web workbench. It
// is some 620 MB, so it has a folder of its own and is installed when first needed. Installing it compiles native
// modules with the Node that npm runs on, which must be Node 24; the npm package node@24 brings that, and the server
// runs on it too.
import fs from 'node:fs'
import path from 'node:path'
import { ensureDebianPackages } from './debian.mjs'
import { cache, cleanEnvironment, makeOnce, missing, run, secondsSince, tail } from './shell.mjs'

const version = '4.139.1'
const nodeVersion = '24'

/** @typedef {{ ok: true, node: string, serverMain: string }} CodeServer */

/** @returns {Promise<CodeServer | import('./shell.mjs').Missing>} */
export async function codeServer() {
  if (process.platform === 'win32') return missing('code-server is not made for Windows', 'use an installed VS Code')
  const nodeFolder = path.join(cache, 'node24')
  const nodeBin = path.join(nodeFolder, 'node_modules/node/bin')
  const directory = path.join(cache, 'code-server')
  const platform = `${process.platform}-${process.arch}`

  const noNode = await makeOnce(nodeFolder, `node@${nodeVersion} ${platform}\n`, () =>
    install(nodeFolder, `node@${nodeVersion}`),
  )
  if (noNode !== undefined) return noNode
  const noServer = await makeOnce(directory, `code-server@${version} ${platform}\n`, async () => {
    await ensureDebianPackages(['libkrb5-dev', 'g++', 'make'])
    return install(directory, `code-server@${version}`, nodeBin)
  })
  if (noServer !== undefined) return noServer
  const serverMain = path.join(directory, 'node_modules/code-server/lib/vscode/out/server-main.js')
  return { ok: true, node: path.join(nodeBin, 'node'), serverMain }
}

/**
 * @param {string} directory
 * @param {string} name
 * @param {string} [nodeBin] Folder of the Node that npm and the package's own scripts are to run on.
 */
async function install(directory, name, nodeBin) {
  const start = Date.now()
  console.log(`Installing ${name} (once, some minutes)`)
  fs.writeFileSync(path.join(directory, 'package.json'), '{ "private": true }\n')
  const searchPath = nodeBin === undefined ? process.env.PATH : `${nodeBin}${path.delimiter}${process.env.PATH}`
  const env = cleanEnvironment({ PATH: searchPath })
  const { code, output } = await run('npm', ['install', '--no-audit', '--no-fund', name], { cwd: directory, env })
  if (code !== 0)
    return missing(`npm install ${name} failed: ${tail(output, 5)}`, 'it needs a compiler and libkrb5-dev')
  console.log(`Installed ${name} in ${secondsSince(start)}`)
  return undefined
}
