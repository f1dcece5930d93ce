// The real parts that a server and a command line are made of: the engine, the grammars, the worker, this package's version.
// Tests put others in their place.

import { join } from 'node:path'
import { analyse } from './engine'
import packageJson from '../package.json'
import type { World } from './lsp/context'
import { loadGrammars } from './source/grammars'
import { readGrammar } from './workspace/grammarFiles'
import { rulePage } from './workspace/rulePages'
import { fileSource } from './workspace/nodeFiles'

export const world: World = {
  version: packageJson.version,
  rulePage,
  prepare: () => loadGrammars(readGrammar),
  analyse,
  verify: async (items, run) => {
    // Only who verifies pays for the worker's protocol.
    const [{ verifyModules }, { runBuiltin }] = await Promise.all([
      import('./worker/verify'),
      import('./worker/builtin'),
    ])
    return verifyModules(items, {
      ...run,
      workerScript: join(__dirname, 'python', 'worker.py'),
      open: fileSource,
      runBuiltin,
    })
  },
}
