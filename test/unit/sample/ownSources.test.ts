// The whole project's own sources, the sample's programs and the benchmarks among them, produce no finding.

import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { analyse } from '../../../server/engine'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { Session } from '../../../server/workspace/session'

test('the project itself is clean', { timeout: 60_000 }, async () => {
  const errors: unknown[] = []
  const session = new Session({
    prepare: () => loadGrammars(readGrammar),
    analyse,
    onError: error => errors.push(error),
  })
  // What git does not know: the checkpoints of the benchmark, builds, and copies of the sample.
  const exclude = ['**/.cache', '**/dist', '**/artefacts', '**/coverage']
  session.configure({ folders: [resolve(__dirname, '../../..')], exclude })
  const { analysis, snapshot } = await session.current()
  session.dispose()
  expect(errors).toEqual([])
  expect(analysis.broken).toEqual([])
  expect(snapshot.programs.length).toBeGreaterThan(20)
  expect(analysis.findings).toEqual([])
})
