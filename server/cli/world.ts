// The real parts that the command line is made of. What follows programs is loaded where there are some: a check of a large
// checkpoint alone takes little longer than to load all of it.

import { version } from '../../package.json'
import { judge } from '../judge'
import type { World } from '../lsp/context'
import { loadGrammars } from '../source/grammars'
import { readGrammar } from '../workspace/grammarFiles'
import { rulePage } from '../workspace/rulePages'

/** With the interpreter, where it is loaded. */
let analyseAll: World['analyse'] | undefined

export const world: World = {
  version,
  rulePage,
  prepare: async () => {
    analyseAll = (await import('./more')).analyse
    await loadGrammars(readGrammar)
  },
  analyse: snapshot => {
    if (analyseAll) return analyseAll(snapshot)
    if (snapshot.programs.length > 0) throw new Error('programs were read before anything was prepared')
    return judge(snapshot, { runs: [], bundles: [], broken: [] })
  },
  verify: async (items, run) => (await import('./more')).verifyItems(items, run),
}
