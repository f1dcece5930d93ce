// System packages, installed only where that needs no question: as root, on Debian and its relatives. Everywhere else
// the callers look for the program itself and say what is missing.
import fs from 'node:fs'
import { run } from './shell.mjs'

let listsAreFresh = false

/**
 * Installs those of the packages that are not installed. False where that is not for us to do, or did not work.
 * @param {readonly string[]} names
 */
export async function ensureDebianPackages(names) {
  if (!canInstall()) return false
  const absent = []
  for (const name of names) {
    const status = await run('dpkg-query', ['-W', '-f=${Status}', name])
    if (!status.output.includes('install ok installed')) absent.push(name)
  }
  if (absent.length === 0) return true
  console.log(`Installing ${absent.join(', ')} (apt-get)`)
  if (await install(absent)) return true
  if (listsAreFresh) return false
  listsAreFresh = (await run('apt-get', ['update'])).code === 0
  return install(absent)
}

function canInstall() {
  return process.platform === 'linux' && process.getuid?.() === 0 && fs.existsSync('/usr/bin/apt-get')
}

/** @param {readonly string[]} names */
async function install(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return (await run('apt-get', ['install', '-y', '--no-install-recommends', ...names], { env })).code === 0
}
