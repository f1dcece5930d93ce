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
  const source = readFileSync(main, 'latin1')
  // Node before 20.12 has none.
  const importModuleDynamically = (constants as typeof constants | undefined)?.USE_MAIN_CONTEXT_DEFAULT_LOADER
  const script = new Script(source, { filename: main, cachedData, importModuleDynamically })
  // What Node gives a module; esbuild.js says where it is asked for. The text is run as it is, since to put it between other
  // text is to copy it twice.
  const shared = globalThis as { tensorlintModule?: readonly unknown[] }
  shared.tensorlintModule = [nodeModule.createRequire(main), main, __dirname, { exports: {} }]
  script.runInThisContext()
  delete shared.tensorlintModule
  if (isBuild) process.on('exit', () => writeFileSync(kept, script.createCachedData()))
}

function readKept(): Buffer | undefined {
  try {
    return readFileSync(kept)
  } catch {
    return undefined
  }
}
