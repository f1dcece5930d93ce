// The real parts that a server is made of: the engine, the grammars, the worker, this package's version. Tests put others in
// their place; the command line has parts of its own (cli/world.ts).

import { analyse, rehearse } from './engine'
import { version } from '../package.json'
import type { World } from './lsp/context'
import { loadGrammars } from './source/grammars'
import { readGrammar } from './workspace/grammarFiles'
import { rulePage } from './workspace/rulePages'

export const world: World = {
  version,
  rulePage,
  prepare: () => loadGrammars(readGrammar),
  analyse,
  rehearse,
  // Only who verifies pays for the worker's protocol.
  verify: async (items, run) => (await import('./verifier')).verifyItems(items, run),
}
