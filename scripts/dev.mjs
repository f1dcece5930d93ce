// `npm run dev`: builds on every change and checks the types beside it, until Ctrl-C.
import { spawn } from 'node:child_process'
import { root } from './setup/shell.mjs'

const watchers = [
  ['esbuild.js', '--watch'],
  ['node_modules/typescript/bin/tsc', '--noEmit', '--watch', '--preserveWatchOutput'],
]
for (const args of watchers) spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
