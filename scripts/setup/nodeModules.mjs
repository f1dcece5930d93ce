// The packages that package-lock.json names. They are compared by version, not by date: a checkout gives every file a
// new date, and `npm ci` takes half a minute.
import fs from 'node:fs'
import path from 'node:path'
import { cleanEnvironment, root, run } from './shell.mjs'

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, link?: boolean }} LockEntry */

/** @param {string} file @returns {Record<string, LockEntry> | undefined} */
function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** True where node_modules holds every package of the lock file in its version. */
export function nodeModulesAreCurrent() {
  const wanted = readPackages(path.join(root, 'package-lock.json'))
  const installed = readPackages(path.join(root, 'node_modules/.package-lock.json'))
  if (wanted === undefined || installed === undefined) return false
  return Object.entries(wanted).every(
    ([folder, entry]) => folder === '' || entry.optional === true || installed[folder]?.version === entry.version,
  )
}

/**
 * True where node_modules is a link. Its packages then belong to another checkout, perhaps to several, and `npm ci`
 * would empty the folder behind the link for all of them.
 */
function nodeModulesAreShared() {
  return fs.lstatSync(path.join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true
}

/** Runs `npm ci` where it is needed. Nothing works without these packages, so a failure ends the script. */
export async function ensureNodeModules() {
  if (nodeModulesAreCurrent()) return
  if (nodeModulesAreShared()) {
    console.warn('node_modules is a link and differs from package-lock.json; it is left as it is.')
    return
  }
  console.log('Installing the packages of package-lock.json (npm ci)')
  const { code } = await run('npm', ['ci', '--no-audit', '--no-fund'], { stream: true, env: cleanEnvironment() })
  if (code !== 0) {
    console.error('npm ci failed; its messages are above.')
    process.exit(1)
  }
}
