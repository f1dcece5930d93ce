// The command line's process entry. Compiling its code takes longer than checking most checkpoints, so what V8 made of it is
// kept: beside it by the build, for the Node that built it, or by Node itself (22.1 and later) where it can.

import { readFileSync, writeFileSync } from 'node:fs'
import nodeModule from 'node:module'
import { join } from 'node:path'
import { constants, Script } from 'node:vm'

/** Which of the two is to be kept: set by the build, which runs a check for the sake of what it compiles. */
const toKeep = process.env.TENSORLINT_KEEP_COMPILED
const pathOf = (name: string) => join(__dirname, `${name}.js`)
const keptOf = (name: string) => join(__dirname, `${name}-${process.version}-${process.platform}-${process.arch}.cache`)
const nodeRequire = nodeModule.createRequire(pathOf('cliMain'))

start()

function start(): void {
  const kept = readKept('cliMain')
  if (toKeep !== undefined || kept) return void runScript('cliMain', kept)
  const { enableCompileCache } = nodeModule as { enableCompileCache?: () => unknown }
  enableCompileCache?.()
  nodeRequire('./cliMain.js')
}

/** What `cliMain.js` is given to load others with. */
function requireKept(name: string): unknown {
  return name === './cliMore.js' ? runScript('cliMore', readKept('cliMore')) : nodeRequire(name)
}

/** Runs a file of the build (scripts/setup/commandLine.mjs) as a script: what it exports. */
function runScript(name: string, cachedData: Buffer | undefined): unknown {
  const filename = pathOf(name)
  const source = readFileSync(filename, 'latin1')
  // Node before 20.12 has none.
  const importModuleDynamically = (constants as typeof constants | undefined)?.USE_MAIN_CONTEXT_DEFAULT_LOADER
  const script = new Script(source, { filename, cachedData, importModuleDynamically })
  // What Node gives a module. The text is run as it is, since to put it between other text is to copy it twice.
  const shared = globalThis as { tensorlintModule?: readonly unknown[] }
  const module = { exports: {} }
  shared.tensorlintModule = [requireKept, filename, __dirname, module]
  script.runInThisContext()
  delete shared.tensorlintModule
  if (toKeep === name) process.on('exit', () => writeFileSync(keptOf(name), script.createCachedData()))
  return module.exports
}

function readKept(name: string): Buffer | undefined {
  if (toKeep !== undefined) return undefined
  try {
    return readFileSync(keptOf(name))
  } catch {
    return undefined
  }
}
