#!/usr/bin/env node
// Runs the command line from a checkout of this repository, which holds sources and no bundles: action.yml and
// .pre-commit-hooks.yaml start it. The first run installs the packages and builds, which takes about a minute and needs
// the network; later runs of the same checkout start at once. Arguments are those of `tensorlint`.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const cli = path.join(root, 'dist/cli.js')

/**
 * Standard output belongs to the report, so what the build prints goes to standard error.
 * @param {string} command @param {string[]} args
 */
function build(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status === 0) return
  console.error(`tensorlint: ${[command, ...args].join(' ')} failed${error ? `: ${error.message}` : ''}`)
  process.exit(2)
}

if (!fs.existsSync(cli)) {
  // The grammars' install scripts compile native modules that nothing here uses.
  if (!fs.existsSync(path.join(root, 'node_modules')))
    build('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
  build('node', ['esbuild.js'])
}
const { status } = spawnSync(process.execPath, [cli, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exitCode = status ?? 2
