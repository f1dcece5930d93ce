// A world whose engine is as simple as it can be: every line of a source with the word BROKEN in it is a finding, with a
// safe fix that mends the word. It lets the shell be tested without the rules.

import type { Analysis, Snapshot } from '../../server/engine'
import type { World } from '../../server/lsp/context'
import type { Finding, VerifyReport } from '../../server/protocol'

export function fakeFindings({ programs, models }: Snapshot): Finding[] {
  return programs.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, number): Finding[] => {
      const character = line.indexOf('BROKEN')
      if (character < 0) return []
      const range = { start: { line: number, character }, end: { line: number, character: character + 6 } }
      const shard = models[0]?.shards[0]
      const tensor = shard && shard.tensors.count > 0 ? shard.tensors.nameAt(0) : undefined
      return [
        {
          rule: 'broken-word',
          severity: 'error',
          path,
          range,
          message: 'the word is BROKEN, expected WHOLE',
          tensors: tensor === undefined ? [] : [tensor],
          because: shard ? [{ path: shard.path, range: zero, message: `${tensor} is stored so`, tensor }] : [],
          fixes: [
            { title: 'Mend the word', kind: 'safe', edits: [{ path, range, newText: 'WHOLE' }] },
            { title: 'Drop the word', kind: 'needs-a-look', edits: [{ path, range, newText: '' }] },
          ],
        },
      ]
    }),
  )
}

const zero = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }

export function fakeAnalysis(snapshot: Snapshot, more: Partial<Analysis> = {}): Analysis {
  return {
    facts: { models: snapshot.models, configs: [], runs: [], bundles: [], deliveries: [] },
    findings: fakeFindings(snapshot),
    sites: () =>
      snapshot.programs.flatMap(({ path, text }) =>
        text.includes('SITE')
          ? [
              {
                path,
                range: zero,
                models: snapshot.models.map(m => m.path),
                modules: new Set(['model.layers.0.q', 'model.layers.0.k']),
              },
            ]
          : [],
      ),
    understood: snapshot.programs.length,
    unknown: [],
    verify: model =>
      model.shards.map(shard => ({ module: 'proj', path: shard.path, skipped: 'nothing decodes in this world' })),
    broken: [],
    ...more,
  }
}

export const skippedReport: VerifyReport = {
  version: 1,
  engine: 'builtin',
  mlxVersion: null,
  modules: [],
}

export function fakeWorld(more: Partial<World> = {}): World {
  return {
    version: '0.0.1-test',
    analyse: snapshot => fakeAnalysis(snapshot),
    verify: async (items, { onProgress }) => {
      items.forEach((item, i) => onProgress(i + 1, items.length, item.module))
      return {
        ...skippedReport,
        modules: items.map(({ module, path }) => ({
          module,
          path,
          status: 'skipped',
          error: null,
          shape: null,
          dtype: null,
          sha256: null,
          min: null,
          max: null,
          mean: null,
          nan: null,
          inf: null,
          ms: 0,
        })),
      }
    },
    ...more,
  }
}
