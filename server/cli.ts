// The command line's process entry. Compiling its code takes longer than checking most checkpoints, so what V8 made of it is
// kept: beside it by the build, for the Node that built it, or by Node itself (22.1 and later) where it can.

import { readFileSync, writeFileSync } from 'node:fs'
import nodeModule from 'node:module'
import { join } from 'node:path'
import { constants, Script } from 'node:vm'

/** Set by the build, which runs a check for the sake of what it compiles. */
const isBuild = process.env.TENSORLINT_KEEP_COMPILED === '1'
const main = join(__dirname, 'cliMain.js')
const kept = join(__dirname, `cliMain-${process.version}-${process.platform}-${process.arch}.cache`)

start()

function start(): void {
  const cachedData = isBuild ? undefined : readKept()
  if (!isBuild && !cachedData) {
    const { enableCompileCache } = nodeModule as { enableCompileCache?: () => unknown }
    enableCompileCache?.()
    nodeModule.createRequire(main)(main)
    return
  }
  const head = '(function (require, __filename, __dirname, module, exports) {'
  const source = `${head}${readFileSync(main, 'latin1')}\n})`
  // Node before 20.12 has none.
  const importModuleDynamically = (constants as typeof constants | undefined)?.USE_MAIN_CONTEXT_DEFAULT_LOADER
  const script = new Script(source, { filename: main, columnOffset: -head.length, cachedData, importModuleDynamically })
  const module = { exports: {} }
  const run = script.runInThisContext() as (...given: unknown[]) => void
  run(nodeModule.createRequire(main), main, __dirname, module, module.exports)
  if (isBuild) process.on('exit', () => writeFileSync(kept, script.createCachedData()))
}

function readKept(): Buffer | undefined {
  try {
    return readFileSync(kept)
  } catch {
    return undefined
  }
}
